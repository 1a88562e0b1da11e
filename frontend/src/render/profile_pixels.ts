// The tiles of the full resolution that a line profile needs, and the pixels in them. Pure.

import type { PixelValues } from "../geometry/measures";
import { distance } from "../geometry/measures";
import type { PixelStore, Series } from "../protocol/rest";
import type { ChunkPlace, Profile } from "../state/annotator/model";
import type { Pixels } from "./chunks";

/** Every tile within half the profile's width, and a pixel more, of its line. */
export function profileTiles(
  { pixels, width, height }: Pick<Series, "pixels" | "width" | "height">,
  profile: Profile,
  frame: number,
): ChunkPlace[] {
  const [chunkHeight, chunkWidth] = pixels.levels[0]?.chunk ?? [1, 1];
  const length = distance(profile.from, profile.to);
  const reach = profile.width / 2 + 1;
  const stride = Math.max(1, Math.min(chunkHeight, chunkWidth) / 4);
  const found = new Map<string, ChunkPlace>();
  for (let at = 0; ; at = Math.min(length, at + stride)) {
    const share = length === 0 ? 0 : at / length;
    const x = profile.from.x + (profile.to.x - profile.from.x) * share;
    const y = profile.from.y + (profile.to.y - profile.from.y) * share;
    const around = reach + stride; // tiles that the line only cuts the corner of, between two steps
    const columns = tilesAcross(x, around, chunkWidth, width);
    for (const row of tilesAcross(y, around, chunkHeight, height)) {
      for (const column of columns) found.set(`${row}/${column}`, { level: 0, frame, row, column });
    }
    if (at >= length) return [...found.values()];
  }
}

function tilesAcross(centre: number, reach: number, chunk: number, size: number): number[] {
  const first = Math.floor(Math.max(0, centre - reach) / chunk);
  const last = Math.floor(Math.min(size - 1, centre + reach) / chunk);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

export function tilePixels(
  { levels, channels }: PixelStore,
  pixelsOf: (row: number, column: number) => Pixels | undefined,
): PixelValues {
  const [height, width] = levels[0]?.chunk ?? [1, 1];
  return (x, y) => {
    const [row, column] = [Math.floor(y / height), Math.floor(x / width)];
    const pixels = pixelsOf(row, column);
    if (pixels === undefined) return null;
    const inside = (y - row * height) * width + x - column * width;
    return Array.from({ length: channels }, (_, channel) => pixels[channel * height * width + inside] ?? 0);
  };
}
