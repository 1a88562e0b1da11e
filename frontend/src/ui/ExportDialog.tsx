// Exports one version of a series: formats, the job's progress, the download.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { downloadUrl } from "../protocol/addresses";
import { asApiError } from "../protocol/errors";
import type { ExportFormat, Job, Series } from "../protocol/rest";
import { fileSize } from "../state/format";
import { cancelJob, followJob, startExport } from "../state/jobs/effects";
import { isActive } from "../state/jobs/store";
import { useAction } from "./action";
import { Button, LinkButton } from "./Button";
import { Checkbox } from "./Checkbox";
import { Dialog } from "./Dialog";
import { ErrorNote } from "./ErrorNote";
import { ProgressBar } from "./ProgressBar";

export const exportFormats: readonly { name: ExportFormat; label: string; hint: string }[] = [
  { name: "coco", label: "COCO", hint: "Run-length masks of every object. Overlaps are kept." },
  {
    name: "labels",
    label: "Label images",
    hint: "One 16-bit TIFF stack and its phases as JSON. Where masks overlap, the upper one wins; the report counts the lost pixels.",
  },
  {
    name: "ctc",
    label: "Cell Tracking Challenge",
    hint: "A mask image per frame and the table of tracks; merges, splits and every other event as CSV.",
  },
  { name: "yolo", label: "YOLO segmentation", hint: "One text file of polygons per frame, for training." },
];

export interface ExportDialogProps {
  series: Pick<Series, "id" | "name" | "version">;
  /** Null: the newest. */
  version: number | null;
  /** What the export will lack. */
  warning?: string | undefined;
  onClose: () => void;
}

export function ExportDialog({ series, version, warning, onClose }: ExportDialogProps) {
  const chosen = useSignal<readonly ExportFormat[]>(["coco"]);
  const job = useSignal<Job | null>(null);
  const { busy, error, run } = useAction();
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);

  const start = async () => {
    await run(async () => {
      job.value = await startExport(series.id, version, [...chosen.value]);
      const show = (news: Job) => {
        job.value = news;
      };
      await followJob(job.value.id, show, stop.current.signal);
    });
  };
  const cancel = () => {
    const id = job.value?.id;
    if (id === undefined) return;
    cancelJob(id).catch((cause) => {
      error.value = asApiError(cause);
    });
  };
  const present = job.value;
  const done = present?.state === "done";
  const failure = error.value?.message ?? present?.error?.message;
  return (
    <Dialog
      title={`Export ${series.name}`}
      onClose={onClose}
      onSubmit={start}
      footer={
        <>
          <Button onClick={onClose}>{done ? "Done" : "Close"}</Button>
          {done ? (
            <LinkButton
              tone="primary"
              icon="download"
              href={downloadUrl(present.id)}
              download={present.result.name ?? ""}
            >
              Download {present.result.bytes === undefined ? "" : fileSize(present.result.bytes)}
            </LinkButton>
          ) : (
            <Button type="submit" tone="primary" busy={busy.value} disabled={chosen.value.length === 0}>
              Export
            </Button>
          )}
        </>
      }
    >
      <p class="muted">
        {version === null ? `The newest version (${series.version})` : `Version ${version}`}, accepted masks
        of all frames, as a zip with a manifest.
      </p>
      {warning !== undefined && <p class="field-error">{warning}</p>}
      <fieldset class="choices" disabled={busy.value || done}>
        <legend class="visually-hidden">Formats</legend>
        {exportFormats.map(({ name, label, hint }) => (
          <Checkbox
            key={name}
            label={label}
            hint={hint}
            checked={chosen.value.includes(name)}
            onValue={(checked) => {
              chosen.value = exportFormats
                .map((format) => format.name)
                .filter((one) => (one === name ? checked : chosen.value.includes(one)));
            }}
          />
        ))}
      </fieldset>
      {present !== null && isActive(present) && (
        <div>
          <span class="muted">{present.step || "Waiting for a worker"}</span>
          <ProgressBar
            label="export"
            value={present.state === "queued" ? undefined : present.progress}
            onCancel={cancel}
          />
        </div>
      )}
      {present?.state === "cancelled" && <p class="muted">The export was cancelled.</p>}
      {done && (
        <p role="status">
          The export is ready{present.result.name === undefined ? "" : `: ${present.result.name}`}.
        </p>
      )}
      {failure !== undefined && <ErrorNote message={failure} />}
    </Dialog>
  );
}
