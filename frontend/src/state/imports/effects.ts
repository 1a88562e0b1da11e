// Sends the files of an import, three at a time, then follows the server's job.

import * as api from "../../protocol/api";
import { asApiError } from "../../protocol/errors";
import { uploadFile } from "../../protocol/upload";
import { cancelJob, followJob } from "../jobs/effects";
import { loadSeries } from "../projects/effects";
import type { PlannedSeries } from "./plan";
import { type ImportFile, type ImportTask, imports, isMoving } from "./store";

const AT_ONCE = 3;

const controllers = new Map<number, AbortController>();
let nextId = 1;

export function startImport(project: string, planned: PlannedSeries<File>): void {
  const files = planned.files.map((file) => ({ file, sent: 0, upload: null, error: null }));
  const id = nextId++;
  imports.value = [
    ...imports.value,
    { id, project, name: planned.name, files, state: "uploading", job: null, error: null },
  ];
  void run(id);
}

/** Takes a failed import up again; what the server already has is not sent twice. */
export function retryImport(id: number): void {
  change(id, (task) => ({
    ...task,
    state: "uploading",
    job: null,
    error: null,
    files: task.files.map((file) => (file.error === null ? file : { ...file, sent: 0, error: null })),
  }));
  void run(id);
}

export async function cancelImport(id: number): Promise<void> {
  const job = find(id)?.job ?? null;
  if (job !== null) {
    await cancelJob(job.id);
    return;
  }
  controllers.get(id)?.abort();
  change(id, (task) => ({ ...task, state: "cancelled" }));
}

export function forgetImport(id: number): void {
  imports.value = imports.value.filter((task) => task.id !== id);
}

async function run(id: number): Promise<void> {
  const task = find(id);
  if (task === undefined) return;
  const stop = new AbortController();
  controllers.set(id, stop);
  keepTabOpen();
  try {
    await sendAll(task, stop);
    const uploads = (find(id)?.files ?? []).map((file) => file.upload).filter((upload) => upload !== null);
    const started = await api.startImport(task.project, task.name, uploads);
    change(id, (present) => ({ ...present, state: "running", job: started }));
    keepTabOpen();
    const job = await followJob(
      started.id,
      (news) => change(id, (now) => ({ ...now, job: news })),
      stop.signal,
    );
    const state = job.state === "done" || job.state === "cancelled" ? job.state : "failed";
    change(id, (present) => ({ ...present, state, error: job.error?.message ?? null }));
    if (state === "done") await loadSeries(task.project);
  } catch (cause) {
    const error = asApiError(cause);
    if (!stop.signal.aborted || find(id)?.state !== "cancelled") {
      change(id, (present) => ({ ...present, state: "failed", error: error.message }));
    }
  } finally {
    controllers.delete(id);
    keepTabOpen();
  }
}

/** Sends what is not there yet. The first failure stops the others: an import needs all its files. */
async function sendAll(task: ImportTask, stop: AbortController): Promise<void> {
  const waiting = task.files.flatMap((file, index) => (file.upload === null ? [index] : []));
  const failures = new AbortController();
  const signal = AbortSignal.any([stop.signal, failures.signal]);
  let failure: unknown;
  const sender = async () => {
    for (let index = waiting.shift(); index !== undefined && !signal.aborted; index = waiting.shift()) {
      try {
        await sendOne(task, index, signal);
      } catch (cause) {
        failure ??= cause;
        failures.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  if (failure !== undefined) throw failure;
  stop.signal.throwIfAborted();
}

async function sendOne(task: ImportTask, index: number, signal: AbortSignal): Promise<void> {
  const file = task.files[index]?.file;
  if (file === undefined) return;
  try {
    const progress = (sent: number) => changeFile(task.id, index, { sent });
    const upload = await uploadFile(task.project, file, progress, signal);
    changeFile(task.id, index, { sent: file.size, upload: upload.id });
  } catch (cause) {
    const error = asApiError(cause);
    if (!error.aborted) changeFile(task.id, index, { error: error.message });
    throw error;
  }
}

const find = (id: number) => imports.value.find((task) => task.id === id);

function change(id: number, make: (task: ImportTask) => ImportTask): void {
  imports.value = imports.value.map((task) => (task.id === id ? make(task) : task));
}

function changeFile(id: number, index: number, values: Partial<ImportFile>): void {
  change(id, (task) => ({
    ...task,
    files: task.files.map((file, at) => (at === index ? { ...file, ...values } : file)),
  }));
}

const warn = (event: BeforeUnloadEvent) => event.preventDefault();

/** Leaving the page would stop the files on their way; the browser asks first. */
function keepTabOpen(): void {
  const sending = imports.value.some((task) => isMoving(task) && task.job === null);
  if (sending) window.addEventListener("beforeunload", warn);
  else window.removeEventListener("beforeunload", warn);
}
