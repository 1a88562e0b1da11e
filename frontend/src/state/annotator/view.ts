// What is to be seen: confirmed revisions with the user's pending commits on top, or an older version.

import { areaPx, boxXyxy, contains, decoded } from "../../geometry/rle";
import type { Point } from "../../geometry/stroke";
import type { MaskRle, Origin } from "../../protocol/messages";
import type { Calibration, TimelineFrame } from "../../protocol/rest";
import type { Annotator, FrameMasks, Operation, PendingCommit, Tracks } from "./model";

export interface Track {
  readonly track: string;
  /** The ID on screen; null until the server has numbered it. */
  readonly number: number | null;
  readonly phase: string | null;
  readonly name: string;
  readonly deleted: boolean;
}

export interface ShownMask {
  readonly mask: MaskRle;
  readonly area_px: number;
  readonly box: readonly [number, number, number, number];
  readonly order: number;
  readonly state: "accepted" | "proposal";
  readonly origin: Origin;
}

/** One object on one frame. */
export interface ObjectOnFrame extends ShownMask {
  readonly track: Track;
}

type TrackViews = ReadonlyMap<string, Track>;

const NOTHING: FrameMasks = { loaded: false, masks: new Map() };

/** Commits that may still come true. Those with a problem wait for their author and are not drawn. */
export function openCommits(pending: readonly PendingCommit[]): readonly PendingCommit[] {
  return pending.filter((commit) => commit.problem === null);
}

/** Every track by its ID, deleted ones too, as the user should see them. */
export function tracksOf(state: Pick<Annotator, "tracks" | "pending" | "past">): TrackViews {
  return state.past === null ? presentTracks(state.tracks, state.pending) : state.past.tracks;
}

/** The objects of a frame in drawing order: the last one lies on top. */
export function objectsOn(state: Annotator, frame: number): readonly ObjectOnFrame[] {
  if (state.past !== null) {
    return visibleObjects(state.past.tracks, state.past.frames.get(frame) ?? NOTHING, NO_COMMITS, frame);
  }
  return visibleObjects(state.tracks, state.frames.get(frame) ?? NOTHING, state.pending, frame);
}

export function objectOf(state: Annotator, track: string, frame: number): ObjectOnFrame | undefined {
  return objectsOn(state, frame).find((object) => object.track.track === track);
}

/** The topmost object under an image point that is not hidden. */
export function objectAt(state: Annotator, frame: number, point: Point): ObjectOnFrame | undefined {
  if (!state.display.masks) return undefined;
  return objectsOn(state, frame).findLast(
    ({ track, mask, box }) =>
      point.x >= box[0] &&
      point.x < box[2] &&
      point.y >= box[1] &&
      point.y < box[3] &&
      !state.hidden.has(track.track) &&
      contains(decoded(mask), point.x, point.y),
  );
}

export function isLoaded(state: Annotator, frame: number): boolean {
  return (state.past?.frames ?? state.frames).get(frame)?.loaded ?? false;
}

/** The calibration of the version in sight: lengths of an older version are those of its time. */
export function calibrationOf(state: Annotator): Calibration {
  return state.past?.calibration ?? state.calibration;
}

/** Whether this person may change anything now. */
export function mayEdit(state: Annotator): boolean {
  const allowed = state.role === "annotator" || state.role === "manager" || state.role === "owner";
  return allowed && !state.archived && state.past === null && state.connection !== "refused";
}

/** The object whose phase can be set, on this frame or not; undefined: the phase of what comes next is set. */
export function phaseReceiver(state: Annotator): Track | undefined {
  if (state.prompt !== null || state.selection === null) return undefined;
  const track = tracksOf(state).get(state.selection.track);
  return track?.deleted === false ? track : undefined;
}

/** How many objects each frame has: as the server counted, and for loaded frames as they really are now. */
export function frameCounts(state: Annotator): ReadonlyMap<number, TimelineFrame> {
  if (state.past !== null) return countsOf(state.timeline, NO_FRAMES, state.past.tracks, NO_COMMITS);
  return countsOf(state.timeline, state.frames, state.tracks, state.pending);
}

const NO_FRAMES: ReadonlyMap<number, FrameMasks> = new Map();
const NO_COMMITS: readonly PendingCommit[] = [];

const presentTracks = remember((tracks: Tracks, pending: readonly PendingCommit[]): TrackViews => {
  const open = openCommits(pending);
  if (open.length === 0) return tracks;
  const views = new Map<string, Track>(tracks);
  for (const commit of open) {
    for (const operation of commit.operations) applyToTracks(views, operation);
  }
  return views;
});

function applyToTracks(views: Map<string, Track>, operation: Operation): void {
  const id = operation.track;
  const before = views.get(id);
  switch (operation.op) {
    case "track.create":
      if (before === undefined) {
        const { phase, name } = operation;
        views.set(id, { track: id, number: null, phase, name, deleted: false });
      }
      break;
    case "track.set":
      if (before !== undefined)
        views.set(id, { ...before, track: id, phase: operation.phase, name: operation.name });
      break;
    case "track.delete":
    case "track.restore":
      if (before !== undefined) views.set(id, { ...before, deleted: operation.op === "track.delete" });
      break;
    case "mask.set":
    case "mask.delete":
      break;
  }
}

const visibleObjects = remember(
  (
    tracks: Tracks,
    frameMasks: FrameMasks,
    pending: readonly PendingCommit[],
    frame: number,
  ): readonly ObjectOnFrame[] => {
    const masks = new Map<string, ShownMask>();
    let top = 0;
    for (const [track, revision] of frameMasks.masks) {
      top = Math.max(top, revision.order);
      if (revision.mask === null || revision.box === null) continue;
      masks.set(track, { ...revision, mask: revision.mask, box: revision.box });
    }
    for (const commit of openCommits(pending)) {
      for (const operation of commit.operations) {
        if (operation.op === "mask.set" && operation.frame === frame) {
          const order = operation.order ?? masks.get(operation.track)?.order ?? ++top;
          masks.set(operation.track, shownMask(operation.mask, order, operation.state, operation.origin));
        } else if (operation.op === "mask.delete" && operation.frame === frame) {
          masks.delete(operation.track);
        } else if (operation.op === "track.restore" && !masks.has(operation.track)) {
          const back = frameMasks.gone?.get(operation.track);
          if (back !== undefined && back.mask !== null && back.box !== null)
            masks.set(operation.track, { ...back, mask: back.mask, box: back.box });
        }
      }
    }
    const views = presentTracks(tracks, pending);
    const objects: ObjectOnFrame[] = [];
    for (const [id, mask] of masks) {
      const track = views.get(id);
      if (track !== undefined && !track.deleted) objects.push({ ...mask, track });
    }
    return objects.sort((a, b) => a.order - b.order);
  },
);

const countsOf = remember(
  (
    timeline: readonly TimelineFrame[],
    frames: ReadonlyMap<number, FrameMasks>,
    tracks: Tracks,
    pending: readonly PendingCommit[],
  ): ReadonlyMap<number, TimelineFrame> => {
    const counts = new Map(timeline.map((mark) => [mark.frame, mark]));
    const views = presentTracks(tracks, pending);
    for (const [frame, { loaded, masks }] of frames) {
      if (!loaded) continue;
      const states = new Map<string, ShownMask["state"]>();
      for (const [track, revision] of masks) if (revision.mask !== null) states.set(track, revision.state);
      for (const commit of openCommits(pending)) {
        for (const operation of commit.operations) {
          if (!("frame" in operation) || operation.frame !== frame) continue;
          if (operation.op === "mask.set") states.set(operation.track, operation.state);
          else states.delete(operation.track);
        }
      }
      const count = { frame, accepted: 0, proposals: 0 };
      for (const [track, maskState] of states) {
        if (views.get(track)?.deleted !== false) continue;
        if (maskState === "accepted") count.accepted++;
        else count.proposals++;
      }
      counts.set(frame, count);
    }
    return counts;
  },
);

function shownMask(mask: MaskRle, order: number, state: ShownMask["state"], origin: Origin): ShownMask {
  const runs = decoded(mask);
  return { mask, order, state, origin, area_px: areaPx(runs), box: boxXyxy(runs) };
}

/** Repeats the last few answers while the arguments are the same objects: state is immutable. */
export function remember<Arguments extends readonly unknown[], Result>(
  compute: (...given: Arguments) => Result,
): (...given: Arguments) => Result {
  const kept: { given: Arguments; result: Result }[] = [];
  return (...given) => {
    const known = kept.find((entry) => entry.given.every((value, index) => value === given[index]));
    if (known !== undefined) return known.result;
    const result = compute(...given);
    kept.unshift({ given, result });
    kept.length = Math.min(kept.length, 8);
    return result;
  };
}
