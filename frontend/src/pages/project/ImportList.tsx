// Imports that this tab started, above the series they will become.

import { asApiError } from "../../protocol/errors";
import { counted, fileSize } from "../../state/format";
import { cancelImport, forgetImport, retryImport } from "../../state/imports/effects";
import { bytesSent, type ImportTask, imports, isMoving } from "../../state/imports/store";
import { Button, IconButton, LinkButton } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { Icon, type IconName } from "../../ui/icons";
import { ProgressBar } from "../../ui/ProgressBar";
import { routePath } from "../../ui/router";
import { showToast } from "../../ui/Toast";

export function ImportList({ project }: { project: string }) {
  const here = imports.value.filter((task) => task.project === project);
  if (here.length === 0) return null;
  return (
    <ul class="panel import-list" aria-label="Imports">
      {here.map((task) => (
        <ImportRow key={task.id} task={task} />
      ))}
    </ul>
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
  const failures = task.files.filter((file) => file.error !== null);
  return (
    <li class={`import ${task.state}`}>
      <Icon name={icons[task.state]} />
      <div class="import-text">
        <strong>{task.name}</strong>
        <span class="muted">{stepOf(task)}</span>
      </div>
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
      {task.error !== null && (
        <div class="import-errors">
          {failures.length === 0 && <ErrorNote message={task.error} />}
          {failures.map((failure) => (
            <ErrorNote key={failure.file.name} message={blaming(failure.file.name, failure.error ?? "")} />
          ))}
        </div>
      )}
    </li>
  );
}

/** The server names the file that it refuses; a broken connection does not. */
function blaming(name: string, message: string): string {
  return message.includes(name) ? message : `${name}: ${message}`;
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
      return "Nothing was imported";
    case "cancelled":
      return "Cancelled, nothing was imported";
  }
}
