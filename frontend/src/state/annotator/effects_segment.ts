// Segmenting many frames: starts jobs, follows those that anybody runs on this series, and decides about many proposals.

import * as api from "../../protocol/api";
import { asApiError } from "../../protocol/errors";
import type { ModelChoice } from "../../protocol/models";
import type { Job } from "../../protocol/rest";
import { followJob } from "../jobs/effects";
import { isActive } from "../jobs/store";
import type { Annotator, Scope } from "./model";
import { framesOf } from "./review";
import type { Store } from "./store";

export interface Segmentations {
  /** Starts a job with the segmenter and the scope that are chosen. */
  segment(): Promise<void>;
  cancelSegmentation(job: string): Promise<void>;
  /** Makes a segmenter the default of this series. */
  setSeriesModel(choice: ModelChoice): Promise<void>;
  /** Accepts the proposals of these frames that reach the score, on the server and at once; answers how many. */
  acceptMany(what: Scope["what"]): Promise<number>;
  /** Likewise; with `below` those that do not reach it. */
  discardMany(what: Scope["what"], below: boolean): Promise<number>;
}

/** The jobs that segment a series now. */
export async function runningSegmentations(project: string, series: string): Promise<Job[]> {
  const { results } = await api.listJobs(project, { kind: "segment" });
  return results.filter((job) => job.series === series && isActive(job));
}

export function startSegmentations(store: Store): Segmentations & { close(): void } {
  const { id } = store.state.peek().series;
  const leaving = new AbortController();
  const followed = new Set<string>();

  function follow(job: Job): void {
    if (followed.has(job.id)) return;
    followed.add(job.id);
    store.dispatch({ type: "segmentation", job });
    const tell = (news: Job) => store.dispatch({ type: "segmentation", job: news });
    followJob(job.id, tell, leaving.signal).catch((cause) => {
      if (leaving.signal.aborted) return;
      followed.delete(job.id); // should it live, its next frame makes it known again
      store.dispatch({ type: "segmentation/dismiss", job: job.id });
      store.dispatch({ type: "notice", text: asApiError(cause).message });
    });
  }

  /** A colleague's job makes itself known by its first frame. */
  async function meet(job: string): Promise<void> {
    if (followed.has(job)) return;
    const met = await api.getJob(job, leaving.signal);
    if (met.kind === "segment" && isActive(met)) follow(met);
  }

  const stopWatching = store.watch((_after, _before, action) => {
    if (action.type !== "server" || action.message.type !== "changeset.committed") return;
    const { job } = action.message.changeset;
    if (job !== null) void meet(job).catch(() => undefined); // its next frame tries again
  });
  for (const job of store.state.peek().segmentations) follow(job);

  const filter = (what: Scope["what"], below: boolean) => {
    const state = store.state.peek();
    const { minimumScore } = state.review;
    const scores = below ? { min_score: 0, below: minimumScore } : { min_score: minimumScore, below: null };
    return { frames: framesOf(state, what), ...scores };
  };
  return {
    async segment() {
      follow(await api.startSegmentation(id, segmentationOf(store.state.peek())));
    },
    async cancelSegmentation(job) {
      store.dispatch({ type: "segmentation", job: await api.cancelJob(job) });
    },
    async setSeriesModel({ model, version }) {
      const choice = await api.setSeriesModel(id, { model, version });
      store.dispatch({ type: "series/model", choice });
    },
    acceptMany: async (what) => (await api.acceptProposals(id, filter(what, false))).accepted,
    discardMany: async (what, below) => (await api.discardProposals(id, filter(what, below))).discarded,
    close() {
      leaving.abort();
      stopWatching();
    },
  };
}

/** What is asked for when the button is pressed. */
export function segmentationOf({ segmenter, scope, series, frame }: Annotator) {
  const { model, version, parameters } = segmenter;
  const { what, from, to, step, replace } = scope;
  const last = series.frames - 1;
  const frames =
    what === "frame"
      ? { from: frame, to: frame, step: 1 }
      : what === "series"
        ? { from: 0, to: last, step }
        : { from, to, step };
  return { model, version, parameters: { ...parameters }, frames, replace_proposals: replace };
}
