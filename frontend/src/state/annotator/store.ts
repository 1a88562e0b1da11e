// Holds the one state value of an open series, and tells those who watch what changed.

import { type ReadonlySignal, signal } from "@preact/signals";
import type { Annotator } from "./model";
import { type Action, reduce } from "./reduce";

export type Watcher = (after: Annotator, before: Annotator, action: Action) => void;

export interface Store {
  readonly state: ReadonlySignal<Annotator>;
  dispatch(action: Action): void;
  /** Calls back after every action. Returns a function that stops it. */
  watch(watcher: Watcher): () => void;
}

export function createStore(initial: Annotator): Store {
  const state = signal(initial);
  const watchers = new Set<Watcher>();
  return {
    state,
    dispatch(action) {
      const before = state.peek();
      const after = reduce(before, action);
      state.value = after;
      for (const watcher of watchers) watcher(after, before, action);
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}
