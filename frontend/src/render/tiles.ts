// Which tiles of which level a viewport needs. Pure.

import type { BoxXyxy } from "../geometry/rle";
import type { Viewport } from "../geometry/viewport";
import type { PixelLevel, PixelStore } from "../protocol/rest";
import type { ChunkPlace } from "../state/annotator/model";

/** A tile and the part of the image that it covers, in pixels of the full frame. */
export interface Tile extends ChunkPlace {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** The coarsest level that still has a pixel for every pixel of the device. */
export function levelFor(store: PixelStore, viewport: Viewport, devicePixelRatio: number): number {
  const full = store.levels[0];
  if (full === undefined) return 0;
  const needed = viewport.scale * devicePixelRatio;
  let chosen = 0;
  store.levels.forEach((level, index) => {
    if ((needed * full.width) / level.width <= 1.0001) chosen = index;
  });
  return chosen;
}

/** The tiles of a level that the viewport shows, those in the middle first. */
export function tilesInSight(store: PixelStore, viewport: Viewport, level: number, frame: number): Tile[] {
  const full = store.levels[0];
  const at = store.levels[level];
  if (full === undefined || at === undefined) return [];
  const middleX = viewport.originX + viewport.width / 2 / viewport.scale;
  const middleY = viewport.originY + viewport.height / 2 / viewport.scale;
  return allTiles(full, at)
    .filter(
      (tile) =>
        tile.x1 > viewport.originX &&
        tile.y1 > viewport.originY &&
        tile.x0 < viewport.originX + viewport.width / viewport.scale &&
        tile.y0 < viewport.originY + viewport.height / viewport.scale,
    )
    .map((tile) => ({ ...tile, level, frame }))
    .sort((a, b) => distance(a, middleX, middleY) - distance(b, middleX, middleY));
}

/** The tiles of the finest level that a box of the frame needs. */
export function tilesInBox(store: PixelStore, frame: number, [x0, y0, x1, y1]: BoxXyxy): ChunkPlace[] {
  const level = store.levels[0];
  if (level === undefined) return [];
  const [height, width] = level.chunk;
  const places: ChunkPlace[] = [];
  for (let row = Math.floor(y0 / height); row * height < y1; row++) {
    for (let column = Math.floor(x0 / width); column * width < x1; column++) {
      places.push({ level: 0, frame, row, column });
    }
  }
  return places;
}

function allTiles(full: PixelLevel, level: PixelLevel): Omit<Tile, "level" | "frame">[] {
  const [chunkHeight, chunkWidth] = level.chunk;
  const scaleX = full.width / level.width;
  const scaleY = full.height / level.height;
  const tiles = [];
  for (let row = 0; row * chunkHeight < level.height; row++) {
    for (let column = 0; column * chunkWidth < level.width; column++) {
      tiles.push({
        row,
        column,
        x0: column * chunkWidth * scaleX,
        y0: row * chunkHeight * scaleY,
        x1: Math.min(level.width, (column + 1) * chunkWidth) * scaleX,
        y1: Math.min(level.height, (row + 1) * chunkHeight) * scaleY,
      });
    }
  }
  return tiles;
}

function distance(tile: Tile, x: number, y: number): number {
  return Math.hypot((tile.x0 + tile.x1) / 2 - x, (tile.y0 + tile.y1) / 2 - y);
}

/** The tile of the full resolution that holds an image point; null beyond the image. */
export function placeOf(store: PixelStore, frame: number, x: number, y: number): ChunkPlace | null {
  const level = store.levels[0];
  if (level === undefined || x < 0 || y < 0 || x >= level.width || y >= level.height) return null;
  const [height, width] = level.chunk;
  return { level: 0, frame, row: Math.floor(y / height), column: Math.floor(x / width) };
}

/** The raw values (one per channel) of the pixel under an image point; null where it is not loaded. */
export function valueAt(
  store: PixelStore,
  pixelsOf: (place: ChunkPlace) => ArrayLike<number> | undefined,
  frame: number,
  x: number,
  y: number,
): number[] | null {
  const place = placeOf(store, frame, x, y);
  const pixels = place === null ? undefined : pixelsOf(place);
  if (place === null || pixels === undefined) return null;
  const [height, width] = store.levels[0]?.chunk ?? [1, 1];
  const inside = (Math.floor(y) - place.row * height) * width + Math.floor(x) - place.column * width;
  return Array.from(
    { length: store.channels },
    (_, channel) => pixels[channel * height * width + inside] ?? 0,
  );
}
