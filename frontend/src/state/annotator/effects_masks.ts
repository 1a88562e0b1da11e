// Masks of frames that are not in sight, for pictures of objects: asked for frame by frame, a few at a time.

import * as api from "../../protocol/api";
import type { MaskRevision } from "../../protocol/messages";
import type { Store } from "./store";

export interface MaskReader {
  /** Null where the track has none on that frame, or where nobody can tell now. */
  mask(track: string, frame: number): Promise<MaskRevision | null>;
  close(): void;
}

type Masks = ReadonlyMap<string, MaskRevision>;

const MOST_REQUESTS = 3;

/** Keeps what it was told until it is closed. */
export function readMasks(store: Store): MaskReader {
  const { series, past } = store.state.peek();
  const leaving = new AbortController();
  const known = new Map<number, Promise<Masks>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  async function load(frame: number): Promise<Masks> {
    if (running === MOST_REQUESTS) await new Promise<void>((go) => waiting.push(go));
    running++;
    try {
      const state = await api.getState(series.id, frame, {
        version: past?.version,
        masksOnly: true,
        signal: leaving.signal,
      });
      return new Map(state.masks.map((mask) => [mask.track, mask]));
    } finally {
      running--;
      waiting.shift()?.();
    }
  }

  return {
    async mask(track, frame) {
      let masks = known.get(frame);
      if (masks === undefined) {
        masks = load(frame);
        known.set(frame, masks);
      }
      try {
        return (await masks).get(track) ?? null;
      } catch {
        known.delete(frame); // whoever asks next tries again
        return null;
      }
    },
    close: () => leaving.abort(),
  };
}
