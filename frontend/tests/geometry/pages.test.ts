import { describe, expect, it } from "vitest";
import { fillRuns } from "../../src/geometry/bitmap";
import { fillPage, MOST_PAGES, pagesIn, pagesOf } from "../../src/geometry/pages";
import type { Runs } from "../../src/geometry/rle";
import { strokeRuns } from "../../src/geometry/stroke";

describe("pagesOf", () => {
  it.each([
    [256, 256, 256, 1],
    [257, 300, 256, 4],
    [4096, 4096, 256, 256],
    [8192, 8192, 512, 256],
    [16_384, 16_384, 1024, 256],
    [5000, 300, 256, 40],
  ])("cuts %d×%d into pages of %d", (height, width, side, count) => {
    const pages = pagesOf({ height, width });
    expect(pages.side).toBe(side);
    expect(pages.rows * pages.columns).toBe(count);
    expect(count).toBeLessThanOrEqual(MOST_PAGES);
  });
});

describe("pagesIn", () => {
  const pages = pagesOf({ height: 600, width: 900 }); // 3 rows of 4
  it("finds every page that a box touches, and no other", () => {
    expect(pagesIn(pages, [255, 255, 257, 257])).toEqual([0, 1, 4, 5]);
    expect(pagesIn(pages, [256, 0, 512, 256])).toEqual([1]);
    expect(pagesIn(pages, [10, 10, 10, 20])).toEqual([]);
    expect(pagesIn(pages, [-50, -50, 2000, 2000])).toHaveLength(12);
  });
});

describe("fillPage", () => {
  const height = 700;
  const width = 600;
  const whole = (runs: Runs, label: number) => {
    const raster = { height, width, data: new Uint16Array(height * width) };
    fillRuns(raster, runs, label);
    return raster.data;
  };

  it.each<[string, Runs]>([
    [
      "an object across pages",
      strokeRuns(
        {
          path: [
            { x: 100, y: 100 },
            { x: 580, y: 650 },
          ],
          diameter: 91,
        },
        height,
        width,
      ),
    ],
    [
      "a run over many columns",
      { height, width, bounds: Uint32Array.of(250, 300 * height + 5, 310 * height + 690, 312 * height) },
    ],
    ["the whole frame", { height, width, bounds: Uint32Array.of(0, height * width) }],
    ["nothing", { height, width, bounds: Uint32Array.of() }],
  ])("puts together what the frame has: %s", (_, runs) => {
    const { side, columns, rows } = pagesOf({ height, width });
    const expected = whole(runs, 7);
    for (let page = 0; page < columns * rows; page++) {
      const [x0, y0] = [(page % columns) * side, Math.floor(page / columns) * side];
      const data = new Uint16Array(side * side);
      fillPage({ height: side, width: side, data }, runs, 7, x0, y0);
      let wrong = 0;
      for (let row = 0; row < side; row++) {
        for (let column = 0; column < side; column++) {
          const inside = x0 + column < width && y0 + row < height;
          const wanted = inside ? expected[(y0 + row) * width + x0 + column] : 0;
          if (data[row * side + column] !== wanted) wrong++;
        }
      }
      expect(wrong).toBe(0);
    }
  });
});
