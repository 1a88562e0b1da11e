import { expect, it } from "vitest";
import { fitView, type Viewport, zoomAt } from "../../src/geometry/viewport";
import type { PixelStore } from "../../src/protocol/rest";
import { levelFor, tilesInSight, valueAt } from "../../src/render/tiles";

const image = { width: 3000, height: 2000 };
const store: PixelStore = {
  levels: [
    { height: 2000, width: 3000, chunk: [1024, 1024], scale: 1 },
    { height: 1000, width: 1500, chunk: [1024, 1024], scale: 2 },
    { height: 500, width: 750, chunk: [1024, 1024], scale: 4 },
  ],
  dtype: "uint8",
  channels: 1,
  compressor: "zstd",
  store: "hash",
};
const canvas = { width: 1000, height: 800 };

function scaled(scale: number): Viewport {
  const view = fitView(canvas, image);
  return zoomAt(view, { x: 500, y: 400 }, scale / view.scale, image);
}

it.each([
  [1, 1, 0],
  [0.5, 1, 1],
  [0.5, 2, 0],
  [0.3, 1, 1],
  [0.25, 1, 2],
  [8, 1, 0],
])("has a texel for every device pixel: at scale %d and pixel ratio %d, level %d", (scale, ratio, level) => {
  expect(levelFor(store, scaled(scale), ratio)).toBe(level);
});

it("covers the whole image without gap or overlap when it is fitted", () => {
  const tiles = tilesInSight(store, fitView(canvas, image), 0, 3);
  expect(tiles).toHaveLength(6);
  const area = tiles.reduce((sum, tile) => sum + (tile.x1 - tile.x0) * (tile.y1 - tile.y0), 0);
  expect(area).toBe(image.width * image.height);
  expect(tiles.every((tile) => tile.frame === 3)).toBe(true);
});

it("leaves out tiles beside the canvas, and starts in the middle", () => {
  const close = { ...scaled(4), originX: 1100, originY: 1100 };
  expect(tilesInSight(store, close, 0, 0).map(({ row, column }) => [row, column])).toEqual([[1, 1]]);
  const wide = tilesInSight(store, { ...scaled(1), originX: 600, originY: 300 }, 0, 0);
  expect(wide.map(({ row, column }) => [row, column])[0]).toEqual([0, 1]);
});

it("reads a pixel's value from its tile, and none beside the image or before it is loaded", () => {
  const pixels = new Uint8Array(1024 * 1024);
  pixels[(1500 - 1024) * 1024 + (1100 - 1024)] = 77;
  const of = (place: { row: number; column: number }) =>
    place.row === 1 && place.column === 1 ? pixels : undefined;
  expect(valueAt(store, of, 0, 1100.7, 1500.2)).toEqual([77]);
  expect(valueAt(store, of, 0, 10, 10)).toBeNull();
  expect(valueAt(store, of, 0, -1, 10)).toBeNull();
  expect(valueAt(store, of, 0, 3000, 10)).toBeNull();
});
