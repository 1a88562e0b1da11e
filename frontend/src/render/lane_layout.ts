// Where lanes, their joins and marks lie on the canvas, and what lies under the pointer. Only rows in sight count. Pure.

import { frameAt, frameX, type TimeSpan } from "../geometry/time_axis";
import type { LaneRun } from "../protocol/rest";
import { type LaneRow, runAt } from "../state/annotator/lane_rows";
import { isJoin, type Joins, type Occurrence } from "../state/annotator/occurrences";
import type { Track } from "../state/annotator/view";

export const ROW_PX = 22;
export const RULER_PX = 20;
const NODE_REACH_PX = 7;
const LINE_REACH_PX = 4;

/** Rows with what happened to them; made anew when tracks or events change. */
export interface LaneTable {
  readonly rows: readonly LaneRow[];
  readonly rowOf: ReadonlyMap<string, number>;
  readonly joins: Joins;
  /** Births, dissolutions, exits and contacts of each track. */
  readonly marks: ReadonlyMap<string, readonly Occurrence[]>;
}

export interface LaneView extends LaneTable {
  readonly span: TimeSpan;
  readonly frames: number;
  /** The axis of frames, in px from the canvas's left edge. */
  readonly left: number;
  readonly width: number;
  readonly scrollTop: number;
  /** Of the rows, without the ruler below them. */
  readonly height: number;
}

export interface JoinLine {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export interface PlacedJoin {
  readonly occurrence: Occurrence;
  readonly lines: readonly JoinLine[];
  /** Where all lines meet: a merge's child begins, or a split's parent ends. */
  readonly node: { readonly x: number; readonly y: number };
}

export interface PlacedMark {
  readonly occurrence: Occurrence;
  readonly track: Track;
  readonly x: number;
  readonly y: number;
}

export type LaneHit =
  | { readonly kind: "join"; readonly occurrence: Occurrence }
  | { readonly kind: "mark"; readonly occurrence: Occurrence; readonly track: Track }
  | { readonly kind: "run"; readonly row: LaneRow; readonly frame: number; readonly run: LaneRun }
  | { readonly kind: "row"; readonly row: LaneRow; readonly frame: number | null };

export function laneTable(
  rows: readonly LaneRow[],
  joins: Joins,
  occurrences: readonly Occurrence[],
): LaneTable {
  const rowOf = new Map(rows.map(({ track }, index) => [track.track, index]));
  const marks = new Map<string, Occurrence[]>();
  for (const occurrence of occurrences) {
    if (isJoin(occurrence)) continue;
    for (const { track } of [...occurrence.parents, ...occurrence.children]) {
      marks.set(track, [...(marks.get(track) ?? []), occurrence]);
    }
  }
  return { rows, rowOf, joins, marks };
}

/** Indices of the rows in sight: from the first to the one before `to`. */
export function rowsInSight({ rows, scrollTop, height }: LaneView): { from: number; to: number } {
  const from = Math.max(0, Math.floor(scrollTop / ROW_PX));
  return { from, to: Math.min(rows.length, Math.ceil((scrollTop + height) / ROW_PX)) };
}

export function rowY({ scrollTop }: LaneView, row: number): number {
  return row * ROW_PX - scrollTop + ROW_PX / 2;
}

/** Those that begin or end in a row in sight. */
export function joinsInSight(view: LaneView): readonly PlacedJoin[] {
  const seen = new Set<Occurrence>();
  const { from, to } = rowsInSight(view);
  for (let index = from; index < to; index++) {
    const track = view.rows[index]?.track.track ?? "";
    for (const join of view.joins.into.get(track) ?? []) seen.add(join);
    for (const join of view.joins.outOf.get(track) ?? []) seen.add(join);
  }
  return [...seen].map((join) => placeJoin(view, join)).filter((join): join is PlacedJoin => join !== null);
}

/** Null where all but one of its rows are filtered away. */
function placeJoin(view: LaneView, occurrence: Occurrence): PlacedJoin | null {
  const { event, parents, children } = occurrence;
  const x0 = axisX(view, event.first_frame + 1);
  const x1 = axisX(view, event.last_frame);
  const heights = (tracks: readonly Track[]) =>
    tracks.flatMap(({ track }) => {
      const row = view.rowOf.get(track);
      return row === undefined ? [] : [rowY(view, row)];
    });
  const [ends, beginnings] = [heights(parents), heights(children)];
  const lines = ends.flatMap((y0) => beginnings.map((y1) => ({ x0, y0, x1, y1 })));
  const meeting = event.what === "merge" ? { x: x1, y: beginnings[0] } : { x: x0, y: ends[0] };
  if (lines.length === 0 || meeting.y === undefined) return null;
  return { occurrence, lines, node: { x: meeting.x, y: meeting.y } };
}

export function marksInSight(view: LaneView): readonly PlacedMark[] {
  const { from, to } = rowsInSight(view);
  return view.rows.slice(from, to).flatMap(({ track }, index) =>
    (view.marks.get(track.track) ?? []).map((occurrence) => {
      const { what, first_frame, last_frame } = occurrence.event;
      const x = axisX(view, what === "dissolution" || what === "exit" ? first_frame + 1 : last_frame);
      return { occurrence, track, x, y: rowY(view, from + index) };
    }),
  );
}

export function axisX({ span, left, width }: LaneView, frame: number): number {
  return left + frameX(span, width, frame);
}

export function frameMiddle(view: LaneView, frame: number): number {
  return axisX(view, frame + 0.5);
}

export function hitAt(view: LaneView, x: number, y: number): LaneHit | null {
  if (y < 0 || y >= view.height) return null;
  const onAxis = x >= view.left && x <= view.left + view.width;
  if (onAxis) {
    const near = (at: { x: number; y: number }) => Math.hypot(at.x - x, at.y - y) <= NODE_REACH_PX;
    const joins = joinsInSight(view);
    const join = joins.find(({ node }) => near(node)) ?? joins.find(({ lines }) => liesOn(lines, x, y));
    if (join !== undefined) return { kind: "join", occurrence: join.occurrence };
    const mark = marksInSight(view).find(near);
    if (mark !== undefined) return { kind: "mark", occurrence: mark.occurrence, track: mark.track };
  }
  const row = view.rows[Math.floor((y + view.scrollTop) / ROW_PX)];
  if (row === undefined) return null;
  if (!onAxis) return { kind: "row", row, frame: null };
  const frame = frameAt(view.span, view.width, x - view.left, view.frames);
  const run = runAt(row, frame);
  return run === undefined ? { kind: "row", row, frame } : { kind: "run", row, frame, run };
}

/** The upright part of a step alone: along the rows it would take the place of their bars. */
function liesOn(lines: readonly JoinLine[], x: number, y: number): boolean {
  return lines.some(({ x0, y0, x1, y1 }) => {
    const [top, bottom] = y0 < y1 ? [y0, y1] : [y1, y0];
    return Math.abs((x0 + x1) / 2 - x) <= LINE_REACH_PX && y > top && y < bottom;
  });
}
