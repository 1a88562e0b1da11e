// Sends the files of imports, three at a time, then follows the server's jobs.

import { effect } from "@preact/signals";
import * as api from "../../protocol/api";
import { asApiError } from "../../protocol/errors";
import { sendFile } from "../../protocol/upload";
import { cancelJob, followJob } from "../jobs/effects";
import { loadSeries } from "../projects/effects";
import type { PlannedSeries } from "./plan";
import { bytesPerSecond, type Sample, withSample } from "./speed";
import {
  type ImportFile,
  type ImportTask,
  imports,
  isMoving,
  knownTransfer,
  onTheirWay,
  rate,
  unfinished,
} from "./store";

const AT_ONCE = 3;
const SAMPLE_MS = 1000;

const controllers = new Map<number, AbortController>();
/** Of files that are being sent, by their keys. */
const senders = new Map<number, AbortController>();
let nextId = 1;

export function startImport(project: string, planned: PlannedSeries<File>): void {
  const id = nextId++;
  const files = planned.files.map(newFile);
  imports.value = [
    ...imports.value,
    { id, project, name: planned.name, files, state: "uploading", job: null, error: null },
  ];
  void run(id);
}

/** Goes on with what the server has of this very file, and claims it, so that a second one like it does not. */
function newFile(file: File): ImportFile {
  const known = knownTransfer(file, unfinished.value);
  unfinished.value = unfinished.value.filter((one) => one !== known);
  return {
    key: nextId++,
    file,
    sent: known?.offset ?? 0,
    moving: false,
    paused: false,
    waiting: null,
    transfer: known?.id ?? null,
    upload: known?.upload ?? null,
    error: null,
  };
}

/** Looks what came of files whose page was closed or loaded again. */
export async function loadUnfinished(project: string): Promise<void> {
  const found = await api.listTransfers(project).catch(() => []);
  const ours = imports.value.filter((task) => task.state !== "done").flatMap((task) => task.files);
  unfinished.value = found.filter(
    // One that begins at this moment has a transfer of which we do not know yet.
    (one) =>
      !ours.some(({ file, transfer }) => transfer === one.id || knownTransfer(file, [one]) !== undefined),
  );
}

export async function discardUnfinished(id: string): Promise<void> {
  await api.discardTransfer(id);
  unfinished.value = unfinished.value.filter((one) => one.id !== id);
}

/** Takes a failed import up again; what the server already has is not sent twice. */
export function retryImport(id: number): void {
  change(id, (task) => ({
    ...task,
    state: "uploading",
    job: null,
    error: null,
    files: task.files.map((file) => ({ ...file, error: null, paused: false })),
  }));
  void run(id);
}

export async function cancelImport(id: number): Promise<void> {
  const task = find(id);
  if (task === undefined) return;
  if (task.job !== null) {
    await cancelJob(task.job.id);
    return;
  }
  change(id, (present) => ({ ...present, state: "cancelled" }));
  controllers.get(id)?.abort();
  for (const file of task.files) giveUp(file);
  change(id, (present) => ({
    ...present,
    files: present.files.map((file) => ({ ...file, sent: 0, transfer: null, upload: null, waiting: null })),
  }));
}

export function forgetImport(id: number): void {
  const task = find(id);
  imports.value = imports.value.filter((one) => one.id !== id);
  if (task !== undefined && task.state !== "done") void loadUnfinished(task.project);
}

export function pauseFile(id: number, key: number): void {
  changeFile(id, key, { paused: true, waiting: null });
  senders.get(key)?.abort();
}

export function resumeFile(id: number, key: number): void {
  changeFile(id, key, { paused: false });
}

/** Pauses or lets go on whatever is not on the server yet. */
export function pauseAll(project: string, paused: boolean): void {
  for (const task of imports.value) {
    if (task.project !== project || task.state !== "uploading") continue;
    for (const file of task.files) {
      if (file.upload === null) (paused ? pauseFile : resumeFile)(task.id, file.key);
    }
  }
}

/** The series is made of the other files; without its last one it is cancelled. */
export async function leaveOut(id: number, key: number): Promise<void> {
  const task = find(id);
  const file = task?.files.find((one) => one.key === key);
  if (task === undefined || file === undefined) return;
  if (task.files.length === 1) return cancelImport(id);
  change(id, (present) => ({ ...present, files: present.files.filter((one) => one.key !== key) }));
  senders.get(key)?.abort();
  giveUp(file);
}

/** The server would keep it for a week; where it cannot be told, it does. */
function giveUp(file: ImportFile): void {
  if (file.transfer !== null) api.discardTransfer(file.transfer).catch(() => {});
}

async function run(id: number): Promise<void> {
  const task = find(id);
  if (task === undefined) return;
  const stop = new AbortController();
  controllers.set(id, stop);
  watch();
  try {
    await Promise.all(task.files.map((file) => sendOne(task, file.key, stop.signal)));
    stop.signal.throwIfAborted();
    const files = find(id)?.files ?? [];
    const failed = files.filter((file) => file.error !== null);
    if (failed[0] !== undefined) throw new Error(failed[0].error ?? "");
    const uploads = files.map((file) => file.upload).filter((upload) => upload !== null);
    const started = await api.startImport(task.project, task.name, uploads);
    change(id, (present) => ({ ...present, state: "running", job: started }));
    watch();
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
    watch();
  }
}

/** Sends what is not there yet. A file that is refused does not stop the others. */
async function sendOne(task: ImportTask, key: number, stop: AbortSignal): Promise<void> {
  for (;;) {
    const file = findFile(task.id, key);
    if (file === undefined || file.upload !== null || stop.aborted) return;
    if (file.paused) {
      await resumed(task.id, key, stop);
      continue;
    }
    const release = await slot();
    const sender = new AbortController();
    senders.set(key, sender);
    try {
      const present = findFile(task.id, key);
      if (present === undefined || present.paused || stop.aborted) continue;
      changeFile(task.id, key, { moving: true });
      const upload = await sendFile(
        task.project,
        present.file,
        {
          transfer: present.transfer,
          onTransfer: (transfer) => changeFile(task.id, key, { transfer }),
          onProgress: (sent) => changeFile(task.id, key, { sent }),
          onWait: (waiting) => changeFile(task.id, key, { waiting }),
        },
        AbortSignal.any([stop, sender.signal]),
      );
      changeFile(task.id, key, { sent: present.file.size, upload });
    } catch (cause) {
      const error = asApiError(cause);
      if (error.aborted) continue;
      changeFile(task.id, key, { error: error.message });
      return;
    } finally {
      senders.delete(key);
      changeFile(task.id, key, { moving: false, waiting: null });
      release();
    }
  }
}

// ---- three at a time ----------------------------------------------------------------------------------------

let free = AT_ONCE;
const queue: (() => void)[] = [];

/** Waits for its turn; the returned function ends it. */
async function slot(): Promise<() => void> {
  if (free > 0) free -= 1;
  else await new Promise<void>((resolve) => queue.push(resolve));
  return () => {
    const next = queue.shift();
    if (next === undefined) free += 1;
    else next();
  };
}

function resumed(id: number, key: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const dispose = effect(() => {
      const paused = imports.value
        .find((task) => task.id === id)
        ?.files.find((file) => file.key === key)?.paused;
      if (paused !== true) queueMicrotask(end);
    });
    const end = () => {
      dispose();
      stop.removeEventListener("abort", end);
      resolve();
    };
    stop.addEventListener("abort", end, { once: true });
  });
}

// ---- the store ----------------------------------------------------------------------------------------------

const find = (id: number) => imports.value.find((task) => task.id === id);
const findFile = (id: number, key: number) => find(id)?.files.find((file) => file.key === key);

function change(id: number, make: (task: ImportTask) => ImportTask): void {
  imports.value = imports.value.map((task) => (task.id === id ? make(task) : task));
}

function changeFile(id: number, key: number, values: Partial<ImportFile>): void {
  change(id, (task) => ({
    ...task,
    files: task.files.map((file) => (file.key === key ? { ...file, ...values } : file)),
  }));
}

// ---- the page -----------------------------------------------------------------------------------------------

const warn = (event: BeforeUnloadEvent) => event.preventDefault();
let sampling: ReturnType<typeof setInterval> | undefined;
let samples: Sample[] = [];

/** While files are on their way: their speed, and a question before the page is left. */
function watch(): void {
  const sending = imports.value.some((task) => isMoving(task) && task.job === null);
  if (sending) window.addEventListener("beforeunload", warn);
  else window.removeEventListener("beforeunload", warn);
  if (sending && sampling === undefined) sampling = setInterval(sample, SAMPLE_MS);
  if (!sending) {
    clearInterval(sampling);
    sampling = undefined;
    samples = [];
    rate.value = null;
  }
}

function sample(): void {
  samples = withSample(samples, { at_s: performance.now() / 1000, sent: onTheirWay.value.sent });
  rate.value = bytesPerSecond(samples);
}
