// Segmenting many frames: starts jobs, and decides about many proposals.

import * as api from "../../protocol/api";
import type { ModelChoice } from "../../protocol/models";
import type { Job } from "../../protocol/rest";
import type { Annotator, Scope } from "./model";
import { framesOf } from "./review";
import type { Store } from "./store";

export interface Segmentations {
  /** Starts a job with the segmenter and the scope that are chosen. */
  segment(): Promise<void>;
  /** Makes a segmenter the default of this series. */
  setSeriesModel(choice: ModelChoice): Promise<void>;
  /** Accepts the proposals of these frames that reach the score, on the server and at once; answers how many. */
  acceptMany(what: Scope["what"]): Promise<number>;
  /** Likewise; with `below` those that do not reach it. */
  discardMany(what: Scope["what"], below: boolean): Promise<number>;
}

export function startSegmentations(
  store: Store,
  follow: (job: Job) => void,
  newId: () => string,
): Segmentations {
  const { id } = store.state.peek().series;
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
    async setSeriesModel({ model, version }) {
      const choice = await api.setSeriesModel(id, { model, version });
      store.dispatch({ type: "series/model", choice });
    },
    async acceptMany(what) {
      const action = newId();
      const { accepted } = await api.acceptProposals(id, { ...filter(what, false), action });
      if (accepted > 0)
        store.dispatch({ type: "action/made", requestId: action, reason: "Accept proposals" });
      return accepted;
    },
    async discardMany(what, below) {
      const action = newId();
      const { discarded } = await api.discardProposals(id, { ...filter(what, below), action });
      if (discarded > 0)
        store.dispatch({ type: "action/made", requestId: action, reason: "Discard proposals" });
      return discarded;
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
