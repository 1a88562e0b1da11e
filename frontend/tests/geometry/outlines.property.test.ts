import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutAlong } from "../../src/geometry/cut";
import { polygonRuns } from "../../src/geometry/polygon";
import { areaPx, boxXyxy, contains, intersection, union } from "../../src/geometry/rle";
import { type Point, strokeRuns } from "../../src/geometry/stroke";
import { masks, pixelsOf } from "../bitmaps";

const HEIGHT = 18;
const WIDTH = 22;
const corners = fc.array(
  fc.record({
    x: fc.integer({ min: -40, max: 250 }).map((tenth) => tenth / 10 + 0.03),
    y: fc.integer({ min: -40, max: 220 }).map((tenth) => tenth / 10 + 0.07),
  }),
  { minLength: 3, maxLength: 9 },
);

/** By definition: how often the outline turns around the point. */
function winding(outline: readonly Point[], at: Point): number {
  const turns = outline.map((from, index) => {
    const to = outline[(index + 1) % outline.length] as Point;
    const [a, b] = [Math.atan2(from.y - at.y, from.x - at.x), Math.atan2(to.y - at.y, to.x - at.x)];
    return Math.atan2(Math.sin(b - a), Math.cos(b - a));
  });
  return Math.round(turns.reduce((sum, turn) => sum + turn, 0) / (2 * Math.PI));
}

/** On the line itself a centre is neither inside nor outside. */
function gapTo(outline: readonly Point[], at: Point): number {
  const gaps = outline.map((from, index) => {
    const to = outline[(index + 1) % outline.length] as Point;
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const along = ((at.x - from.x) * dx + (at.y - from.y) * dy) / (dx * dx + dy * dy || 1);
    const t = Math.min(1, Math.max(0, along));
    return Math.hypot(at.x - from.x - t * dx, at.y - from.y - t * dy);
  });
  return Math.min(...gaps);
}

describe("an outline", () => {
  it("encloses the pixels whose centres it winds around", () => {
    fc.assert(
      fc.property(corners, (outline) => {
        const pixels = pixelsOf(polygonRuns(outline, HEIGHT, WIDTH));
        pixels.forEach((pixel, at) => {
          const centre = { x: (at % WIDTH) + 0.5, y: Math.floor(at / WIDTH) + 0.5 };
          if (gapTo(outline, centre) > 1e-9) expect(pixel).toBe(Number(winding(outline, centre) !== 0));
        });
      }),
    );
  });

  it("encloses the same whichever way it is drawn, and whole pixels exactly", () => {
    fc.assert(
      fc.property(corners, (outline) => {
        expect(polygonRuns(outline.toReversed(), HEIGHT, WIDTH)).toEqual(polygonRuns(outline, HEIGHT, WIDTH));
      }),
    );
    const square = [
      [2, 3],
      [9, 3],
      [9, 8],
      [2, 8],
    ].map(([x = 0, y = 0]) => ({ x, y }));
    const runs = polygonRuns(square, HEIGHT, WIDTH);
    expect([areaPx(runs), boxXyxy(runs)]).toEqual([35, [2, 3, 9, 8]]);
  });
});

describe("a cut", () => {
  const lines = fc.array(
    fc.record({ x: fc.integer({ min: -2, max: 24 }), y: fc.integer({ min: -2, max: 20 }) }),
    { minLength: 2, maxLength: 4 },
  );

  it("loses no pixel and counts none twice, and the larger part comes first", () => {
    fc.assert(
      fc.property(masks(HEIGHT, WIDTH), lines, (mask, line) => {
        const parts = cutAlong(mask, line);
        if (parts === null) return;
        const [larger, smaller] = parts;
        expect(union(larger, smaller)).toEqual(mask);
        expect(areaPx(intersection(larger, smaller))).toBe(0);
        expect(areaPx(larger)).toBeGreaterThanOrEqual(areaPx(smaller));
        expect(areaPx(smaller)).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });

  it("divides where the line passes", () => {
    const bar = polygonRuns(rectangle(2, 4, 20, 10), HEIGHT, WIDTH);
    const parts = cutAlong(bar, [
      { x: 8.5, y: 0 },
      { x: 8.5, y: 17 },
    ]);
    expect(parts?.map(boxXyxy)).toEqual([
      [expect.toSatisfy((x0: number) => x0 === 8 || x0 === 9), 4, 20, 10],
      [2, 4, expect.toSatisfy((x1: number) => x1 === 8 || x1 === 9), 10],
    ]);
  });

  it("divides nothing where the line ends inside, or misses", () => {
    const bar = polygonRuns(rectangle(2, 4, 20, 10), HEIGHT, WIDTH);
    for (const line of [
      [
        { x: 8, y: 0 },
        { x: 8, y: 7 },
      ],
      [
        { x: 0, y: 1 },
        { x: 20, y: 1 },
      ],
    ]) {
      expect(cutAlong(bar, line)).toBeNull();
    }
  });

  it("makes two objects of two arms and a back, and leaves islands that the line does not touch", () => {
    const comb = [rectangle(2, 2, 6, 16), rectangle(2, 2, 18, 6), rectangle(2, 12, 18, 16)]
      .map((part) => polygonRuns(part, HEIGHT, WIDTH))
      .reduce(union);
    const island = strokeRuns({ path: [{ x: 20.5, y: 9.5 }], diameter: 1 }, HEIGHT, WIDTH);
    const parts = cutAlong(union(comb, island), [
      { x: 7.2, y: 0 },
      { x: 7.2, y: 17.5 },
    ]);
    if (parts === null) throw new Error("The line passes both arms.");
    const [larger, smaller] = parts;
    expect(contains(larger, 12, 4)).toBe(true);
    expect(contains(larger, 12, 14)).toBe(true);
    expect(contains(larger, 20.5, 9.5)).toBe(true);
    expect(contains(smaller, 3, 9)).toBe(true);
  });
});

function rectangle(x0: number, y0: number, x1: number, y1: number): Point[] {
  return [
    { x: x0, y: y0 },
    { x: x1, y: y0 },
    { x: x1, y: y1 },
    { x: x0, y: y1 },
  ];
}
