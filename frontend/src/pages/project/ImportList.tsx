// Imports that this tab started, above the series they will become.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { thumbnailUrl } from "../../protocol/addresses";
import { asApiError } from "../../protocol/errors";
import { counted, fileSize } from "../../state/format";
import { cancelImport, forgetImport, loadUnfinished, retryImport } from "../../state/imports/effects";
import { bytesSent, type ImportTask, imports, isMoving } from "../../state/imports/store";
import { Button, IconButton, LinkButton } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { Icon, type IconName } from "../../ui/icons";
import { ProgressBar } from "../../ui/ProgressBar";
import { routePath } from "../../ui/router";
import { showToast } from "../../ui/Toast";
import { ImportFiles } from "./ImportFiles";
import { ImportThumbnail } from "./ImportThumbnail";
import { ImportTotal } from "./ImportTotal";
import { UnfinishedImports } from "./ImportUnfinished";

const SHOWN_AT_ONCE = 4;

export function ImportList({ project }: { project: string }) {
  useEffect(() => {
    void loadUnfinished(project);
  }, [project]);
  const here = imports.value.filter((task) => task.project === project);
  return (
    <>
      {here.length > 0 && (
        <section class="panel import-list">
          <ImportTotal project={project} />
          <ul aria-label="Imports">
            {here.map((task) => (
              <ImportRow key={task.id} task={task} />
            ))}
          </ul>
        </section>
      )}
      <UnfinishedImports />
    </>
  );
}

const icons: Record<ImportTask["state"], IconName> = {
  uploading: "upload",
  running: "film",
  done: "check",
  failed: "warning",
  cancelled: "close",
};

function ImportRow({ task }: { task: ImportTask }) {
  const cancel = () => cancelImport(task.id).catch((cause) => showToast("danger", asApiError(cause).message));
  const series = task.job?.result.series;
  const opened = useSignal(task.files.length <= SHOWN_AT_ONCE);
  const failures = task.files.filter((file) => file.error !== null);
  // Its own words stand at each file that the server refused.
  const unseen = task.error !== null && failures.length === 0;
  const shown = opened.value || failures.length > 0;
  const first = task.files[0];
  return (
    <li class={`import ${task.state}`}>
      <Icon name={icons[task.state]} />
      {first !== undefined && (
        <ImportThumbnail
          file={first.file}
          imported={task.state === "done" && series !== undefined ? thumbnailUrl(series) : undefined}
        />
      )}
      <div class="import-text">
        <strong>{task.name}</strong>
        <span class="muted">{stepOf(task)}</span>
      </div>
      <Button
        tone="quiet"
        icon={shown ? "chevron-up" : "chevron-down"}
        aria-expanded={shown}
        onClick={() => {
          opened.value = !shown;
        }}
      >
        {counted(task.files.length, "file")}
      </Button>
      {isMoving(task) ? (
        <ProgressBar label={`import of ${task.name}`} value={progressOf(task)} onCancel={cancel} />
      ) : (
        <div class="import-actions">
          {task.state === "done" && series !== undefined && (
            <LinkButton href={routePath({ page: "annotator", series, frame: undefined })}>Open</LinkButton>
          )}
          {(task.state === "failed" || task.state === "cancelled") && (
            <Button icon="refresh" onClick={() => retryImport(task.id)}>
              Try again
            </Button>
          )}
          <IconButton icon="close" label="Dismiss" onClick={() => forgetImport(task.id)} />
        </div>
      )}
      {unseen && (
        <div class="import-errors">
          <ErrorNote message={task.error ?? ""} />
        </div>
      )}
      {shown && <ImportFiles task={task} />}
    </li>
  );
}

function progressOf(task: ImportTask): number | undefined {
  if (task.state === "running") return task.job?.state === "queued" ? undefined : task.job?.progress;
  const { sent, total } = bytesSent(task);
  return total === 0 ? undefined : sent / total;
}

function stepOf(task: ImportTask): string {
  switch (task.state) {
    case "uploading": {
      const { sent, total } = bytesSent(task);
      const there = task.files.filter((file) => file.upload !== null).length;
      const files =
        task.files.length > 1
          ? `file ${Math.min(there + 1, task.files.length)} of ${task.files.length}, `
          : "";
      return `Sending ${files}${fileSize(sent)} of ${fileSize(total)}`;
    }
    case "running":
      return task.job?.step || (task.job?.state === "queued" ? "Waiting for a worker" : "Reading");
    case "done":
      return `Imported from ${counted(task.files.length, "file")}`;
    case "failed":
      return failures(task) ?? "Nothing was imported";
    case "cancelled":
      return "Cancelled, nothing was imported";
  }
}

function failures(task: ImportTask): string | null {
  const count = task.files.filter((file) => file.error !== null).length;
  return count === 0
    ? null
    : `Nothing was imported: ${count} of ${counted(task.files.length, "file")} could not be sent`;
}
