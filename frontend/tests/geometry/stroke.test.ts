import { expect, it } from "vitest";
import { emptyBitmap, fillRuns, joinBoxes } from "../../src/geometry/bitmap";
import { areaPx, boxXyxy } from "../../src/geometry/rle";
import { type Point, snap, strokeRuns } from "../../src/geometry/stroke";
import { random } from "../random";

/** By definition: pixel centres no farther than the radius from the (snapped) path. */
function expected(path: Point[], diameter: number, height: number, width: number): number[] {
  const pixels: number[] = [];
  const snapped = path.map((point) => snap(point, diameter));
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const near = snapped.some((b, index) => {
        const a = snapped[Math.max(0, index - 1)] as Point;
        const along = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
        const dot = (column + 0.5 - a.x) * (b.x - a.x) + (row + 0.5 - a.y) * (b.y - a.y);
        const t = along === 0 ? 0 : Math.min(1, Math.max(0, dot / along));
        const gap = Math.hypot(column + 0.5 - a.x - t * (b.x - a.x), row + 0.5 - a.y - t * (b.y - a.y));
        return gap <= diameter / 2 + 1e-9;
      });
      pixels.push(near ? 1 : 0);
    }
  }
  return pixels;
}

it("covers exactly the pixels within the radius of the path, also where it leaves the frame", () => {
  const next = random(11);
  for (let round = 0; round < 40; round++) {
    const diameter = 1 + Math.floor(next() * 9);
    const path = Array.from({ length: 1 + Math.floor(next() * 4) }, () => ({
      x: next() * 40 - 8,
      y: next() * 30 - 5,
    }));
    const runs = strokeRuns({ path, diameter }, 20, 24);
    const bitmap = emptyBitmap(20, 24);
    fillRuns(bitmap, runs, 1);
    expect([...bitmap.data]).toEqual(expected(path, diameter, 20, 24));
  }
});

it("paints one pixel with the smallest brush, the one under the pointer", () => {
  const runs = strokeRuns({ path: [{ x: 3.95, y: 2.05 }], diameter: 1 }, 6, 6);
  expect(areaPx(runs)).toBe(1);
  expect(boxXyxy(runs)).toEqual([3, 2, 4, 3]);
});

it("paints nothing when the whole stroke is outside", () => {
  expect(areaPx(strokeRuns({ path: [{ x: -50, y: -50 }], diameter: 5 }, 6, 6))).toBe(0);
});

it("joins boxes, and an empty one adds nothing", () => {
  expect(joinBoxes([1, 2, 3, 4], [2, 0, 5, 3])).toEqual([1, 0, 5, 4]);
  expect(joinBoxes([0, 0, 0, 0], [2, 1, 5, 3])).toEqual([2, 1, 5, 3]);
  expect(joinBoxes([2, 1, 5, 3], [0, 0, 0, 0])).toEqual([2, 1, 5, 3]);
});
