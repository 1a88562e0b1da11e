// A brush stroke: a disc swept along the pointer's path, rasterised without gaps.

import { clipBox, joinBoxes, type Raster } from "./bitmap";
import { emptyWindow, runsOfWindow } from "./mask_window";
import type { BoxXyxy, Runs } from "./rle";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A place of a stroke, with the diameter there where a pen's pressure has changed it. */
export interface StrokePoint extends Point {
  readonly diameter?: number;
}

/** `path` in image coordinates, `diameter` in whole image pixels. */
export interface Stroke {
  readonly path: readonly StrokePoint[];
  readonly diameter: number;
}

/** Where the disc's centre goes: odd discs sit on pixel centres, even ones on corners, so that both are round. */
export function snap(point: Point, diameter: number): Point {
  if (diameter % 2 === 1) return { x: Math.floor(point.x) + 0.5, y: Math.floor(point.y) + 0.5 };
  return { x: Math.round(point.x), y: Math.round(point.y) };
}

/** Writes `value` wherever a pixel's centre lies within the disc on its way from `from` to `to`.
 *
 * Returns the box that it may have touched, inside the bitmap.
 */
export function sweepDisc(bitmap: Raster, from: Point, to: Point, diameter: number, value: number): BoxXyxy {
  const { height, width, data } = bitmap;
  const a = snap(from, diameter);
  const b = snap(to, diameter);
  const radius = diameter / 2;
  const box = clipBox(
    [
      Math.floor(Math.min(a.x, b.x) - radius),
      Math.floor(Math.min(a.y, b.y) - radius),
      Math.ceil(Math.max(a.x, b.x) + radius),
      Math.ceil(Math.max(a.y, b.y) + radius),
    ],
    height,
    width,
  );
  for (let row = box[1]; row < box[3]; row++) {
    const span = rowSpan(a, b, radius, row + 0.5);
    if (span === null) continue;
    const first = Math.max(box[0], Math.ceil(span[0] - 0.5));
    const last = Math.min(box[2] - 1, Math.floor(span[1] - 0.5));
    if (last >= first) data.fill(value, row * width + first, row * width + last + 1);
  }
  return box;
}

/** Where the line at height y crosses the swept disc. It is convex, so one interval says it all. */
function rowSpan(a: Point, b: Point, radius: number, y: number): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const centre of [a, b]) {
    const reach = radius * radius - (y - centre.y) ** 2;
    if (reach < 0) continue;
    low = Math.min(low, centre.x - Math.sqrt(reach));
    high = Math.max(high, centre.x + Math.sqrt(reach));
  }
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  if (length > 0) {
    // The rectangle between the discs: its corners lie a radius to either side of the path.
    const nx = (-(b.y - a.y) / length) * radius;
    const ny = ((b.x - a.x) / length) * radius;
    const corners: Point[] = [
      { x: a.x + nx, y: a.y + ny },
      { x: b.x + nx, y: b.y + ny },
      { x: b.x - nx, y: b.y - ny },
      { x: a.x - nx, y: a.y - ny },
    ];
    corners.forEach((corner, index) => {
      const next = corners[(index + 1) % 4] as Point;
      if (corner.y === next.y || (y - corner.y) * (y - next.y) > 0) return;
      const x = corner.x + ((y - corner.y) / (next.y - corner.y)) * (next.x - corner.x);
      low = Math.min(low, x);
      high = Math.max(high, x);
    });
  }
  return high >= low ? [low, high] : null;
}

/** The whole stroke as runs of a frame. */
export function strokeRuns(stroke: Stroke, height: number, width: number): Runs {
  const reach = Math.ceil(stroke.diameter / 2) + 1;
  const [x0, y0, x1, y1] = stroke.path.reduce<BoxXyxy>(
    (box, { x, y }) => joinBoxes(box, [Math.floor(x), Math.floor(y), Math.floor(x) + 1, Math.floor(y) + 1]),
    [0, 0, 0, 0],
  );
  const window = emptyWindow(clipBox([x0 - reach, y0 - reach, x1 + reach, y1 + reach], height, width));
  const moved = ({ x, y }: Point) => ({ x: x - window.x0, y: y - window.y0 });
  stroke.path.forEach((point, index) => {
    const from = stroke.path[Math.max(0, index - 1)] as Point;
    sweepDisc(window, moved(from), moved(point), point.diameter ?? stroke.diameter, 1);
  });
  return runsOfWindow(window, height, width);
}
