// Following objects through time: starts the job, and takes back what it did.

import * as api from "../../protocol/api";
import { offlineError } from "../../protocol/errors";
import type { Job } from "../../protocol/rest";
import type { TrackingRequest } from "../../protocol/tracking";
import type { Annotator } from "./model";
import type { Store } from "./store";
import { openCommits } from "./view";

export interface Trackings {
  /** Starts a job once the edits before it are saved: it begins from what is on screen. */
  track(request: TrackingRequest): Promise<void>;
  /** Takes back what a job did, but for what people changed since; answers how many masks. */
  revertTracking(job: string): Promise<number>;
}

export function startTrackings(store: Store, follow: (job: Job) => void, newId: () => string): Trackings {
  const { id } = store.state.peek().series;
  const reversals = new Map<string, string>();
  return {
    async track(request) {
      await saved(store);
      const job = await api.startTracking(id, request);
      store.dispatch({ type: "tracking/started", request });
      follow(job);
    },
    async revertTracking(job) {
      await saved(store);
      // Asked again after an answer that was lost, it goes on where it was.
      const requestId = reversals.get(job) ?? newId();
      reversals.set(job, requestId);
      const { masks } = await api.revertJob(id, job, requestId);
      reversals.delete(job);
      store.dispatch({ type: "job/dismiss", job });
      return masks;
    },
  };
}

/** Resolves when nothing is on its way any more; without a connection that cannot be awaited. */
function saved(store: Store): Promise<void> {
  const busy = ({ pending, asked }: Annotator) => openCommits(pending).length > 0 || asked !== null;
  return new Promise((resolve, reject) => {
    const look = (state: Annotator): boolean => {
      if (!busy(state)) resolve();
      else if (state.connection !== "online") reject(offlineError());
      else return false;
      return true;
    };
    if (look(store.state.peek())) return;
    const stop = store.watch((after) => {
      if (look(after)) stop();
    });
  });
}
