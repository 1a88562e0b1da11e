// Which tracks the lanes show, and in which order. Pure.

import type { LaneRun } from "../../protocol/rest";
import type { RunsByTrack } from "./model";
import type { Joins } from "./occurrences";
import type { Track } from "./view";

export interface LaneRow {
  readonly track: Track;
  /** By frame, at least one. */
  readonly runs: readonly LaneRun[];
}

export type LaneSort = "family" | "number" | "first";
export type LaneKind = "all" | "joined" | "proposed";

export interface LaneChoice {
  readonly sort: LaneSort;
  /** A number, or part of a track's or a phase's name. */
  readonly text: string;
  /** Null: every phase. */
  readonly phase: string | null;
  /** Tracks that merge or split; tracks with proposals or events that nobody has confirmed. */
  readonly kind: LaneKind;
}

export const EVERY_LANE: LaneChoice = { sort: "family", text: "", phase: null, kind: "all" };

export function firstFrame({ runs }: LaneRow): number {
  return runs[0]?.first ?? 0;
}

export function lastFrame({ runs }: LaneRow): number {
  return runs.at(-1)?.last ?? 0;
}

/** Null where no run has any. */
export function leastConfidence({ runs }: LaneRow): number | null {
  const known = runs.map(({ confidence }) => confidence).filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** The run that holds a frame; undefined in a gap, before the beginning and after the end. */
export function runAt({ runs }: LaneRow, frame: number): LaneRun | undefined {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle]?.last ?? 0) < frame) low = middle + 1;
    else high = middle;
  }
  const run = runs[low];
  return run !== undefined && run.first <= frame ? run : undefined;
}

export function laneRows(
  tracks: ReadonlyMap<string, Track>,
  runs: RunsByTrack,
  joins: Joins,
  choice: LaneChoice,
  phaseName: (phase: string | null) => string,
): readonly LaneRow[] {
  const rows: LaneRow[] = [];
  for (const [id, ofTrack] of runs) {
    const track = tracks.get(id);
    if (track === undefined || track.deleted || ofTrack.length === 0) continue;
    const row = { track, runs: ofTrack };
    if (isChosen(row, joins, choice, phaseName)) rows.push(row);
  }
  rows.sort(byNumber);
  if (choice.sort === "first") return rows.sort((a, b) => firstFrame(a) - firstFrame(b) || byNumber(a, b));
  return choice.sort === "family" ? inFamilies(rows, joins) : rows;
}

function isChosen(
  row: LaneRow,
  joins: Joins,
  choice: LaneChoice,
  phaseName: (phase: string | null) => string,
) {
  const { track, runs } = row;
  if (choice.phase !== null && track.phase !== choice.phase) return false;
  const of = (side: Joins["into"]) => side.get(track.track) ?? [];
  if (choice.kind === "joined" && of(joins.into).length + of(joins.outOf).length === 0) return false;
  if (choice.kind === "proposed") {
    const open =
      runs.some(({ state }) => state === "proposal") ||
      [...of(joins.into), ...of(joins.outOf)].some(({ event }) => event.state === "proposal");
    if (!open) return false;
  }
  const text = choice.text.trim().replace(/^#/, "").toLowerCase();
  if (text === "") return true;
  if (/^\d+$/.test(text) && String(track.number) === text) return true;
  return track.name.toLowerCase().includes(text) || phaseName(track.phase).toLowerCase().includes(text);
}

function byNumber(a: LaneRow, b: LaneRow): number {
  return (a.track.number ?? Number.POSITIVE_INFINITY) - (b.track.number ?? Number.POSITIVE_INFINITY);
}

/** Families one after the other by their smallest numbers; in each, a track stands between its relatives. */
function inFamilies(rows: readonly LaneRow[], joins: Joins): readonly LaneRow[] {
  const byTrack = new Map(rows.map((row) => [row.track.track, row]));
  const ordered: LaneRow[] = [];
  const taken = new Set<string>();
  const relatives = (track: string): LaneRow[] => {
    const parents = (joins.into.get(track) ?? []).flatMap((join) => join.parents);
    const children = (joins.outOf.get(track) ?? []).flatMap((join) => join.children);
    return [...parents, ...children].flatMap((one) => byTrack.get(one.track) ?? []);
  };
  for (const row of rows) {
    if (taken.has(row.track.track)) continue;
    const root = rootOf(row, relatives, joins);
    taken.add(root.track.track);
    // Half of the relatives above and half of them below, each with its own around it.
    const open: { row: LaneRow; placed: boolean }[] = [{ row: root, placed: false }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next.placed) {
        ordered.push(next.row);
        continue;
      }
      const around = relatives(next.row.track.track).filter((one) => !taken.has(one.track.track));
      const once = [...new Set(around)].sort(byNumber);
      for (const one of once) taken.add(one.track.track);
      const above = once.slice(0, Math.ceil(once.length / 2));
      const below = once.slice(above.length);
      open.push(...below.toReversed().map((one) => ({ row: one, placed: false })));
      open.push({ row: next.row, placed: true });
      open.push(...above.toReversed().map((one) => ({ row: one, placed: false })));
    }
  }
  return ordered;
}

/** Where a drawing of the family grows from: what all became where tracks merge, what all came from where they split. */
function rootOf(member: LaneRow, relatives: (track: string) => LaneRow[], joins: Joins): LaneRow {
  const family = new Set([member]);
  let merges = 0;
  for (const row of family) {
    const { track } = row.track;
    merges += (joins.into.get(track) ?? []).filter(({ event }) => event.what === "merge").length;
    merges -= (joins.outOf.get(track) ?? []).filter(({ event }) => event.what === "split").length;
    for (const one of relatives(track)) family.add(one);
  }
  let root = member;
  for (const row of family) {
    const later = merges >= 0 ? firstFrame(row) > firstFrame(root) : firstFrame(row) < firstFrame(root);
    if (later) root = row;
  }
  return root;
}
