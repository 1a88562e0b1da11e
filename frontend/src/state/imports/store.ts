// Imports that this tab started: files on their way, then the server's job.

import { signal } from "@preact/signals";
import type { Job } from "../../protocol/rest";

export interface ImportFile {
  readonly file: File;
  readonly sent: number;
  /** The server's id, once it has the whole file. */
  readonly upload: string | null;
  readonly error: string | null;
}

export type ImportState = "uploading" | "running" | "done" | "failed" | "cancelled";

export interface ImportTask {
  readonly id: number;
  readonly project: string;
  readonly name: string;
  readonly files: readonly ImportFile[];
  readonly state: ImportState;
  readonly job: Job | null;
  readonly error: string | null;
}

export const imports = signal<readonly ImportTask[]>([]);

export function bytesSent(task: ImportTask): { sent: number; total: number } {
  let sent = 0;
  let total = 0;
  for (const one of task.files) {
    sent += one.upload === null ? one.sent : one.file.size;
    total += one.file.size;
  }
  return { sent, total };
}

export const isMoving = (task: ImportTask) => task.state === "uploading" || task.state === "running";
