// The jobs that segment or track this series, whoever started them: followed to their end, paused, cancelled.

import * as api from "../../protocol/api";
import { asApiError } from "../../protocol/errors";
import type { Job } from "../../protocol/rest";
import { followJob } from "../jobs/effects";
import { isActive } from "../jobs/store";
import type { Store } from "./store";

export interface Jobs {
  cancelJob(job: string): Promise<void>;
  pauseJob(job: string): Promise<void>;
  resumeJob(job: string): Promise<void>;
}

const KINDS = ["segment", "track"] as const;

/** Those of the series among the project's newest, newest first. */
export async function jobsOf(project: string, series: string): Promise<Job[]> {
  const pages = await Promise.all(KINDS.map((kind) => api.listJobs(project, { kind })));
  return pages.flatMap(({ results }) => results.filter((job) => job.series === series));
}

export function startJobs(store: Store): Jobs & { follow(job: Job): void; close(): void } {
  const leaving = new AbortController();
  const followed = new Set<string>();

  function follow(job: Job): void {
    if (followed.has(job.id)) return;
    followed.add(job.id);
    const tell = (news: Job) => store.dispatch({ type: "job", job: news });
    tell(job);
    followJob(job.id, tell, leaving.signal).catch((cause) => {
      if (leaving.signal.aborted) return;
      followed.delete(job.id); // should it live, its next frame makes it known again
      store.dispatch({ type: "job/dismiss", job: job.id });
      store.dispatch({ type: "notice", text: asApiError(cause).message });
    });
  }

  /** A colleague's job makes itself known by its first frame. */
  async function meet(job: string): Promise<void> {
    if (followed.has(job)) return;
    const met = await api.getJob(job, leaving.signal);
    if (KINDS.some((kind) => kind === met.kind) && isActive(met)) follow(met);
  }

  const stopWatching = store.watch((_after, _before, action) => {
    if (action.type !== "server" || action.message.type !== "changeset.committed") return;
    const { job } = action.message.changeset;
    if (job !== null) void meet(job).catch(() => undefined); // its next frame tries again
  });
  for (const job of store.state.peek().jobs) follow(job);

  const told = (ask: (job: string) => Promise<Job>) => async (job: string) => {
    store.dispatch({ type: "job", job: await ask(job) });
  };
  return {
    follow,
    cancelJob: told(api.cancelJob),
    pauseJob: told(api.pauseJob),
    resumeJob: told(api.resumeJob),
    close() {
      leaving.abort();
      stopWatching();
    },
  };
}
