// Cuts a mask in two along a line.

import { boxAround, type MaskWindow, runsOfWindow, windowOf } from "./mask_window";
import { components } from "./morphology";
import { areaPx, difference, type Runs } from "./rle";
import type { Point } from "./stroke";

/** The parts of a mask on both sides of a polyline, the larger first; null where the line does not divide it.
 *
 * Together they are the whole mask: a pixel under the line goes to the part beside it. Islands that the line does not
 * touch stay with the larger part.
 */
export function cutAlong(runs: Runs, line: readonly Point[]): [Runs, Runs] | null {
  const box = boxAround([runs], 1);
  const whole = windowOf(runs, box);
  const pieces: MaskWindow = { ...whole, data: whole.data.slice() };
  const under = pixelsUnder(line, whole).filter((at) => whole.data[at] !== 0);
  for (const at of under) pieces.data[at] = 0;
  const islands = components(whole);
  const { labels, areas } = components(pieces);
  const sides = sidesOf(labels, areas.length, under, line, whole);
  // Only what the line takes apart counts: a piece that was an island before has no side.
  const parts = new Map<number, Set<number>>();
  labels.forEach((label, at) => {
    const island = islands.labels[at] as number;
    if (label === 0 || (sides[label] ?? 0) === 0) return;
    parts.set(island, (parts.get(island) ?? new Set()).add(label));
  });
  const divided = new Set([...parts.values()].filter(({ size }) => size > 1).flatMap((found) => [...found]));
  const area = { left: 0, right: 0 };
  for (const label of divided) {
    area[(sides[label] as number) > 0 ? "left" : "right"] += areas[label - 1] as number;
  }
  if (area.left === 0 || area.right === 0) return null;
  const smaller = area.left < area.right ? 1 : -1;
  spread(labels, under, whole);
  const cut: MaskWindow = { ...whole, data: whole.data.slice() };
  labels.forEach((label, at) => {
    cut.data[at] = divided.has(label) && Math.sign(sides[label] as number) === smaller ? 1 : 0;
  });
  const part = runsOfWindow(cut, runs.height, runs.width);
  const rest = difference(runs, part);
  return areaPx(rest) >= areaPx(part) ? [rest, part] : [part, rest];
}

/** Every pixel that the line passes, each beside the next by an edge, so that nothing slips through at a corner. */
function pixelsUnder(line: readonly Point[], { x0, y0, height, width }: MaskWindow): number[] {
  const found = new Set<number>();
  const add = (x: number, y: number) => {
    const [column, row] = [x - x0, y - y0];
    if (column >= 0 && row >= 0 && column < width && row < height) found.add(row * width + column);
  };
  line.forEach((to, index) => {
    const from = line[Math.max(0, index - 1)] as Point;
    let [x, y] = [Math.floor(from.x), Math.floor(from.y)];
    const [endX, endY] = [Math.floor(to.x), Math.floor(to.y)];
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    add(x, y);
    for (let left = Math.abs(endX - x) + Math.abs(endY - y); left > 0; left--) {
      // How far along the line the next column and the next row begin (Amanatides and Woo).
      const toColumn = dx === 0 || x === endX ? 2 : ((dx > 0 ? x + 1 : x) - from.x) / dx;
      const toRow = dy === 0 || y === endY ? 2 : ((dy > 0 ? y + 1 : y) - from.y) / dy;
      if (toColumn < toRow) x += Math.sign(dx);
      else y += Math.sign(dy);
      add(x, y);
    }
  });
  return [...found];
}

/** Per label on which side of the line its pixels beside the line lie: above 0 left, below 0 right, 0 away from it. */
function sidesOf(
  labels: Int32Array,
  count: number,
  under: readonly number[],
  line: readonly Point[],
  { x0, y0, height, width }: MaskWindow,
): Int32Array {
  const sides = new Int32Array(count + 1);
  for (const at of under) {
    for (const next of edgeNeighbours(at, height, width)) {
      const label = labels[next] as number;
      if (label === 0) continue;
      const point = { x: x0 + (next % width) + 0.5, y: y0 + Math.floor(next / width) + 0.5 };
      sides[label] = (sides[label] as number) + sideOf(point, line);
    }
  }
  return sides;
}

function sideOf(point: Point, line: readonly Point[]): number {
  let [nearest, side] = [Number.POSITIVE_INFINITY, 0];
  for (let index = 1; index < line.length; index++) {
    const [from, to] = [line[index - 1] as Point, line[index] as Point];
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = dx * dx + dy * dy;
    if (length === 0) continue;
    const along = ((point.x - from.x) * dx + (point.y - from.y) * dy) / length;
    const t = Math.min(1, Math.max(0, along));
    const gap = Math.hypot(point.x - from.x - t * dx, point.y - from.y - t * dy);
    if (gap >= nearest) continue;
    nearest = gap;
    side = Math.sign(dx * (point.y - from.y) - dy * (point.x - from.x));
  }
  return side;
}

/** Gives each pixel under the line the label of a piece beside it. */
function spread(labels: Int32Array, under: readonly number[], { height, width }: MaskWindow): void {
  let open = under.filter((at) => labels[at] === 0);
  while (open.length > 0) {
    const given = open.map((at) => {
      const beside = edgeNeighbours(at, height, width).find((next) => (labels[next] as number) > 0);
      return [at, beside === undefined ? 0 : (labels[beside] as number)] as const;
    });
    for (const [at, label] of given) labels[at] = label;
    const left = open.filter((at) => labels[at] === 0);
    if (left.length === open.length) return;
    open = left;
  }
}

function edgeNeighbours(at: number, height: number, width: number): number[] {
  const column = at % width;
  const found = [];
  if (column > 0) found.push(at - 1);
  if (column < width - 1) found.push(at + 1);
  if (at >= width) found.push(at - width);
  if (at < (height - 1) * width) found.push(at + width);
  return found;
}
