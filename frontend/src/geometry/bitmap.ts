// Masks as row-major bytes, for drawing strokes and filling textures, and the way to and from runs.

import type { BoxXyxy, Runs } from "./rle";

/** One number per pixel, row by row. */
export interface Raster {
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array | Uint16Array;
}

/** Anything but 0 is foreground. */
export interface Bitmap extends Raster {
  readonly data: Uint8Array;
}

export function emptyBitmap(height: number, width: number): Bitmap {
  return { height, width, data: new Uint8Array(height * width) };
}

/** Writes `value` into every pixel of `runs`. */
export function fillRuns(target: Raster, runs: Runs, value: number): void {
  const { bounds, height } = runs;
  const { data, width } = target;
  for (let i = 0; i < bounds.length; i += 2) {
    let column = Math.floor((bounds[i] as number) / height);
    let row = (bounds[i] as number) % height;
    for (let left = (bounds[i + 1] as number) - (bounds[i] as number); left > 0; left--) {
      data[row * width + column] = value;
      if (++row === height) {
        row = 0;
        column++;
      }
    }
  }
}

/** The runs of a bitmap; `within` limits the search to a box known to hold all foreground. */
export function runsOf(bitmap: Bitmap, within?: BoxXyxy): Runs {
  const { height, width, data } = bitmap;
  const [x0, y0, x1, y1] = clipBox(within ?? [0, 0, width, height], height, width);
  const bounds: number[] = [];
  for (let column = x0; column < x1; column++) {
    let inside = false;
    for (let row = y0; row < y1; row++) {
      const now = data[row * width + column] !== 0;
      if (now === inside) continue;
      inside = now;
      const position = column * height + row;
      if (now && bounds[bounds.length - 1] === position) bounds.pop();
      else bounds.push(position);
    }
    if (inside) bounds.push(column * height + y1);
  }
  return { height, width, bounds: Uint32Array.from(bounds) };
}

export function clipBox(box: BoxXyxy, height: number, width: number): BoxXyxy {
  return [Math.max(0, box[0]), Math.max(0, box[1]), Math.min(width, box[2]), Math.min(height, box[3])];
}

/** The smallest box around both; an empty one adds nothing. */
export function joinBoxes(a: BoxXyxy, b: BoxXyxy): BoxXyxy {
  if (a[2] <= a[0]) return b;
  if (b[2] <= b[0]) return a;
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}
