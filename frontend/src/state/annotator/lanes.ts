// The life of every track as runs of frames: as the server tells them once, then kept up to date by changesets. Pure.

import type { Changeset, MaskRevision } from "../../protocol/messages";
import type { LaneRun, Lanes as LanesAnswer } from "../../protocol/rest";
import type { Lanes, RunsByTrack, Tracks } from "./model";

export type ConfidenceLevel = "unknown" | "low" | "fair" | "sure";

export const NO_LANES: Lanes = { version: -1, runs: new Map(), missed: null };

const SURE = 0.8;
const FAIR = 0.5;

/** A run ends where this changes. */
export function confidenceLevel(confidence: number | null): ConfidenceLevel {
  if (confidence === null) return "unknown";
  if (confidence >= SURE) return "sure";
  return confidence >= FAIR ? "fair" : "low";
}

export function askedForLanes(lanes: Lanes): Lanes {
  return { ...lanes, missed: [] };
}

export function lanesFailed(lanes: Lanes): Lanes {
  return { ...lanes, missed: null };
}

export function loadedLanes(lanes: Lanes, answer: LanesAnswer): Lanes {
  const loaded = { version: answer.version, runs: runsOf(answer), missed: null };
  return (lanes.missed ?? [])
    .toSorted((a, b) => a.version - b.version)
    .reduce((next, changeset) => withChangeset(next, changeset, new Map()), loaded as Lanes);
}

export function runsOf(answer: LanesAnswer): RunsByTrack {
  return new Map(answer.tracks.map(({ track, runs }) => [track, runs]));
}

/** Changesets count in their order alone: one that comes too early is sent again. `tracks`: as they were before it. */
export function withChangeset(lanes: Lanes, changeset: Changeset, tracks: Tracks): Lanes {
  if (lanes.missed !== null) return { ...lanes, missed: [...lanes.missed, changeset] };
  if (changeset.version !== lanes.version + 1) return lanes;
  const masks = changeset.revisions.filter((revision) => revision.kind === "mask");
  const masked = new Set(masks.map(({ track }) => track));
  // The server leaves out the runs of what is deleted.
  const returns = changeset.revisions.some(
    (revision) =>
      revision.kind === "track" &&
      !revision.deleted &&
      !lanes.runs.has(revision.track) &&
      (tracks.get(revision.track)?.deleted === true || !masked.has(revision.track)),
  );
  if (returns) return { ...lanes, version: -1 };
  return { ...lanes, version: changeset.version, runs: withMasks(lanes.runs, masks) };
}

/** The server says that nothing lies between what is known and this version. */
export function withNothingTo(lanes: Lanes, version: number): Lanes {
  return lanes.version < 0 || lanes.version >= version ? lanes : { ...lanes, version };
}

/** A mask without a hash is a deleted one. */
export function withMasks(runs: RunsByTrack, masks: readonly MaskRevision[]): RunsByTrack {
  if (masks.length === 0) return runs;
  const byTrack = new Map<string, MaskRevision[]>();
  for (const mask of masks) {
    const known = byTrack.get(mask.track);
    if (known === undefined) byTrack.set(mask.track, [mask]);
    else known.push(mask);
  }
  const next = new Map(runs);
  for (const [track, changed] of byTrack) {
    const after = withMasksOfTrack(runs.get(track) ?? [], changed);
    if (after.length === 0) next.delete(track);
    else next.set(track, after);
  }
  return next;
}

/** Cuts the runs around each changed frame and joins what belongs together. A cut run keeps its least confidence. */
function withMasksOfTrack(runs: readonly LaneRun[], masks: MaskRevision[]): readonly LaneRun[] {
  const after: LaneRun[] = [];
  let index = 0;
  let rest = runs[0];
  const copyTo = (frame: number) => {
    while (rest !== undefined && rest.first < frame) {
      if (rest.last < frame) {
        append(after, rest);
        rest = runs[++index];
      } else {
        append(after, { ...rest, last: frame - 1 });
        rest = { ...rest, first: frame };
      }
    }
  };
  masks.sort((a, b) => a.frame - b.frame || a.revision - b.revision);
  masks.forEach(({ frame, sha256, state, origin }, at) => {
    if (masks[at + 1]?.frame === frame) return; // a newer revision of the same mask follows
    copyTo(frame);
    if (rest?.first === frame) rest = rest.last === frame ? runs[++index] : { ...rest, first: frame + 1 };
    if (sha256 !== null) append(after, { first: frame, last: frame, state, confidence: origin.confidence });
  });
  copyTo(Number.POSITIVE_INFINITY);
  return after;
}

function append(runs: LaneRun[], run: LaneRun): void {
  const before = runs.at(-1);
  if (before !== undefined && goesOn(before, run)) {
    const confidence =
      before.confidence === null ? null : Math.min(before.confidence, run.confidence ?? before.confidence);
    runs[runs.length - 1] = { ...before, last: run.last, confidence };
  } else {
    runs.push(run);
  }
}

function goesOn(before: LaneRun, run: LaneRun): boolean {
  return (
    run.first === before.last + 1 &&
    run.state === before.state &&
    confidenceLevel(run.confidence) === confidenceLevel(before.confidence)
  );
}
