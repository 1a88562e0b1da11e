// The masks between two of one object: their signed distances are blended, after one is moved onto the other.

import { joinBoxes } from "./bitmap";
import { squaredDistance } from "./distance";
import { emptyWindow, type MaskWindow, runsOfWindow, windowOf } from "./mask_window";
import { areaPx, type BoxXyxy, boxXyxy, difference, type Runs } from "./rle";

/** The mask `step` of `steps` on the way from `from` to `to`: at 0 and at `steps` those themselves.
 *
 * Masks of which one holds the other keep their places, so that each step holds the one before. All others are moved
 * along the line between their centroids, by whole pixels, so that an object that travels keeps its shape. The way
 * back passes the same masks. Empty masks: the nearer of the two.
 */
export function between(from: Runs, to: Runs, step: number, steps: number): Runs {
  if (step <= 0) return from;
  if (step >= steps) return to;
  if (from.bounds.length === 0 || to.bounds.length === 0) return 2 * step <= steps ? from : to;
  const [dx, dy] = nested(from, to) ? [0, 0] : travel(from, to);
  const first = { runs: from, dx: part(dx, step, steps), dy: part(dy, step, steps) };
  const last = { runs: to, dx: part(-dx, steps - step, steps), dy: part(-dy, steps - step, steps) };
  // Inside of the blend is inside of one of them: their box holds it, and a pixel more is surely outside.
  const [x0, y0, x1, y1] = joinBoxes(movedBox(first), movedBox(last));
  const box: BoxXyxy = [x0 - 1, y0 - 1, x1 + 1, y1 + 1];
  const a = signedDistance(first, box);
  const b = signedDistance(last, box);
  const window = emptyWindow(box);
  a.forEach((distance, at) => {
    window.data[at] = (steps - step) * distance + step * (b[at] as number) > 0 ? 1 : 0;
  });
  return runsOfWindow(clipped(window, from), from.height, from.width);
}

interface Moved {
  readonly runs: Runs;
  readonly dx: number;
  readonly dy: number;
}

function nested(a: Runs, b: Runs): boolean {
  return areaPx(difference(a, b)) === 0 || areaPx(difference(b, a)) === 0;
}

function travel(from: Runs, to: Runs): [number, number] {
  const [a, b] = [centroid(from), centroid(to)];
  return [b[0] - a[0], b[1] - a[1]];
}

function centroid({ bounds, height }: Runs): [number, number] {
  let [x, y, area] = [0, 0, 0];
  for (let i = 0; i < bounds.length; i += 2) {
    for (let position = bounds[i] as number; position < (bounds[i + 1] as number); position++) {
      x += Math.floor(position / height);
      y += position % height;
      area++;
    }
  }
  return [x / area, y / area];
}

/** Rounded away from 0 at halves, so that there and back are alike. */
function part(distance: number, step: number, steps: number): number {
  const exact = (distance * step) / steps;
  return Math.sign(exact) * Math.round(Math.abs(exact));
}

function movedBox({ runs, dx, dy }: Moved): BoxXyxy {
  const [x0, y0, x1, y1] = boxXyxy(runs);
  return [x0 + dx, y0 + dy, x1 + dx, y1 + dy];
}

/** Pixels to the edge, which lies half a pixel from the centres beside it: positive inside, negative outside. */
function signedDistance({ runs, dx, dy }: Moved, [x0, y0, x1, y1]: BoxXyxy): Float64Array {
  const window = windowOf(runs, [x0 - dx, y0 - dy, x1 - dx, y1 - dy]);
  const inside = squaredDistance(window, 1);
  return squaredDistance(window, 0).map((toOutside, at) =>
    toOutside > 0 ? Math.sqrt(toOutside) - 0.5 : 0.5 - Math.sqrt(inside[at] as number),
  );
}

/** Without what a movement carried beyond the frame. */
function clipped(window: MaskWindow, { height, width }: Runs): MaskWindow {
  const { x0, y0, data } = window;
  data.forEach((_, at) => {
    const x = x0 + (at % window.width);
    const y = y0 + Math.floor(at / window.width);
    if (x < 0 || y < 0 || x >= width || y >= height) data[at] = 0;
  });
  return window;
}
