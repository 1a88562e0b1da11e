import { expect, it } from "vitest";
import { strokeRuns } from "../../src/geometry/stroke";
import type { PixelStore } from "../../src/protocol/rest";
import { cropAround, cropLevel, cropTiles, outlineCrop, paintCrop } from "../../src/render/crop";
import type { ChunkPlace } from "../../src/state/annotator/model";

const SIDE = 64;
const display = { low: 0, high: 255, gamma: 1, invert: false };

/** 512 × 384 px in tiles of 256 × 256, with a level of half the size. */
const store: PixelStore = {
  levels: [
    { height: 384, width: 512, chunk: [256, 256], scale: 1 },
    { height: 192, width: 256, chunk: [192, 256], scale: 2 },
  ],
  dtype: "uint8",
  channels: 1,
  compressor: "zstd",
  store: "hash",
};

/** The frame's brightness is its column, at whatever level. */
function pixelsOf({ level, column }: ChunkPlace): Uint8Array {
  const [height = 0, width = 0] = store.levels[level]?.chunk ?? [];
  const scale = store.levels[level]?.scale ?? 1;
  return Uint8Array.from(
    { length: height * width },
    (_, at) => (scale * ((at % width) + column * width)) / 2,
  );
}

const grey = (picture: Uint8ClampedArray, row: number, column: number) => [
  ...picture.slice(4 * (row * SIDE + column), 4 * (row * SIDE + column) + 4),
];

it("is a square with room around the mask", () => {
  expect(cropAround(3, [100, 100, 140, 120])).toEqual({ frame: 3, x0: 86, y0: 76, side: 68 });
  expect(cropAround(3, [100, 100, 102, 102]).side).toBe(24);
});

it("takes the coarsest level that fills the picture", () => {
  expect(cropLevel(store, { frame: 0, x0: 0, y0: 0, side: 100 }, SIDE)).toBe(0);
  expect(cropLevel(store, { frame: 0, x0: 0, y0: 0, side: 128 }, SIDE)).toBe(1);
});

it("needs the tiles under it, and none beyond the image", () => {
  const crop = { frame: 5, x0: 230, y0: 230, side: 60 };
  expect(cropTiles(store, crop, SIDE).map(({ row, column }) => [row, column])).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  expect(cropTiles(store, { frame: 5, x0: -20, y0: -20, side: 60 }, SIDE)).toHaveLength(1);
});

it("shows the pixels through the display's window", () => {
  const crop = { frame: 0, x0: 224, y0: 100, side: 64 };
  const paint = (look: typeof display) => paintCrop(store, pixelsOf, crop, SIDE, look, null, [0, 0, 0]);
  expect(grey(paint(display), 10, 0)).toEqual([112, 112, 112, 255]);
  expect(grey(paint(display), 10, 40)).toEqual([132, 132, 132, 255]); // in the next tile
  expect(grey(paint({ ...display, invert: true }), 10, 0)).toEqual([143, 143, 143, 255]);
  expect(grey(paint({ ...display, low: 100, high: 110 }), 10, 0)).toEqual([255, 255, 255, 255]);
  expect(grey(paint({ ...display, gamma: 2 }), 10, 0)[0]).toBeCloseTo(255 * (112 / 255) ** 2, 0);
});

it("is see-through beyond the image and where a tile is missing", () => {
  const crop = { frame: 0, x0: -32, y0: 100, side: 64 };
  const picture = paintCrop(store, pixelsOf, crop, SIDE, display, null, [0, 0, 0]);
  expect(grey(picture, 5, 31)[3]).toBe(0);
  expect(grey(picture, 5, 32)[3]).toBe(255);
  expect(paintCrop(store, () => undefined, crop, SIDE, display, null, [0, 0, 0]).some(Boolean)).toBe(false);
});

it("outlines the mask in the object's colour", () => {
  const mask = strokeRuns({ path: [{ x: 130, y: 130 }], diameter: 20 }, 384, 512);
  const picture = paintCrop(
    store,
    pixelsOf,
    cropAround(0, [120, 120, 140, 140]),
    SIDE,
    display,
    mask,
    [9, 8, 7],
  );
  const isEdge = (row: number, column: number) => grey(picture, row, column).join() === "9,8,7,255";
  const across = Array.from({ length: SIDE }, (_, column) => isEdge(32, column));
  expect(across.some(Boolean)).toBe(true);
  expect(isEdge(32, 32)).toBe(false); // the inside stays free
  expect(isEdge(2, 2)).toBe(false);
});

it("gets another outline, with gaps where it is dashed", () => {
  const crop = { frame: 0, x0: 0, y0: 0, side: SIDE };
  const mask = strokeRuns({ path: [{ x: 32, y: 32 }], diameter: 40 }, 384, 512);
  const drawn = (dashed: boolean) => {
    const picture = new Uint8ClampedArray(SIDE * SIDE * 4);
    outlineCrop(picture, crop, SIDE, mask, [230, 120, 0], dashed);
    return picture.filter((value) => value === 230).length;
  };
  expect(drawn(false)).toBeGreaterThan(100);
  expect(drawn(true)).toBeGreaterThan(0.4 * drawn(false));
  expect(drawn(true)).toBeLessThan(0.85 * drawn(false));
});
