// The inside of an outline as runs: what a polygon, a lasso or a contour encloses.

import type { Runs } from "./rle";
import type { Point } from "./stroke";

/** Every pixel whose centre the outline winds around; loops of one that crosses itself are inside too.
 *
 * `corners` in image coordinates; the last is joined to the first. Fewer than three enclose nothing.
 */
export function polygonRuns(corners: readonly Point[], height: number, width: number): Runs {
  if (corners.length < 3) return { height, width, bounds: new Uint32Array(0) };
  const crossings = crossingsByColumn(corners, width);
  const bounds: number[] = [];
  for (const [column, found] of crossings) {
    found.sort((a, b) => a.y - b.y);
    let winding = 0;
    let start = 0;
    for (const { y, turn } of found) {
      const before = winding;
      winding += turn;
      const row = Math.min(height, Math.max(0, Math.ceil(y - 0.5)));
      if (before === 0) start = row;
      else if (winding === 0 && row > start) append(bounds, column * height + start, column * height + row);
    }
  }
  return { height, width, bounds: Uint32Array.from(bounds) };
}

interface Crossing {
  readonly y: number;
  readonly turn: 1 | -1;
}

/** Where the outline crosses the middle of each column, the columns in order. */
function crossingsByColumn(corners: readonly Point[], width: number): [number, Crossing[]][] {
  const byColumn = new Map<number, Crossing[]>();
  corners.forEach((from, index) => {
    const to = corners[(index + 1) % corners.length] as Point;
    const turn = to.x > from.x ? 1 : -1;
    const left = Math.max(0, Math.ceil(Math.min(from.x, to.x) - 0.5));
    const right = Math.min(width, Math.ceil(Math.max(from.x, to.x) - 0.5)); // half open: shared corners count once
    for (let column = left; column < right; column++) {
      const y = from.y + ((column + 0.5 - from.x) / (to.x - from.x)) * (to.y - from.y);
      const known = byColumn.get(column);
      if (known === undefined) byColumn.set(column, [{ y, turn }]);
      else known.push({ y, turn });
    }
  });
  return [...byColumn].sort(([a], [b]) => a - b);
}

/** Runs that touch are one. */
function append(bounds: number[], start: number, end: number): void {
  if (bounds.length > 0 && bounds[bounds.length - 1] === start) bounds[bounds.length - 1] = end;
  else bounds.push(start, end);
}
