import { expect, it } from "vitest";
import { areaText, scaleBar } from "../../src/geometry/calibration";

const nm = { pixel_size: 0.25, unit: "nm" };
const none = { pixel_size: null, unit: "nm" };

it.each([
  [nm, 100, 80, "20 nm"],
  [nm, 8100, 8000, "2 µm"],
  [nm, 3, 2, "500 pm"],
  [{ pixel_size: 0.01, unit: "µm" }, 70, 50, "500 nm"],
  [{ pixel_size: 2, unit: "Å" }, 60, 50, "10 nm"],
  [{ pixel_size: 0.5, unit: "1/nm" }, 9, 4, "2 1/nm"],
  [none, 140, 100, "100 px"],
  [none, 0.3, 1, "1 px"],
])("draws a bar of round length: %o, at most %d px", (calibration, longest, lengthPx, text) => {
  const bar = scaleBar(calibration, longest);
  expect(bar.text).toBe(text);
  expect(bar.lengthPx).toBeCloseTo(lengthPx, 9);
});

it("never exceeds the length it may have", () => {
  for (let longest = 1; longest < 5000; longest *= 1.37) {
    for (const calibration of [nm, none, { pixel_size: 3.3e-4, unit: "mm" }]) {
      const { lengthPx } = scaleBar(calibration, longest);
      expect(lengthPx).toBeLessThanOrEqual(longest * 1.000001);
      expect(lengthPx).toBeGreaterThan(longest / 2.6);
    }
  }
});

it.each([
  [400, nm, "25 nm²"],
  [8, nm, "0.5 nm²"],
  [40000, { pixel_size: 1, unit: "nm" }, "40000 nm²"],
  [1234, none, "1,234 px"],
  [1e6, { pixel_size: 10, unit: "nm" }, "100 µm²"],
  [10, { pixel_size: 1, unit: "voxel" }, "10 voxel²"],
])("writes an area of %d px with %o", (area, calibration, text) => {
  expect(areaText(area, calibration)).toBe(text);
});
