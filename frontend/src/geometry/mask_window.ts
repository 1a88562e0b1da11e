// A piece of a frame around masks, as bytes: what is computed pixel by pixel costs the object's size, not the frame's.

import { type Bitmap, clipBox, joinBoxes } from "./bitmap";
import { type BoxXyxy, boxXyxy, type Runs } from "./rle";

/** A bitmap whose top left pixel is pixel (x0, y0) of the frame. */
export interface MaskWindow extends Bitmap {
  readonly x0: number;
  readonly y0: number;
}

/** The box around all masks, `margin` pixels wider but inside the frame. Empty masks alone: no pixel at all. */
export function boxAround(masks: readonly Runs[], margin: number): BoxXyxy {
  const { height, width } = masks[0] ?? { height: 0, width: 0 };
  const box = masks.map(boxXyxy).reduce(joinBoxes, [0, 0, 0, 0]);
  if (box[2] <= box[0]) return [0, 0, 0, 0];
  return clipBox([box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin], height, width);
}

export function emptyWindow([x0, y0, x1, y1]: BoxXyxy): MaskWindow {
  if (x1 <= x0 || y1 <= y0) return { x0, y0, height: 0, width: 0, data: new Uint8Array(0) };
  const [height, width] = [y1 - y0, x1 - x0];
  return { x0, y0, height, width, data: new Uint8Array(height * width) };
}

/** The mask's part in the box. */
export function windowOf(runs: Runs, box: BoxXyxy): MaskWindow {
  const window = emptyWindow(box);
  const { x0, y0, height, width, data } = window;
  const { bounds } = runs;
  for (let i = 0; i < bounds.length; i += 2) {
    const end = bounds[i + 1] as number;
    for (let start = bounds[i] as number; start < end; ) {
      const column = Math.floor(start / runs.height);
      const top = start - column * runs.height;
      const bottom = Math.min(runs.height, top + end - start);
      if (column >= x0 && column < x0 + width) {
        const last = Math.min(bottom, y0 + height);
        for (let row = Math.max(top, y0); row < last; row++) data[(row - y0) * width + column - x0] = 1;
      }
      start += bottom - top;
    }
  }
  return window;
}

/** The window's foreground as runs of a whole frame. */
export function runsOfWindow(window: MaskWindow, height: number, width: number): Runs {
  const { x0, y0, data } = window;
  const bounds: number[] = [];
  for (let column = 0; column < window.width; column++) {
    const offset = (column + x0) * height + y0;
    let inside = false;
    for (let row = 0; row <= window.height; row++) {
      const now = row < window.height && data[row * window.width + column] !== 0;
      if (now === inside) continue;
      inside = now;
      if (now && bounds[bounds.length - 1] === offset + row) bounds.pop();
      else bounds.push(offset + row);
    }
  }
  return { height, width, bounds: Uint32Array.from(bounds) };
}
