import { expect, it } from "vitest";
import { corners, lengthText, placeScaleBar, USUAL_SCALE_BAR } from "../../src/geometry/scale_bar";

const half = { pixel_size: 0.5, unit: "nm" };
const size = { width: 800, height: 600 };

it("is as long as asked for, in the calibration's unit", () => {
  const bar = placeScaleBar(half, { ...USUAL_SCALE_BAR, length: 40 }, 3, size);
  expect(bar.length).toBe(240); // 40 nm are 80 image pixels, three screen pixels each
  expect(bar.text).toBe("40 nm");
  const bare = placeScaleBar({ pixel_size: null, unit: "px" }, { ...USUAL_SCALE_BAR, length: 40 }, 3, size);
  expect([bare.length, bare.text]).toEqual([120, "40 px"]);
});

it.each(corners)("lies inside, in the corner %s, at every size", (corner) => {
  for (const magnified of [0.5, 1, 4]) {
    const { plate, x, y, length, thickness } = placeScaleBar(
      half,
      { ...USUAL_SCALE_BAR, corner },
      1,
      size,
      magnified,
    );
    expect(plate.x).toBeGreaterThanOrEqual(0);
    expect(plate.y).toBeGreaterThanOrEqual(0);
    expect(plate.x + plate.width).toBeLessThanOrEqual(size.width);
    expect(plate.y + plate.height).toBeLessThanOrEqual(size.height);
    expect(x).toBeGreaterThanOrEqual(plate.x);
    expect(x + length).toBeLessThanOrEqual(plate.x + plate.width);
    expect(y + thickness).toBeLessThanOrEqual(plate.y + plate.height);
    expect(plate.x < size.width / 2).toBe(corner.endsWith("left"));
    expect(plate.y < size.height / 2).toBe(corner.startsWith("top"));
  }
});

it("says lengths with the prefix that keeps them short", () => {
  expect(lengthText(80, half)).toBe("40 nm");
  expect(lengthText(5000, half)).toBe("2.5 µm");
  expect(lengthText(1, { pixel_size: 0.05, unit: "nm" })).toBe("50 pm");
  expect(lengthText(12.345, { pixel_size: null, unit: "px" })).toBe("12.35 px");
  expect(lengthText(10, { pixel_size: 2, unit: "steps" })).toBe("20 steps");
});
