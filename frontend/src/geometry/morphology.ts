// Grows, shrinks, smooths and fills masks. Only the object's box is looked at, so the frame's size does not matter.
//
// What lies beyond the frame is not known: an object at its border neither shrinks away from it nor is smoothed there.

import { squaredDistance } from "./distance";
import { boxAround, type MaskWindow, runsOfWindow, windowOf } from "./mask_window";
import type { Runs } from "./rle";

/** The mask and every pixel within `px` pixels of it (dilation with a disc); negative: `shrink`. */
export function grow(runs: Runs, px: number): Runs {
  if (px < 0) return shrink(runs, -px);
  const window = windowOf(runs, boxAround([runs], px));
  widen(window, px);
  return runsOfWindow(window, runs.height, runs.width);
}

/** What lies farther than `px` pixels from every pixel outside the mask (erosion with a disc). */
export function shrink(runs: Runs, px: number): Runs {
  const window = windowOf(runs, boxAround([runs], 1));
  narrow(window, px);
  return runsOfWindow(window, runs.height, runs.width);
}

/** Opening, then closing, with a disc of `radius` pixels: burrs and bays narrower than the disc go. */
export function smooth(runs: Runs, radius: number): Runs {
  const window = windowOf(runs, boxAround([runs], radius + 1));
  narrow(window, radius);
  widen(window, radius);
  widen(window, radius);
  narrow(window, radius);
  return runsOfWindow(window, runs.height, runs.width);
}

/** The mask with its holes: background that no path of edge neighbours joins to the frame's border. */
export function fillHoles(runs: Runs): Runs {
  const [x0, y0, x1, y1] = boxAround([runs], 1);
  const window = windowOf(runs, [x0, y0, x1, y1]);
  const { height, width, data } = window;
  const outside: number[] = [];
  const visit = (at: number) => {
    if (data[at] !== 0) return;
    data[at] = 2;
    outside.push(at);
  };
  for (let column = 0; column < width; column++) {
    visit(column);
    visit((height - 1) * width + column);
  }
  for (let row = 0; row < height; row++) {
    visit(row * width);
    visit(row * width + width - 1);
  }
  for (let at = outside.pop(); at !== undefined; at = outside.pop()) {
    const column = at % width;
    if (column > 0) visit(at - 1);
    if (column < width - 1) visit(at + 1);
    if (at >= width) visit(at - width);
    if (at < data.length - width) visit(at + width);
  }
  for (let at = 0; at < data.length; at++) data[at] = data[at] === 2 ? 0 : 1;
  return runsOfWindow(window, runs.height, runs.width);
}

function widen(window: MaskWindow, px: number): void {
  const distances = squaredDistance(window, 1);
  distances.forEach((squared, at) => {
    window.data[at] = squared <= px * px ? 1 : 0;
  });
}

function narrow(window: MaskWindow, px: number): void {
  const distances = squaredDistance(window, 0);
  distances.forEach((squared, at) => {
    window.data[at] = squared > px * px ? 1 : 0;
  });
}

/** Groups of foreground pixels that touch at an edge or a corner: each one's label, counted from 1, and their areas. */
export function components(window: MaskWindow): { labels: Int32Array; areas: number[] } {
  const { height, width, data } = window;
  const labels = new Int32Array(data.length);
  const areas: number[] = [];
  const open: number[] = [];
  for (let start = 0; start < data.length; start++) {
    if (data[start] === 0 || labels[start] !== 0) continue;
    areas.push(0);
    labels[start] = areas.length;
    open.push(start);
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      areas[areas.length - 1] = (areas[areas.length - 1] as number) + 1;
      const column = at % width;
      const row = Math.floor(at / width);
      for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
          const next = y * width + x;
          if (data[next] === 0 || labels[next] !== 0) continue;
          labels[next] = areas.length;
          open.push(next);
        }
      }
    }
  }
  return { labels, areas };
}
