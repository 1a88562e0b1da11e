// Interpolates between key frames, once the frames between them are known.

import type * as Api from "../../protocol/api";
import { framesToLoad, interpolated, keyFrames } from "./interpolate";
import type { Store } from "./store";

export interface Interpolations {
  /** One commit of proposals for the selected track, or a notice why not. Rejects where a frame cannot be loaded. */
  interpolate(newId: () => string): Promise<void>;
}

export function startInterpolations(store: Store, api: Pick<typeof Api, "getState">): Interpolations {
  const { id } = store.state.peek().series;
  return {
    async interpolate(newId) {
      const keys = keyFrames(store.state.peek());
      if ("refusal" in keys) {
        store.dispatch({ type: "notice", text: keys.refusal });
        return;
      }
      for (const frame of framesToLoad(store.state.peek(), keys)) {
        const state = await api.getState(id, frame, { masksOnly: true });
        store.dispatch({ type: "frame/loaded", state });
      }
      const plan = interpolated(store.state.peek(), keys);
      if ("refusal" in plan) store.dispatch({ type: "notice", text: plan.refusal });
      else if (plan.operations.length > 0) {
        store.dispatch({ type: "commit", gesture: { ...plan, requestId: newId() } });
      }
    },
  };
}
