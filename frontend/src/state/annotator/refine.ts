// Whether a click goes on with the mask of the selected object, or begins a new one.

import { decoded, type Runs } from "../../geometry/rle";
import type { Point } from "../../geometry/stroke";
import type { Annotator } from "./model";
import { objectOf } from "./view";

/** The selected object where the point lies on its mask or, if a person has chosen it, within `reach` pixels of it.
 *
 * One that was only just made must be clicked itself: the next click beside it is meant for its neighbour.
 */
export function trackToRefine(state: Annotator, point: Point, reach: number): string | null {
  const { selection } = state;
  if (selection === null) return null;
  const object = objectOf(state, selection.track, state.frame);
  if (object === undefined || state.hidden.has(selection.track)) return null;
  return isNear(decoded(object.mask), point, selection.lasting ? reach : 0) ? selection.track : null;
}

/** Whether the square of `reach` pixels around the point's pixel holds a pixel of the mask. */
export function isNear(runs: Runs, point: Point, reach: number): boolean {
  const { bounds, height, width } = runs;
  const row = Math.floor(point.y);
  const [top, bottom] = [Math.max(0, Math.ceil(row - reach)), Math.min(height - 1, Math.floor(row + reach))];
  const column = Math.floor(point.x);
  const [left, right] = [
    Math.max(0, Math.ceil(column - reach)),
    Math.min(width - 1, Math.floor(column + reach)),
  ];
  if (top > bottom) return false;
  for (let x = left; x <= right; x++) {
    const before = countUpTo(bounds, x * height + top);
    if (before % 2 === 1) return true;
    const next = bounds[before];
    if (next !== undefined && next <= x * height + bottom) return true;
  }
  return false;
}

/** How many bounds lie at or before a position. */
function countUpTo(bounds: Uint32Array, position: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bounds[middle] as number) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
