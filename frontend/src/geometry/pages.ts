// A large frame cut into square pages, so that labels need memory only where there are objects. Pure.

import { clipBox, type Raster } from "./bitmap";
import type { BoxXyxy, Runs } from "./rle";
import type { ImageSize } from "./viewport";

export const SMALLEST_PAGE = 256;
/** As many as every WebGL2 has layers in a texture. */
export const MOST_PAGES = 256;

export interface Pages {
  /** Side in pixels, a power of two. */
  readonly side: number;
  readonly columns: number;
  readonly rows: number;
}

/** The smallest pages of which a frame has no more than MOST_PAGES. */
export function pagesOf({ height, width }: ImageSize): Pages {
  let side = SMALLEST_PAGE;
  while (Math.ceil(height / side) * Math.ceil(width / side) > MOST_PAGES) side *= 2;
  return { side, columns: Math.ceil(width / side), rows: Math.ceil(height / side) };
}

/** The pages that a box touches, by their places row by row. */
export function pagesIn({ side, columns, rows }: Pages, box: BoxXyxy): number[] {
  const [x0, y0, x1, y1] = clipBox(box, rows * side, columns * side);
  if (x1 <= x0 || y1 <= y0) return [];
  const found: number[] = [];
  for (let row = Math.floor(y0 / side); row * side < y1; row++) {
    for (let column = Math.floor(x0 / side); column * side < x1; column++) found.push(row * columns + column);
  }
  return found;
}

/** Writes `value` into the pixels of `runs` that lie on a page whose first pixel is (x0, y0) of the frame. */
export function fillPage(page: Raster, runs: Runs, value: number, x0: number, y0: number): void {
  const { bounds, height } = runs;
  const { data, width } = page;
  const columns = Math.min(page.width, runs.width - x0);
  const rows = Math.min(page.height, height - y0);
  const end = (x0 + columns) * height;
  for (let i = firstRunAfter(bounds, x0 * height); i < bounds.length; i += 2) {
    const from = bounds[i] as number;
    const to = Math.min(bounds[i + 1] as number, end);
    if (from >= end) return;
    let column = Math.max(0, Math.floor(from / height) - x0);
    for (; column < columns && (x0 + column) * height < to; column++) {
      const start = (x0 + column) * height + y0;
      const first = Math.max(from - start, 0);
      const last = Math.min(to - start, rows);
      for (let row = first, at = first * width + column; row < last; row++, at += width) data[at] = value;
    }
  }
}

/** Index of the first run that ends beyond a position. */
function firstRunAfter(bounds: Uint32Array, position: number): number {
  let low = 0;
  let high = bounds.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bounds[2 * middle + 1] as number) <= position) low = middle + 1;
    else high = middle;
  }
  return 2 * low;
}
