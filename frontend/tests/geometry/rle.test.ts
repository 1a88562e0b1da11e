import { describe, expect, it, test } from "vitest";
import fixture from "../../../tests/fixtures/rle.json";
import { emptyBitmap, fillRuns, runsOf } from "../../src/geometry/bitmap";
import {
  anchor,
  areaPx,
  boxXyxy,
  compress,
  contains,
  decode,
  decompress,
  difference,
  encode,
  InvalidRle,
  intersection,
  type Runs,
  runLengths,
  union,
} from "../../src/geometry/rle";
import { random, randomBitmap } from "../random";

const { cases } = fixture;

function rows(runs: Runs): number[] {
  const bitmap = emptyBitmap(runs.height, runs.width);
  fillRuns(bitmap, runs, 1);
  return [...bitmap.data];
}

describe.each(cases)("shared case $name", (record) => {
  const rle = { size: [record.height, record.width] as [number, number], counts: record.counts };

  test("decompresses and compresses as recorded", () => {
    expect(decompress(record.counts)).toEqual(record.runs);
    expect(compress(record.runs)).toBe(record.counts);
  });

  test("decodes, measures and encodes as recorded", () => {
    const runs = decode(rle);
    expect(areaPx(runs)).toBe(record.area);
    expect(boxXyxy(runs)).toEqual(record.box_xyxy);
    expect(encode(runs)).toEqual(rle);
  });

  test("survives the way through a bitmap", () => {
    const runs = decode(rle);
    const bitmap = emptyBitmap(runs.height, runs.width);
    fillRuns(bitmap, runs, 1);
    expect(runsOf(bitmap)).toEqual(runs);
    expect(runsOf(bitmap, boxXyxy(runs))).toEqual(runs);
  });
});

it("refuses text that is damaged or does not fill the frame, and says why", () => {
  expect(() => decode({ size: [3, 4], counts: "0;" })).toThrow("cover 11 pixels; a frame of 3×4 has 12");
  expect(() => decode({ size: [3, 4], counts: "0P" })).toThrow(InvalidRle); // ends inside a number
  expect(() => decode({ size: [3, 4], counts: "0 " })).toThrow(InvalidRle); // a character below "0"
  expect(() => decode({ size: [3, 4], counts: "O=" })).toThrow("cannot be negative");
  expect(() => decode({ size: [3, 4], counts: "oooooooo0" })).toThrow("too large for any frame");
});

it("combines masks pixel by pixel", () => {
  const next = random(7);
  for (let round = 0; round < 60; round++) {
    const height = 1 + Math.floor(next() * 9);
    const width = 1 + Math.floor(next() * 9);
    const a = runsOf(randomBitmap(next, height, width));
    const b = runsOf(randomBitmap(next, height, width));
    const inA = rows(a);
    const inB = rows(b);
    expect(rows(union(a, b))).toEqual(inA.map((value, i) => value | (inB[i] ?? 0)));
    expect(rows(intersection(a, b))).toEqual(inA.map((value, i) => value & (inB[i] ?? 0)));
    expect(rows(difference(a, b))).toEqual(inA.map((value, i) => (value && !inB[i] ? 1 : 0)));
    // Canonical: what COCO would write for the same pixels.
    expect(runLengths(union(a, b)).slice(1)).not.toContain(0);
    expect(decode(encode(union(a, b)))).toEqual(union(a, b));
  }
});

it("refuses to combine masks of different frames", () => {
  const a = runsOf(emptyBitmap(2, 3));
  const b = runsOf(emptyBitmap(3, 2));
  expect(() => union(a, b)).toThrow("2×3 and 3×2");
});

it("anchors a label inside the mask, whatever its shape", () => {
  const next = random(5);
  for (let round = 0; round < 50; round++) {
    const runs = runsOf(randomBitmap(next, 9, 8));
    const point = anchor(runs);
    if (areaPx(runs) === 0) expect(point).toBeNull();
    else expect(point !== null && contains(runs, point.x, point.y)).toBe(true);
  }
});

it("finds the pixel under a point, and none outside the frame", () => {
  const next = random(3);
  const bitmap = randomBitmap(next, 6, 5);
  const runs = runsOf(bitmap);
  for (let row = 0; row < 6; row++) {
    for (let column = 0; column < 5; column++) {
      expect(contains(runs, column + 0.99, row)).toBe(bitmap.data[row * 5 + column] !== 0);
    }
  }
  for (const [x, y] of [
    [-0.1, 2],
    [5, 2],
    [2, -0.1],
    [2, 6],
  ] as const) {
    expect(contains(runs, x, y)).toBe(false);
  }
});
