// A small picture of one object: the frame around its mask through the display's window, with the mask's outline. Pure.

import type { BoxXyxy, Runs } from "../geometry/rle";
import { contains } from "../geometry/rle";
import type { ImageSize } from "../geometry/viewport";
import type { PixelStore } from "../protocol/rest";
import type { ChunkPlace, Display } from "../state/annotator/model";
import type { Pixels } from "./chunks";
import type { Colour } from "./colours";

/** A square of a frame, in image pixels; parts of it may lie beyond the image. */
export interface Crop {
  readonly frame: number;
  readonly x0: number;
  readonly y0: number;
  readonly side: number;
}

const MARGIN = 0.35;
const SMALLEST_SIDE = 24;

export function cropAround(frame: number, [x0, y0, x1, y1]: BoxXyxy): Crop {
  const side = Math.max(SMALLEST_SIDE, (1 + 2 * MARGIN) * Math.max(x1 - x0, y1 - y0));
  return { frame, x0: (x0 + x1 - side) / 2, y0: (y0 + y1 - side) / 2, side };
}

/** The coarsest level that has a pixel for every pixel of the picture. */
export function cropLevel({ levels }: PixelStore, crop: Crop, sidePx: number): number {
  const width = levels[0]?.width ?? 1;
  return levels.reduce(
    (chosen, level, index) => (crop.side * (level.width / width) >= sidePx ? index : chosen),
    0,
  );
}

/** The tiles that the picture needs. */
export function cropTiles(store: PixelStore, crop: Crop, sidePx: number): ChunkPlace[] {
  const level = cropLevel(store, crop, sidePx);
  const at = store.levels[level];
  const full = store.levels[0];
  if (at === undefined || full === undefined) return [];
  const [height, width] = at.chunk;
  const range = (from: number, scale: number, chunk: number, size: number) => {
    const first = Math.max(0, Math.floor((from * scale) / chunk));
    const last = Math.min(Math.ceil(size / chunk) - 1, Math.floor(((from + crop.side) * scale) / chunk));
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  };
  const columns = range(crop.x0, at.width / full.width, width, at.width);
  const rows = range(crop.y0, at.height / full.height, height, at.height);
  return rows.flatMap((row) => columns.map((column) => ({ level, frame: crop.frame, row, column })));
}

/** RGBA, `sidePx` squared. Beyond the image, and where tiles are missing, it is see-through. */
export function paintCrop(
  store: PixelStore,
  pixelsOf: (place: ChunkPlace) => Pixels | undefined,
  crop: Crop,
  sidePx: number,
  display: Pick<Display, "low" | "high" | "gamma" | "invert">,
  mask: Runs | null,
  colour: Colour,
): Uint8ClampedArray<ArrayBuffer> {
  const picture = new Uint8ClampedArray(sidePx * sidePx * 4);
  const level = cropLevel(store, crop, sidePx);
  const at = store.levels[level];
  const full = store.levels[0];
  if (at === undefined || full === undefined) return picture;
  const [chunkHeight, chunkWidth] = at.chunk;
  const tiles = new Map<number, Pixels | undefined>();
  const tileOf = (row: number, column: number) => {
    const key = row * 65_536 + column;
    if (!tiles.has(key)) tiles.set(key, pixelsOf({ level, frame: crop.frame, row, column }));
    return tiles.get(key);
  };
  const step = crop.side / sidePx;
  for (let row = 0; row < sidePx; row++) {
    for (let column = 0; column < sidePx; column++) {
      const place = (row * sidePx + column) * 4;
      const x = crop.x0 + (column + 0.5) * step;
      const y = crop.y0 + (row + 0.5) * step;
      const there = insideImage(x, y, full);
      const u = Math.floor((x * at.width) / full.width);
      const v = Math.floor((y * at.height) / full.height);
      const tile = there ? tileOf(Math.floor(v / chunkHeight), Math.floor(u / chunkWidth)) : undefined;
      if (tile !== undefined) {
        const inTile = (v % chunkHeight) * chunkWidth + (u % chunkWidth);
        for (let channel = 0; channel < 3; channel++) {
          const from = store.channels < 3 ? 0 : channel;
          picture[place + channel] = shade(tile[from * chunkHeight * chunkWidth + inTile] ?? 0, display);
        }
        picture[place + 3] = 255;
      }
      if (mask !== null && onEdge(mask, x, y, step)) picture.set([...colour, 255], place);
    }
  }
  return picture;
}

/** Draws another mask's outline into a picture of the crop, with gaps where it is dashed. */
export function outlineCrop(
  picture: Uint8ClampedArray,
  crop: Crop,
  sidePx: number,
  mask: Runs,
  colour: Colour,
  dashed: boolean,
): void {
  const step = crop.side / sidePx;
  for (let row = 0; row < sidePx; row++) {
    for (let column = 0; column < sidePx; column++) {
      if (dashed && (row + column) % 8 >= 5) continue;
      const x = crop.x0 + (column + 0.5) * step;
      const y = crop.y0 + (row + 0.5) * step;
      if (onEdge(mask, x, y, step)) picture.set([...colour, 255], (row * sidePx + column) * 4);
    }
  }
}

function insideImage(x: number, y: number, { width, height }: ImageSize): boolean {
  return x >= 0 && y >= 0 && x < width && y < height;
}

function shade(value: number, { low, high, gamma, invert }: Parameters<typeof paintCrop>[4]): number {
  const share = Math.min(1, Math.max(0, (value - low) / Math.max(high - low, 1e-30))) ** gamma;
  return 255 * (invert ? 1 - share : share);
}

/** Inside the mask, and a pixel of the picture further it is not. */
function onEdge(mask: Runs, x: number, y: number, step: number): boolean {
  if (!contains(mask, x, y)) return false;
  return [
    [step, 0],
    [-step, 0],
    [0, step],
    [0, -step],
  ].some(([dx = 0, dy = 0]) => !contains(mask, x + 1.5 * dx, y + 1.5 * dy));
}
