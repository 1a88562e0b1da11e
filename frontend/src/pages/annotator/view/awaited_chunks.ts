// Tiles for pictures that are drawn once: whoever draws waits for the next tile instead of drawing again and again.

import { ChunkCache } from "../../../render/chunks";
import { startDecoder } from "../../../render/decoder";
import type { Workspace } from "../workspace";

export interface AwaitedChunks {
  readonly cache: ChunkCache;
  /** Resolves when another tile has come; rejects when one cannot be had. */
  next(): Promise<void>;
  close(): void;
}

export function startAwaitedChunks({ session, state }: Workspace): AwaitedChunks {
  const decoder = startDecoder();
  let waiting: { done: () => void; fail: (cause: Error) => void }[] = [];
  const settle = (how: (one: (typeof waiting)[number]) => void) => {
    const settled = waiting;
    waiting = [];
    settled.forEach(how);
  };
  const cache = new ChunkCache(
    state.peek().series.pixels,
    session.loadChunk,
    decoder.decode,
    () => settle(({ done }) => done()),
    (message) => settle(({ fail }) => fail(new Error(message))),
  );
  return {
    cache,
    next: () => new Promise((done, fail) => waiting.push({ done, fail })),
    close() {
      cache.close();
      decoder.close();
      settle(({ fail }) => fail(new Error("The picture was given up.")));
    },
  };
}
