import { expect, it } from "vitest";
import { autoWindow, binWidth } from "../../../src/pages/annotator/window";

function histogram(values: Record<number, number>) {
  const counts = new Array<number>(256).fill(0);
  for (const [bin, count] of Object.entries(values)) counts[Number(bin)] = count;
  return { low: 3, high: 250, counts, min: 0, max: 256 };
}

it("reads the bins as the server makes them: from the darkest to the brightest value, not between percentiles", () => {
  const bright = { ...histogram({ 0: 1, 128: 998, 255: 1 }), low: 600, high: 700, min: 512, max: 1024 };
  expect(binWidth(bright)).toBe(2);
  expect(autoWindow(bright)).toEqual({ low: 512 + 2 * 128, high: 512 + 2 * 129 });
});

it("cuts off 0.35 % on either side, so that a dead pixel does not spoil the contrast", () => {
  const values = histogram({ 3: 2, 60: 500, 120: 500, 250: 2 });
  expect(autoWindow(values)).toEqual({ low: 60, high: 121 });
});

it("takes everything when a few values hold all pixels", () => {
  expect(autoWindow(histogram({ 10: 500, 200: 500 }))).toEqual({ low: 10, high: 201 });
});

it("has a window even for a flat or an empty frame", () => {
  const flat = { ...histogram({ 7: 100 }), min: 7, max: 7 };
  expect(autoWindow(flat)).toEqual({ low: 7, high: 8 });
  expect(autoWindow({ ...histogram({}), min: 0, max: 0 })).toEqual({ low: 0, high: 1 });
});
