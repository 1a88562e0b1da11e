// Follows jobs by asking: often while something moves, seldom otherwise, never while the tab is hidden.

import * as api from "../../protocol/api";
import { asApiError } from "../../protocol/errors";
import type { ExportFormat, Job, JobKind } from "../../protocol/rest";
import { failed, loading, mapReady, ready, readyValue } from "../remote";
import { isActive, isMoving, type JobList, jobs } from "./store";

const FAST_MS = 500;
const PAUSED_MS = 2000; // somebody else may resume it
const SLOW_MS = 8000;

/** Calls `onChange` with each news of a job and resolves with its last state; `signal` stops the asking. */
export async function followJob(id: string, onChange: (job: Job) => void, signal: AbortSignal): Promise<Job> {
  for (;;) {
    let wait = FAST_MS;
    try {
      const job = await api.getJob(id, signal);
      onChange(job);
      if (!isActive(job)) return job;
      if (!isMoving(job)) wait = PAUSED_MS;
    } catch (cause) {
      if (!asApiError(cause).offline) throw cause;
    }
    await pause(wait, signal);
  }
}

/** Keeps the list of a project's jobs (of one kind) fresh until the returned function is called. */
export function followJobs(project: string, kind?: JobKind): () => void {
  const stop = new AbortController();
  jobs.value = loading;
  const run = async () => {
    while (!stop.signal.aborted) {
      if (!document.hidden || jobs.value.status === "loading") await refresh(project, kind, stop.signal);
      const moving = readyValue(jobs.value)?.jobs.some(isMoving) ?? false;
      await pause(moving ? FAST_MS * 2 : SLOW_MS, stop.signal).catch(() => {});
    }
  };
  void run();
  return () => stop.abort();
}

async function refresh(project: string, kind: JobKind | undefined, signal: AbortSignal): Promise<void> {
  try {
    const page = await api.listJobs(project, kind && { kind });
    if (!signal.aborted) jobs.value = ready(withNewest(readyValue(jobs.value), page.results, page.next));
  } catch (cause) {
    if (!signal.aborted && jobs.value.status !== "ready") jobs.value = failed(cause);
  }
}

/** The newest page on top of what older pages brought. */
export function withNewest(
  present: JobList | undefined,
  newest: readonly Job[],
  next: string | null,
): JobList {
  const fresh = new Set(newest.map((job) => job.id));
  const last = newest.at(-1);
  const older = (present?.jobs ?? []).filter(
    (job) => !fresh.has(job.id) && last !== undefined && job.created_at <= last.created_at,
  );
  return { jobs: [...newest, ...older], next: older.length > 0 ? (present?.next ?? null) : next };
}

export async function loadOlderJobs(project: string, kind?: JobKind): Promise<void> {
  const present = readyValue(jobs.value);
  if (present === undefined || present.next === null) return;
  const page = await api.listJobs(project, { ...(kind && { kind }), before: present.next });
  jobs.value = mapReady(jobs.value, (list) => ({ jobs: [...list.jobs, ...page.results], next: page.next }));
}

export const cancelJob = async (id: string) => replaceJob(await api.cancelJob(id));
export const pauseJob = async (id: string) => replaceJob(await api.pauseJob(id));
export const resumeJob = async (id: string) => replaceJob(await api.resumeJob(id));

function replaceJob(news: Job): void {
  jobs.value = mapReady(jobs.value, (list) => ({
    ...list,
    jobs: list.jobs.map((job) => (job.id === news.id ? news : job)),
  }));
}

export const startExport = (series: string, version: number | null, formats: ExportFormat[]) =>
  api.startExport(series, version, formats);

/** Waits; rejects as soon as `signal` says so. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}
