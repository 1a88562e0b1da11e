import fc from "fast-check";
import { expect, it } from "vitest";
import { runsOf } from "../../src/geometry/bitmap";
import { boxAround, runsOfWindow, windowOf } from "../../src/geometry/mask_window";
import {
  areaPx,
  boxXyxy,
  decode,
  difference,
  encode,
  intersection,
  runLengths,
  union,
} from "../../src/geometry/rle";
import { bitmaps, pixelsOf } from "../bitmaps";

const sizes = fc.record({ height: fc.integer({ min: 1, max: 9 }), width: fc.integer({ min: 1, max: 9 }) });
const pairs = sizes.chain(({ height, width }) => fc.tuple(bitmaps(height, width), bitmaps(height, width)));

it("says the same pixels as runs, as text and as a window, always in the one canonical way", () => {
  fc.assert(
    fc.property(pairs, fc.integer({ min: 0, max: 3 }), ([bitmap], margin) => {
      const runs = runsOf(bitmap);
      expect(pixelsOf(runs)).toEqual([...bitmap.data]);
      expect(decode(encode(runs))).toEqual(runs);
      expect(areaPx(runs)).toBe(bitmap.data.filter((value) => value === 1).length);
      expect(runLengths(runs).slice(1)).not.toContain(0);
      const box = boxAround([runs], margin);
      expect(runsOfWindow(windowOf(runs, box), bitmap.height, bitmap.width)).toEqual(runs);
      const [x0, y0, x1, y1] = boxXyxy(runs);
      const inside = bitmap.data.every((value, at) => {
        const [x, y] = [at % bitmap.width, Math.floor(at / bitmap.width)];
        return value === 0 || (x >= x0 && x < x1 && y >= y0 && y < y1);
      });
      expect(inside).toBe(true);
    }),
  );
});

it("combines masks as their pixels combine", () => {
  fc.assert(
    fc.property(pairs, ([first, second]) => {
      const [a, b] = [runsOf(first), runsOf(second)];
      const both = (combine: (one: number, other: number) => boolean) =>
        [...first.data].map((one, at) => Number(combine(one, second.data[at] as number)));
      expect(pixelsOf(union(a, b))).toEqual(both((one, other) => one + other > 0));
      expect(pixelsOf(intersection(a, b))).toEqual(both((one, other) => one + other === 2));
      expect(pixelsOf(difference(a, b))).toEqual(both((one, other) => one > other));
      expect(union(difference(a, b), intersection(a, b))).toEqual(a);
    }),
  );
});
