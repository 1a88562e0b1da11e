// The masks of a track between two frames that have one: proposals whose origin says that they are interpolated.

import { between } from "../../geometry/interpolation";
import { decoded, encode } from "../../geometry/rle";
import { BY_HAND, setMask } from "./drafts";
import { chosenTracks } from "./lineage";
import type { Annotator } from "./model";
import type { ShapePlan } from "./shapes";
import { isLoaded, objectOf } from "./view";
import { trackName } from "./words";

/** Who made the mask, in the place of a tracker's name. */
export const INTERPOLATION = "interpolation";

const MOST_BETWEEN = 50; // beyond, a blend says little of what happened

export interface KeyFrames {
  readonly track: string;
  readonly from: number;
  readonly to: number;
}

/** The frames around the gap that the frame in sight lies in, else around the next one, else around the one before. */
export function keyFrames(state: Annotator): KeyFrames | { readonly refusal: string } {
  const [track, ...more] = chosenTracks(state);
  if (track === undefined || more.length > 0) {
    return { refusal: "Select one object to interpolate its masks." };
  }
  const { frame } = state;
  const found = nextGap(state, track, frame, 1) ?? nextGap(state, track, frame, -1);
  if (found !== null) return { track, ...found };
  return {
    refusal: `${trackName(state, track)} has no gap here to interpolate: it needs a mask before and one after, at most ${MOST_BETWEEN} frames apart.`,
  };
}

/** The nearest gap from a frame on. */
function nextGap(state: Annotator, track: string, start: number, direction: 1 | -1) {
  for (let frame = start; Math.abs(frame - start) <= MOST_BETWEEN; frame += direction) {
    if (frame < 0 || frame >= state.series.frames) return null;
    if (isOpen(state, track, frame)) return around(state, track, frame);
  }
  return null;
}

/** Null where the frame has a mask of its own, or no other on one side. */
function around(state: Annotator, track: string, frame: number): { from: number; to: number } | null {
  if (!isOpen(state, track, frame)) return null;
  let [from, to] = [frame, frame];
  while (isOpen(state, track, from)) if (--from < 0 || to - from > MOST_BETWEEN + 1) return null;
  while (isOpen(state, track, to))
    if (++to >= state.series.frames || to - from > MOST_BETWEEN + 1) return null;
  return { from, to };
}

/** Whether the frame lacks a mask of the track, or has one that an earlier interpolation proposed. */
function isOpen(state: Annotator, track: string, frame: number): boolean {
  if (frame < 0 || frame >= state.series.frames) return false;
  if (isLoaded(state, frame)) return isReplaceable(state, track, frame);
  const run = state.lanes.runs.get(track)?.find(({ first, last }) => first <= frame && frame <= last);
  return run === undefined || (run.state === "proposal" && run.confidence === null);
}

function isReplaceable(state: Annotator, track: string, frame: number): boolean {
  const object = objectOf(state, track, frame);
  return object === undefined || (object.state === "proposal" && object.origin.tracker === INTERPOLATION);
}

/** Frames whose masks must be known first. */
export function framesToLoad(state: Annotator, { from, to }: KeyFrames): number[] {
  const span = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return span.filter((frame) => !isLoaded(state, frame));
}

/** Blends the two masks over all frames in between, which are loaded. */
export function interpolated(state: Annotator, { track, from, to }: KeyFrames): ShapePlan {
  const [first, last] = [objectOf(state, track, from), objectOf(state, track, to)];
  if (first === undefined || last === undefined) {
    return {
      refusal: `${trackName(state, track)} has no masks on frames ${from + 1} and ${to + 1} any more.`,
    };
  }
  const [a, b] = [decoded(first.mask), decoded(last.mask)];
  const operations = framesBetween(from, to)
    .filter((frame) => isReplaceable(state, track, frame))
    .map((frame) => ({ frame, runs: between(a, b, frame - from, to - from) }))
    .filter(({ runs }) => runs.bounds.length > 0)
    .map(({ frame, runs }) => ({
      ...setMask(track, frame, encode(runs), { ...BY_HAND, tracker: INTERPOLATION }),
      state: "proposal" as const,
    }));
  return {
    reason: `Interpolate ${trackName(state, track)} between frames ${from + 1} and ${to + 1}`,
    operations,
  };
}

function framesBetween(from: number, to: number): number[] {
  return Array.from({ length: to - from - 1 }, (_, index) => from + 1 + index);
}
