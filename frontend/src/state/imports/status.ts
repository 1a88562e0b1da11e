// What a file of an import is doing, in words. Pure.

import { percent } from "../format";
import type { ImportFile, ImportTask } from "./store";

export interface FileStatus {
  readonly words: string;
  readonly tone: "quiet" | "moving" | "good" | "bad";
  /** 0 to 1 while it is sent. */
  readonly progress?: number;
}

export function fileStatus(task: ImportTask, index: number): FileStatus {
  const file = task.files[index];
  if (file === undefined) return { words: "", tone: "quiet" };
  if (file.error !== null) return { words: file.error, tone: "bad" };
  if (task.state === "done") return { words: "Imported", tone: "good" };
  if (task.state === "running") return reading(task, index);
  if (task.state === "failed" && isBlamed(task, file)) return { words: "Could not be read", tone: "bad" };
  if (file.upload !== null)
    return { words: "On the server", tone: task.state === "failed" ? "quiet" : "good" };
  return sending(task, file);
}

/** The server's words name the file that they are about. */
const isBlamed = (task: ImportTask, file: ImportFile) =>
  task.job !== null && (task.files.length === 1 || (task.error?.includes(file.file.name) ?? false));

function sending(task: ImportTask, file: ImportFile): FileStatus {
  const progress = file.file.size === 0 ? 0 : file.sent / file.file.size;
  const at = percent(progress);
  if (task.state !== "uploading") {
    return { words: file.sent > 0 ? `Stopped at ${at}` : "Not sent", tone: "quiet" };
  }
  if (file.paused) return { words: `Paused at ${at}`, tone: "quiet", progress };
  if (file.waiting !== null) {
    return { words: `${file.waiting}; goes on by itself from ${at}`, tone: "quiet", progress };
  }
  if (!file.moving) return { words: file.sent > 0 ? `Waiting at ${at}` : "Waiting", tone: "quiet" };
  if (file.sent >= file.file.size) return { words: "Checking", tone: "moving", progress: 1 };
  return { words: `Sending, ${at}`, tone: "moving", progress };
}

/** The server reads frame by frame; where each file is one frame, the files behind it are read. */
function reading(task: ImportTask, index: number): FileStatus {
  const step = task.job?.step ?? "";
  const match = /frame (\d+) of (\d+)/.exec(step);
  if (task.job?.state === "queued") return { words: "Waiting to be read", tone: "quiet" };
  if (match === null || task.files.length === 1) return { words: step || "Being read", tone: "moving" };
  const frame = Number(match[1]) - 1;
  if (Number(match[2]) !== task.files.length || frame === index)
    return { words: "Being read", tone: "moving" };
  return frame > index ? { words: "Read", tone: "good" } : { words: "Waiting to be read", tone: "quiet" };
}
