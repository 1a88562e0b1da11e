import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bitmap, runsOf } from "../../src/geometry/bitmap";
import { squaredDistance } from "../../src/geometry/distance";
import { fillHoles, grow, shrink, smooth } from "../../src/geometry/morphology";
import { areaPx, decode, difference, encode } from "../../src/geometry/rle";
import { strokeRuns } from "../../src/geometry/stroke";
import { bitmaps, blobs, pixelsOf } from "../bitmaps";

const HEIGHT = 12;
const WIDTH = 15;
const shapes = fc.oneof(bitmaps(HEIGHT, WIDTH), blobs(HEIGHT, WIDTH));
const radii = fc.integer({ min: 1, max: 4 });

/** By definition, pixel by pixel: whether any pixel with this value lies within a radius. Nothing lies beyond the frame. */
function near({ height, width, data }: Bitmap, value: number, radius: number): boolean[] {
  return [...data].map((_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    for (let row = Math.max(0, y - radius); row <= Math.min(height - 1, y + radius); row++) {
      for (let column = Math.max(0, x - radius); column <= Math.min(width - 1, x + radius); column++) {
        const close = (row - y) ** 2 + (column - x) ** 2 <= radius * radius;
        if (close && data[row * width + column] === value) return true;
      }
    }
    return false;
  });
}

const dilated = (bitmap: Bitmap, radius: number): Bitmap => ({
  ...bitmap,
  data: Uint8Array.from(near(bitmap, 1, radius), Number),
});
const eroded = (bitmap: Bitmap, radius: number): Bitmap => ({
  ...bitmap,
  data: Uint8Array.from(near(bitmap, 0, radius), (found) => Number(!found)),
});

/** By definition: background that a path of edge neighbours joins to the frame's border is outside. */
function filled({ height, width, data }: Bitmap): number[] {
  const outside = [...data].map(() => false);
  for (let changed = true; changed; ) {
    changed = false;
    data.forEach((value, at) => {
      if (value === 1 || outside[at] === true) return;
      const [x, y] = [at % width, Math.floor(at / width)];
      const reached =
        x === 0 ||
        y === 0 ||
        x === width - 1 ||
        y === height - 1 ||
        [at - 1, at + 1, at - width, at + width].some((next) => outside[next] === true);
      if (!reached) return;
      outside[at] = true;
      changed = true;
    });
  }
  return outside.map((out) => Number(!out));
}

it("measures the distance to the nearest pixel exactly", () => {
  fc.assert(
    fc.property(bitmaps(7, 9), (bitmap) => {
      const distances = squaredDistance(bitmap, 1);
      distances.forEach((squared, at) => {
        let least = Number.POSITIVE_INFINITY;
        bitmap.data.forEach((value, other) => {
          if (value === 0) return;
          const dx = (other % 9) - (at % 9);
          const dy = Math.floor(other / 9) - Math.floor(at / 9);
          least = Math.min(least, dx * dx + dy * dy);
        });
        expect(squared).toBe(least);
      });
    }),
  );
});

describe("against the definition, pixel by pixel", () => {
  it("grows and shrinks with a disc", () => {
    fc.assert(
      fc.property(shapes, radii, (bitmap, radius) => {
        expect(pixelsOf(grow(runsOf(bitmap), radius))).toEqual([...dilated(bitmap, radius).data]);
        expect(pixelsOf(shrink(runsOf(bitmap), radius))).toEqual([...eroded(bitmap, radius).data]);
        expect(grow(runsOf(bitmap), -radius)).toEqual(shrink(runsOf(bitmap), radius));
      }),
    );
  });

  it("smooths by opening and closing", () => {
    fc.assert(
      fc.property(shapes, radii, (bitmap, radius) => {
        const opened = dilated(eroded(bitmap, radius), radius);
        const closed = eroded(dilated(opened, radius), radius);
        expect(pixelsOf(smooth(runsOf(bitmap), radius))).toEqual([...closed.data]);
      }),
    );
  });

  it("fills holes and no bays", () => {
    fc.assert(
      fc.property(shapes, (bitmap) => {
        expect(pixelsOf(fillHoles(runsOf(bitmap)))).toEqual(filled(bitmap));
      }),
    );
  });
});

it("is quick on a frame of 8192 × 8192 px", () => {
  const size = 8192;
  const object = strokeRuns({ path: [{ x: 4000, y: 4000 }], diameter: 301 }, size, size);
  const start = performance.now();
  const larger = grow(object, 5);
  const smaller = shrink(object, 5);
  smooth(larger, 3);
  expect(performance.now() - start).toBeLessThan(2000); // a pass over the whole frame would take longer alone
  expect(areaPx(difference(object, larger))).toBe(0);
  expect(areaPx(difference(smaller, object))).toBe(0);
  expect(decode(encode(larger))).toEqual(larger);
});
