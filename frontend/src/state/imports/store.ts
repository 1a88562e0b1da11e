// Imports that this tab started: files on their way, then the server's job.

import { computed, signal } from "@preact/signals";
import type { Job, Transfer } from "../../protocol/rest";

export interface ImportFile {
  readonly key: number;
  readonly file: File;
  readonly sent: number;
  readonly moving: boolean;
  readonly paused: boolean;
  /** Why nothing moves though it should. */
  readonly waiting: string | null;
  /** The server's id of what has come so far. */
  readonly transfer: string | null;
  /** The server's id, once it has the whole file. */
  readonly upload: string | null;
  readonly error: string | null;
}

export type ImportState = "uploading" | "running" | "done" | "failed" | "cancelled";

export interface ImportTask {
  readonly id: number;
  readonly project: string;
  readonly name: string;
  /** In the order of the frames. */
  readonly files: readonly ImportFile[];
  readonly state: ImportState;
  readonly job: Job | null;
  readonly error: string | null;
}

export const imports = signal<readonly ImportTask[]>([]);

/** What the server has of files that no import here sends: of a page that was closed or loaded again. */
export const unfinished = signal<readonly Transfer[]>([]);

/** Bytes a second, over the last seconds; null while nothing is sent. */
export const rate = signal<number | null>(null);

export interface Bytes {
  readonly sent: number;
  readonly total: number;
}

export function bytesSent(task: ImportTask): Bytes {
  let sent = 0;
  let total = 0;
  for (const one of task.files) {
    sent += one.upload === null ? one.sent : one.file.size;
    total += one.file.size;
  }
  return { sent, total };
}

/** Of all imports whose files are still on their way. */
export const onTheirWay = computed(() => {
  const tasks = imports.value.filter((task) => task.state === "uploading");
  const bytes = tasks.map(bytesSent);
  return {
    files: tasks.flatMap((task) => task.files),
    sent: bytes.reduce((sum, each) => sum + each.sent, 0),
    total: bytes.reduce((sum, each) => sum + each.total, 0),
  };
});

export const isMoving = (task: ImportTask) => task.state === "uploading" || task.state === "running";

/** By name, size and the file's own time; its content is not read for it. */
export const knownTransfer = (file: File, transfers: readonly Transfer[]): Transfer | undefined =>
  transfers.find(
    (one) => one.name === file.name && one.bytes === file.size && one.modified_ms === file.lastModified,
  );
