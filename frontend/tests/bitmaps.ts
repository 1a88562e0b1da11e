// Random masks for properties, as bitmaps of which a failing one is made smaller.

import fc from "fast-check";
import { type Bitmap, emptyBitmap, fillRuns, runsOf } from "../src/geometry/bitmap";
import type { Runs } from "../src/geometry/rle";

/** Any pixels at all. */
export function bitmaps(height: number, width: number): fc.Arbitrary<Bitmap> {
  return fc
    .array(fc.boolean(), { minLength: height * width, maxLength: height * width })
    .map((pixels) => ({ height, width, data: Uint8Array.from(pixels, Number) }));
}

/** A few rectangles: what objects look like, with holes and islands. */
export function blobs(height: number, width: number): fc.Arbitrary<Bitmap> {
  const rectangle = fc.record({
    x: fc.integer({ min: 0, max: width - 1 }),
    y: fc.integer({ min: 0, max: height - 1 }),
    w: fc.integer({ min: 1, max: width }),
    h: fc.integer({ min: 1, max: height }),
    value: fc.constantFrom(1, 1, 0),
  });
  return fc.array(rectangle, { minLength: 1, maxLength: 5 }).map((parts) => {
    const bitmap = emptyBitmap(height, width);
    for (const { x, y, w, h, value } of parts) {
      for (let row = y; row < Math.min(height, y + h); row++) {
        bitmap.data.fill(value, row * width + x, row * width + Math.min(width, x + w));
      }
    }
    return bitmap;
  });
}

export function pixelsOf(runs: Runs): number[] {
  const bitmap = emptyBitmap(runs.height, runs.width);
  fillRuns(bitmap, runs, 1);
  return [...bitmap.data];
}

export const masks = (height: number, width: number): fc.Arbitrary<Runs> =>
  blobs(height, width).map((bitmap) => runsOf(bitmap));
