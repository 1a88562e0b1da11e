// Distances, angles and profiles along lines, in image coordinates. Pure.

import type { Point } from "./stroke";

export function distance(a: Point, b: Point): number {
  return Math.hypot(b.x - a.x, b.y - a.y);
}

/** The angle at `vertex` in degrees, 0 to 180; NaN where a leg has no length. */
export function angleAt(vertex: Point, a: Point, b: Point): number {
  const [first, second] = [distance(vertex, a), distance(vertex, b)];
  if (first === 0 || second === 0) return Number.NaN;
  const dot = (a.x - vertex.x) * (b.x - vertex.x) + (a.y - vertex.y) * (b.y - vertex.y);
  return (Math.acos(Math.min(1, Math.max(-1, dot / (first * second)))) * 180) / Math.PI;
}

export interface ProfileSample {
  /** Along the line, in image pixels. */
  readonly at_px: number;
  /** One mean per channel. */
  readonly values: readonly number[];
}

/** The values of one pixel, by its column and row; null where it is not known yet. */
export type PixelValues = (column: number, row: number) => readonly number[] | null;

/**
 * Grey values along a line, one a pixel of its length, each the mean of `width` points across the line.
 *
 * Between pixel centres values are interpolated linearly; a line along pixel centres gives the pixels' own values.
 * Points beyond the image count as the nearest pixel of its border. Null while a pixel is missing.
 */
export function profileAlong(
  from: Point,
  to: Point,
  width: number,
  image: { readonly width: number; readonly height: number },
  pixel: PixelValues,
): ProfileSample[] | null {
  const length = distance(from, to);
  if (length === 0) return [];
  const along = { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
  const samples: ProfileSample[] = [];
  for (let step = 0; step <= Math.floor(length + 1e-9); step++) {
    const sums: number[] = [];
    for (let line = 0; line < width; line++) {
      const aside = line - (width - 1) / 2;
      const found = between(
        from.x + along.x * step - along.y * aside,
        from.y + along.y * step + along.x * aside,
        image,
        pixel,
      );
      if (found === null) return null;
      found.forEach((value, channel) => {
        sums[channel] = (sums[channel] ?? 0) + value;
      });
    }
    samples.push({ at_px: step, values: sums.map((sum) => sum / width) });
  }
  return samples;
}

/** Between the four pixels whose centres surround a point. */
function between(
  x: number,
  y: number,
  image: { readonly width: number; readonly height: number },
  pixel: PixelValues,
): readonly number[] | null {
  const column = Math.min(image.width - 1, Math.max(0, x - 0.5));
  const row = Math.min(image.height - 1, Math.max(0, y - 0.5));
  const [left, top] = [Math.floor(column), Math.floor(row)];
  const [right, bottom] = [Math.min(image.width - 1, left + 1), Math.min(image.height - 1, top + 1)];
  const [across, down] = [column - left, row - top];
  const first = pixel(left, top);
  if (first === null || (across === 0 && down === 0)) return first;
  const [second, third, fourth] = [pixel(right, top), pixel(left, bottom), pixel(right, bottom)];
  if (second === null || third === null || fourth === null) return null;
  return first.map((value, channel) => {
    const upper = value * (1 - across) + (second[channel] ?? 0) * across;
    const lower = (third[channel] ?? 0) * (1 - across) + (fourth[channel] ?? 0) * across;
    return upper * (1 - down) + lower * down;
  });
}

/** As columns: distance, then a value per channel; with a line that names them. */
export function profileCsv(samples: readonly ProfileSample[], step: number, unit: string): string {
  const channels = samples[0]?.values.length ?? 1;
  const names = channels === 1 ? ["grey value"] : ["red", "green", "blue"];
  const rows = samples.map(({ at_px, values }) =>
    [at_px * step, ...values].map((value) => Number(value.toPrecision(9))).join(","),
  );
  return `${[`distance (${unit})`, ...names].join(",")}\n${rows.join("\n")}\n`;
}
