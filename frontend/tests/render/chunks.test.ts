import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PixelStore } from "../../src/protocol/rest";
import { ChunkCache } from "../../src/render/chunks";
import type { ChunkPlace } from "../../src/state/annotator/model";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const store: PixelStore = {
  levels: [{ height: 4, width: 4, chunk: [4, 4], scale: 1 }],
  dtype: "uint16",
  channels: 1,
  compressor: "zstd",
  store: "hash",
};
const at = (frame: number): ChunkPlace => ({ level: 0, frame, row: 0, column: 0 });

function setUp({ mostBytes = 1e9, load }: { mostBytes?: number; load?: () => Promise<ArrayBuffer> } = {}) {
  const asked: number[] = [];
  const aborted: number[] = [];
  const failures: string[] = [];
  let loaded = 0;
  const cache = new ChunkCache(
    store,
    (place, signal) => {
      asked.push(place.frame);
      signal.addEventListener("abort", () => aborted.push(place.frame));
      if (load !== undefined) return load();
      return new Promise((done) => setTimeout(() => done(new Uint8Array([place.frame]).buffer), 10));
    },
    async (bytes, length) => new Uint16Array(length / 2).fill(new Uint8Array(bytes)[0] ?? 0).buffer,
    () => {
      loaded++;
    },
    (message) => failures.push(message),
    mostBytes,
  );
  return { cache, asked, aborted, failures, loaded: () => loaded };
}

it("loads what is wanted, the most urgent first, four at a time", async () => {
  const { cache, asked, loaded } = setUp();
  cache.want([5, 6, 4, 7, 3, 8].map(at));
  expect(asked).toEqual([5, 6, 4, 7]);
  await vi.advanceTimersByTimeAsync(50);
  expect(asked).toEqual([5, 6, 4, 7, 3, 8]);
  expect(loaded()).toBe(6);
  expect(cache.get(at(6))).toEqual(new Uint16Array(16).fill(6));
});

it("gives up what is not wanted any more, and asks for nothing twice", async () => {
  const { cache, asked, aborted } = setUp();
  cache.want([1, 2].map(at));
  cache.want([2, 3].map(at));
  expect(aborted).toEqual([1]);
  expect(asked).toEqual([1, 2, 3]);
  await vi.advanceTimersByTimeAsync(50);
  expect([1, 2, 3].map((frame) => cache.has(at(frame)))).toEqual([false, true, true]);
});

it("lets the least recently used go first, and never what is in sight", async () => {
  const { cache } = setUp({ mostBytes: 3 * 32 });
  cache.want([1, 2, 3].map(at));
  await vi.advanceTimersByTimeAsync(50);
  cache.get(at(1));
  cache.want([3, 4].map(at));
  await vi.advanceTimersByTimeAsync(50);
  expect([1, 2, 3, 4].map((frame) => cache.has(at(frame)))).toEqual([true, false, true, true]);
});

it("tries a failing tile three times, says so, and once more when told to", async () => {
  let broken = true;
  const { cache, asked, failures } = setUp({
    load: async () => {
      if (broken) throw new Error("The server is tired.");
      return new Uint8Array([9]).buffer;
    },
  });
  cache.want([at(0)]);
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toEqual([0, 0, 0]);
  expect(failures).toEqual(["Frame 1 could not be loaded. The server is tired."]);
  broken = false;
  cache.retry();
  await vi.advanceTimersByTimeAsync(100);
  expect(cache.has(at(0))).toBe(true);
});
