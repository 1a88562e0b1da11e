// Exports one version as a dataset.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { downloadUrl } from "../../protocol/addresses";
import { asApiError } from "../../protocol/errors";
import type { ExportFormat, Job } from "../../protocol/rest";
import { fileSize } from "../../state/format";
import { Button, LinkButton } from "../../ui/Button";
import { Checkbox } from "../../ui/Checkbox";
import { Dialog } from "../../ui/Dialog";
import { ErrorNote } from "../../ui/ErrorNote";
import { exportFormats } from "../../ui/ExportDialog";
import { ProgressBar } from "../../ui/ProgressBar";
import { useView, useWorkspace } from "./workspace";

export function ExportDialog({ onClose }: { onClose: () => void }) {
  const { session } = useWorkspace();
  const past = useView((state) => state.past?.version ?? null);
  const head = useView((state) => state.serverHead);
  const unsaved = useView((state) => state.pending.length);
  const chosen = useSignal<readonly ExportFormat[]>(["coco", "labels"]);
  const job = useSignal<Job | null>(null);
  const failure = useSignal<string | null>(null);
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const version = past ?? head;
  const running = job.value !== null && (job.value.state === "queued" || job.value.state === "running");
  const start = async () => {
    failure.value = null;
    try {
      const done = await session.exportVersion(
        version,
        [...chosen.value],
        (news) => {
          job.value = news;
        },
        stop.current.signal,
      );
      if (done.state === "failed") failure.value = done.error?.message ?? "The export failed.";
    } catch (cause) {
      if (!stop.current.signal.aborted) failure.value = asApiError(cause).message;
    }
  };
  const toggle = (format: ExportFormat, checked: boolean) => {
    chosen.value = exportFormats
      .map(({ name }) => name)
      .filter((name) => (name === format ? checked : chosen.value.includes(name)));
  };
  const done = job.value?.state === "done" ? job.value : null;
  return (
    <Dialog
      title={`Export version ${version}`}
      onClose={onClose}
      onSubmit={start}
      footer={
        done === null ? (
          <>
            <Button onClick={onClose}>{running ? "Close, go on in the background" : "Cancel"}</Button>
            <Button type="submit" tone="primary" busy={running} disabled={chosen.value.length === 0}>
              Export
            </Button>
          </>
        ) : (
          <>
            <Button onClick={onClose}>Close</Button>
            <LinkButton
              href={downloadUrl(done.id)}
              tone="primary"
              icon="download"
              download={done.result.name ?? ""}
            >
              Download {fileSize(done.result.bytes ?? 0)}
            </LinkButton>
          </>
        )
      }
    >
      <p class="muted">
        {past === null ? "The present version" : "The version on screen"} of all frames, in one zip with a
        manifest. Exporting the same version again gives the same file.
      </p>
      {unsaved > 0 && past === null && (
        <p class="field-error">{unsaved} of your changes are not on the server yet and will be missing.</p>
      )}
      <div class="choices">
        {exportFormats.map(({ name: format, label, hint }) => (
          <Checkbox
            key={format}
            label={label}
            hint={hint}
            checked={chosen.value.includes(format)}
            disabled={running || done !== null}
            onValue={(checked) => toggle(format, checked)}
          />
        ))}
      </div>
      {running && <ProgressBar label="Export" value={job.value?.progress} />}
      {failure.value !== null && <ErrorNote message={failure.value} />}
    </Dialog>
  );
}
