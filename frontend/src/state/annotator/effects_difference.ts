// Asks the server what differs between two versions: the counts page by page, the older masks frame by frame.

import type * as Api from "../../protocol/api";
import { asApiError } from "../../protocol/errors";
import type { Annotator, Difference } from "./model";
import type { Store } from "./store";

export type DifferenceApi = Pick<typeof Api, "getDifference" | "getState">;

const NEIGHBOURS = [0, 1, -1];

/** Answers `difference` of the store from here on. Returns what ends it. */
export function startDifferences(store: Store, api: DifferenceApi): () => void {
  const { id } = store.state.peek().series;
  let leaving = new AbortController();
  let asked = new Set<string>();
  /** What failed: asked for again on another frame, and once the server is there again. */
  const failed = new Set<string>();

  const stopWatching = store.watch((after, before) => {
    const { difference } = after;
    if (difference?.from !== before.difference?.from || difference?.to !== before.difference?.to) {
      leaving.abort();
      leaving = new AbortController();
      asked = new Set();
      failed.clear();
    }
    if (after.frame !== before.frame || after.connection !== before.connection) {
      for (const what of failed) asked.delete(what);
      failed.clear();
    }
    if (difference === null) return;
    if (difference.next !== null) count(difference, difference.next);
    loadMasks(after, difference);
  });

  function count({ from, to }: Difference, first: number): void {
    once(`count/${first}`, async (signal) => {
      const page = await api.getDifference(id, { from, to }, first, signal);
      if (!signal.aborted) store.dispatch({ type: "difference/counted", page });
    });
  }

  function loadMasks({ frame, series }: Annotator, { from, masks }: Difference): void {
    for (const step of NEIGHBOURS) {
      const wanted = frame + step;
      if (wanted < 0 || wanted >= series.frames || masks.has(wanted)) continue;
      once(`masks/${wanted}`, async (signal) => {
        const state = await api.getState(id, wanted, { version: from, masksOnly: true, signal });
        if (!signal.aborted) store.dispatch({ type: "difference/loaded", state });
      });
    }
  }

  function once(what: string, ask: (signal: AbortSignal) => Promise<void>): void {
    if (asked.has(what)) return;
    asked.add(what);
    const { signal } = leaving;
    ask(signal).catch((cause) => {
      if (signal.aborted) return;
      failed.add(what);
      store.dispatch({ type: "notice", text: asApiError(cause).message });
    });
  }

  return () => {
    leaving.abort();
    stopWatching();
  };
}
