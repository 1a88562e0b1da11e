// Decoded tiles of the series: a wish list decides what is loaded next, the least recently used go first.

import type { DType, PixelStore } from "../protocol/rest";
import type { ChunkPlace } from "../state/annotator/model";
import type { Decode } from "./decoder";

export type Pixels = Uint8Array | Uint16Array | Float32Array;

export type LoadChunk = (place: ChunkPlace, signal: AbortSignal) => Promise<ArrayBuffer>;

interface Entry {
  readonly pixels: Pixels;
  used: number;
}

const MOST_BYTES = 384 * 2 ** 20;
const MOST_REQUESTS = 4;
const MOST_ATTEMPTS = 3;

export class ChunkCache {
  private readonly entries = new Map<string, Entry>();
  private readonly loading = new Map<string, AbortController>();
  private readonly failures = new Map<string, number>();
  private wishes: readonly ChunkPlace[] = [];
  private bytes = 0;
  private clock = 0;
  private closed = false;

  constructor(
    private readonly store: PixelStore,
    private readonly load: LoadChunk,
    private readonly decode: Decode,
    private readonly onLoaded: () => void,
    private readonly onFailed: (message: string) => void,
    private readonly mostBytes = MOST_BYTES,
  ) {}

  get(place: ChunkPlace): Pixels | undefined {
    const entry = this.entries.get(keyOf(place));
    if (entry !== undefined) entry.used = ++this.clock;
    return entry?.pixels;
  }

  has(place: ChunkPlace): boolean {
    return this.entries.has(keyOf(place));
  }

  /** What is needed from now on, most urgent first. Requests for anything else are given up. */
  want(wishes: readonly ChunkPlace[]): void {
    this.wishes = wishes;
    const wanted = new Set(wishes.map(keyOf));
    for (const [key, request] of this.loading) {
      if (!wanted.has(key)) {
        request.abort();
        this.loading.delete(key);
      }
    }
    this.fill();
  }

  /** Gives failed tiles another chance: the connection is back. */
  retry(): void {
    this.failures.clear();
    this.fill();
  }

  close(): void {
    this.closed = true;
    for (const request of this.loading.values()) request.abort();
    this.entries.clear();
  }

  private fill(): void {
    if (this.closed) return;
    for (const place of this.wishes) {
      if (this.loading.size >= MOST_REQUESTS) return;
      const key = keyOf(place);
      if (this.entries.has(key) || this.loading.has(key)) continue;
      if ((this.failures.get(key) ?? 0) < MOST_ATTEMPTS) void this.fetch(place, key);
    }
  }

  private async fetch(place: ChunkPlace, key: string): Promise<void> {
    const request = new AbortController();
    this.loading.set(key, request);
    try {
      const bytes = await this.load(place, request.signal);
      const decoded = await this.decode(bytes, chunkBytes(this.store, place.level));
      if (request.signal.aborted) return;
      this.keep(key, typed(decoded, this.store.dtype));
      this.failures.delete(key);
      this.onLoaded();
    } catch (cause) {
      if (request.signal.aborted) return;
      const failures = (this.failures.get(key) ?? 0) + 1;
      this.failures.set(key, failures);
      if (failures === MOST_ATTEMPTS) {
        this.onFailed(
          `Frame ${place.frame + 1} could not be loaded. ${cause instanceof Error ? cause.message : ""}`,
        );
      }
    } finally {
      if (this.loading.get(key) === request) this.loading.delete(key);
      this.fill();
    }
  }

  private keep(key: string, pixels: Pixels): void {
    this.entries.set(key, { pixels, used: ++this.clock });
    this.bytes += pixels.byteLength;
    if (this.bytes <= this.mostBytes) return;
    const wanted = new Set(this.wishes.map(keyOf));
    const oldestFirst = [...this.entries].sort(([, a], [, b]) => a.used - b.used);
    for (const [old, entry] of oldestFirst) {
      if (this.bytes <= this.mostBytes) return;
      if (wanted.has(old)) continue;
      this.entries.delete(old);
      this.bytes -= entry.pixels.byteLength;
    }
  }
}

export function keyOf({ level, frame, row, column }: ChunkPlace): string {
  return `${level}/${frame}/${row}/${column}`;
}

function chunkBytes(store: PixelStore, level: number): number {
  const [height, width] = store.levels[level]?.chunk ?? [0, 0];
  return height * width * store.channels * { uint8: 1, uint16: 2, float32: 4 }[store.dtype];
}

function typed(bytes: ArrayBuffer, dtype: DType): Pixels {
  switch (dtype) {
    case "uint8":
      return new Uint8Array(bytes);
    case "uint16":
      return new Uint16Array(bytes);
    case "float32":
      return new Float32Array(bytes);
  }
}
