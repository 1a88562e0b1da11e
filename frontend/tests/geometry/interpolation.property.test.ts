import fc from "fast-check";
import { expect, it } from "vitest";
import { between } from "../../src/geometry/interpolation";
import { areaPx, boxXyxy, difference, intersection, union } from "../../src/geometry/rle";
import { strokeRuns } from "../../src/geometry/stroke";
import { masks } from "../bitmaps";

const SIZE = 24;
const pairs = fc.tuple(masks(SIZE, SIZE), masks(SIZE, SIZE));
const ways = fc
  .integer({ min: 2, max: 9 })
  .chain((steps) => fc.tuple(fc.integer({ min: 0, max: steps }), fc.constant(steps)));
const disc = (x: number, y: number, diameter: number) => strokeRuns({ path: [{ x, y }], diameter }, 60, 60);

it("begins and ends with the two masks themselves", () => {
  fc.assert(
    fc.property(pairs, ways, ([a, b], [, steps]) => {
      expect(between(a, b, 0, steps)).toEqual(a);
      expect(between(a, b, steps, steps)).toEqual(b);
    }),
  );
});

it("passes the same masks on the way back, but for the middle between an empty mask and another", () => {
  fc.assert(
    fc.property(pairs, ways, ([a, b], [step, steps]) => {
      fc.pre(areaPx(a) > 0 && areaPx(b) > 0);
      expect(between(a, b, step, steps)).toEqual(between(b, a, steps - step, steps));
    }),
  );
});

it("grows from step to step from a mask to one that holds it", () => {
  fc.assert(
    fc.property(pairs, ways, ([a, b], [step, steps]) => {
      fc.pre(step < steps && areaPx(a) > 0);
      const outer = union(a, b);
      const [now, next] = [between(a, outer, step, steps), between(a, outer, step + 1, steps)];
      expect(areaPx(difference(now, next))).toBe(0);
      expect(areaPx(difference(a, now))).toBe(0);
      expect(areaPx(difference(next, outer))).toBe(0);
    }),
  );
});

it("carries an object along without changing its shape", () => {
  const middle = between(disc(12, 12, 11), disc(40, 32, 11), 1, 2);
  expect(middle).toEqual(disc(26, 22, 11));
});

it("passes the sizes in between where an object grows", () => {
  const areas = [0, 1, 2, 3, 4].map((step) => areaPx(between(disc(30, 30, 9), disc(30, 30, 25), step, 4)));
  expect(areas).toEqual(areas.toSorted((a, b) => a - b));
  const [x0, , x1] = boxXyxy(between(disc(30, 30, 9), disc(30, 30, 25), 1, 2));
  expect(x1 - x0).toBe(17);
});

it("stays inside the frame", () => {
  const moved = between(disc(3, 3, 11), disc(57, 57, 11), 1, 4);
  expect(areaPx(intersection(moved, disc(30, 30, 200)))).toBe(areaPx(moved));
});
