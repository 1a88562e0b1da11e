// The files of one import, each with its state and what can be done about it.

import { thumbnailUrl } from "../../protocol/addresses";
import { asApiError } from "../../protocol/errors";
import { fileSize } from "../../state/format";
import { leaveOut, pauseFile, resumeFile, retryImport } from "../../state/imports/effects";
import { fileStatus } from "../../state/imports/status";
import type { ImportFile, ImportTask } from "../../state/imports/store";
import { Button, IconButton } from "../../ui/Button";
import { ProgressBar } from "../../ui/ProgressBar";
import { showToast } from "../../ui/Toast";
import { ImportThumbnail } from "./ImportThumbnail";

export function ImportFiles({ task }: { task: ImportTask }) {
  return (
    <ul class="import-files" aria-label={`Files of ${task.name}`}>
      {task.files.map((file, index) => (
        <FileRow key={file.key} task={task} file={file} index={index} />
      ))}
    </ul>
  );
}

function FileRow({ task, file, index }: { task: ImportTask; file: ImportFile; index: number }) {
  const status = fileStatus(task, index);
  return (
    <li class={`import-file ${status.tone}`}>
      <ImportThumbnail file={file.file} imported={frameOf(task, index)} />
      <span class="import-file-name" title={file.file.name}>
        {file.file.name}
      </span>
      <span class="muted import-file-size">{fileSize(file.file.size)}</span>
      <span class="import-file-state">
        <span>{status.words}</span>
        {status.progress !== undefined && <ProgressBar label={file.file.name} value={status.progress} />}
      </span>
      <span class="import-file-actions">
        <Actions task={task} file={file} />
      </span>
    </li>
  );
}

function Actions({ task, file }: { task: ImportTask; file: ImportFile }) {
  const name = file.file.name;
  const drop = () =>
    leaveOut(task.id, file.key).catch((cause) => showToast("danger", asApiError(cause).message));
  const several = task.files.length > 1;
  if (task.state === "failed" && file.error !== null) {
    return (
      <>
        <Button icon="refresh" onClick={() => retryImport(task.id)}>
          Try again
        </Button>
        {several && <IconButton icon="trash" label={`Leave ${name} out of the series`} onClick={drop} />}
      </>
    );
  }
  if (task.state !== "uploading") return null;
  return (
    <>
      {file.upload === null && file.error === null && (
        <IconButton
          icon={file.paused ? "play" : "pause"}
          label={file.paused ? `Go on with ${name}` : `Pause ${name}`}
          onClick={() => (file.paused ? resumeFile : pauseFile)(task.id, file.key)}
        />
      )}
      {several && <IconButton icon="trash" label={`Leave ${name} out of the series`} onClick={drop} />}
    </>
  );
}

/** Where each file is one frame: the frame; else the first one stands for the file. */
function frameOf(task: ImportTask, index: number): string | undefined {
  const series = task.job?.result.series;
  if (task.state !== "done" || series === undefined) return undefined;
  return thumbnailUrl(series, task.files.length > 1 ? index : 0);
}
