// Seeded randomness for tests that try many cases.

import { type Bitmap, emptyBitmap } from "../src/geometry/bitmap";

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

export function randomBitmap(next: () => number, height: number, width: number): Bitmap {
  const bitmap = emptyBitmap(height, width);
  const share = next();
  for (let index = 0; index < bitmap.data.length; index++) bitmap.data[index] = next() < share ? 1 : 0;
  return bitmap;
}
