// Two versions of the series compared: what the server counted by frame, and the masks of the frames in sight.

import type { Runs } from "../../geometry/rle";
import { areaPx, decoded, intersection, difference as minus } from "../../geometry/rle";
import type { DifferencePage, FrameDifference } from "../../protocol/history";
import type { MaskRevision } from "../../protocol/messages";
import type { SeriesState } from "../../protocol/rest";
import type { Annotator, Difference } from "./model";
import { remember } from "./view";

/** What became of an object on a frame; null masks: it is not there. */
export interface ObjectChange {
  readonly track: string;
  readonly what: "added" | "removed" | "changed" | "reviewed";
  /** Only in the newer version, only in the older one, in both. */
  readonly gained: Runs | null;
  readonly lost: Runs | null;
  readonly kept: Runs | null;
}

/** Looks at `to`, read-only, and at what is different there from `from`. */
export function openDifference(state: Annotator, from: number, to: number): Annotator {
  const [older, newer] = from <= to ? [from, to] : [to, from];
  const difference: Difference = {
    from: older,
    to: newer,
    frames: [],
    next: 0,
    beside: null,
    masks: new Map(),
  };
  const past = {
    version: newer,
    tracks: new Map(),
    events: new Map(),
    frames: new Map(),
    runs: null,
    calibration: null,
  };
  return { ...state, difference, past, selection: null, stroke: null, band: null, playing: false };
}

/** The next page of frames that differ. The first one leads to a frame that does, where the one in sight does not. */
export function countDifference(state: Annotator, page: DifferencePage): Annotator {
  const { difference } = state;
  if (difference === null || !isOf(difference, page.from_version, page.to_version)) return state;
  const known = new Set(difference.frames.map(({ frame }) => frame));
  const frames = [...difference.frames, ...page.frames.filter(({ frame }) => !known.has(frame))];
  const { objects, events, calibration } = page;
  const next = { ...difference, frames, next: page.next, beside: { objects, events, calibration } };
  const [first] = frames;
  const here = frames.some(({ frame }) => frame === state.frame);
  const leads = difference.frames.length === 0 && first !== undefined && !here;
  return { ...state, difference: next, frame: leads ? first.frame : state.frame };
}

/** The older version's masks of a frame. */
export function loadDifference(state: Annotator, { version, frame, masks }: SeriesState): Annotator {
  const { difference } = state;
  if (difference?.from !== version) return state;
  const known = new Map(difference.masks).set(frame, new Map(masks.map((mask) => [mask.track, mask])));
  return { ...state, difference: { ...difference, masks: known } };
}

const isOf = ({ from, to }: Difference, older: number, newer: number) => from === older && to === newer;

/** The changed frame after the one in sight, or before it; undefined: there is none. */
export function nextChanged({ difference, frame }: Annotator, direction: 1 | -1): number | undefined {
  const frames = (difference?.frames ?? []).map((each) => each.frame);
  return direction === 1 ? frames.find((each) => each > frame) : frames.findLast((each) => each < frame);
}

/** All frames together. */
export function differenceTotal(frames: readonly FrameDifference[]): Omit<FrameDifference, "frame"> {
  const total = { added: 0, removed: 0, changed: 0, reviewed: 0, area_before_px: 0, area_after_px: 0 };
  for (const frame of frames) {
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += frame[key];
  }
  return total;
}

/** Null until both versions' masks of the frame are there. */
export function changesOn(state: Annotator, frame: number): readonly ObjectChange[] | null {
  const before = state.difference?.masks.get(frame);
  const after = state.past?.frames.get(frame)?.masks;
  return before === undefined || after === undefined ? null : compared(before, after);
}

/** Pixels that objects gained and lost on a frame. */
export function pixelsChanged(changes: readonly ObjectChange[]): { gained: number; lost: number } {
  const sum = (of: "gained" | "lost") =>
    changes.reduce((total, change) => total + (change[of] === null ? 0 : areaPx(change[of])), 0);
  return { gained: sum("gained"), lost: sum("lost") };
}

type Masks = ReadonlyMap<string, MaskRevision>;

const compared = remember((before: Masks, after: Masks): readonly ObjectChange[] => {
  const changes: ObjectChange[] = [];
  for (const track of new Set([...before.keys(), ...after.keys()])) {
    const then = before.get(track);
    const now = after.get(track);
    const old = then?.mask ? decoded(then.mask) : null;
    const present = now?.mask ? decoded(now.mask) : null;
    if (old === null && present === null) continue;
    if (old === null) changes.push({ track, what: "added", gained: present, lost: null, kept: null });
    else if (present === null) changes.push({ track, what: "removed", gained: null, lost: old, kept: null });
    else if (then?.sha256 !== now?.sha256) {
      const [gained, lost, kept] = [minus(present, old), minus(old, present), intersection(old, present)];
      changes.push({ track, what: "changed", gained, lost, kept });
    } else if (then?.state !== now?.state) {
      changes.push({ track, what: "reviewed", gained: null, lost: null, kept: present });
    }
  }
  return changes;
});
