// Changes of whole masks: fill, smooth, grow, shrink, merge, split, copy. What is meant is marked or selected.

import { cutAlong } from "../../geometry/cut";
import { fillHoles, grow, smooth } from "../../geometry/morphology";
import { areaPx, decoded, encode, type Runs, union } from "../../geometry/rle";
import type { Point } from "../../geometry/stroke";
import { BY_HAND, chosenCandidate, removal, setMask, touchUp } from "./drafts";
import { commit, type Gesture } from "./history";
import { chosenTracks } from "./lineage";
import type { Annotator, Operation } from "./model";
import { isLoaded, type ObjectOnFrame, objectOf, objectsOn } from "./view";
import { listed, objectName } from "./words";

export type ShapeChange =
  | { readonly what: "fill" }
  | { readonly what: "smooth"; readonly radiusPx: number }
  /** Negative: shrinks. */
  | { readonly what: "grow"; readonly px: number };

/** A gesture without the request's name, or why there is none. */
export type ShapePlan = Omit<Gesture, "requestId"> | { readonly refusal: string };

/** The candidate on offer, else every object that is meant on this frame, in one commit. None ever vanishes by it. */
export function changeShapes(state: Annotator, change: ShapeChange, requestId: string): Annotator {
  const candidate = chosenCandidate(state);
  if (candidate !== null) {
    const after = changed(decoded(candidate.mask), change);
    const area = areaPx(after);
    return area === 0 ? state : touchUp(state, encode(after), area);
  }
  const objects = chosenObjects(state);
  if (objects.length === 0) return { ...state, notice: "Select the object to change on this frame first." };
  const vanishing: ObjectOnFrame[] = [];
  const operations: Operation[] = [];
  for (const object of objects) {
    const after = changed(decoded(object.mask), change);
    const mask = encode(after);
    if (areaPx(after) === 0) vanishing.push(object);
    else if (mask.counts !== object.mask.counts) operations.push(changedMask(state, object, after));
  }
  const next = vanishing.length === 0 ? state : { ...state, notice: vanishingText(vanishing, change) };
  if (operations.length === 0) return next;
  return commit(next, { requestId, reason: reasonOf(change, operations.length), operations });
}

function changed(runs: Runs, change: ShapeChange): Runs {
  switch (change.what) {
    case "fill":
      return fillHoles(runs);
    case "smooth":
      return smooth(runs, change.radiusPx);
    case "grow":
      return grow(runs, change.px);
  }
}

function reasonOf(change: ShapeChange, count: number): string {
  const masks = count === 1 ? "a mask" : `${count} masks`;
  switch (change.what) {
    case "fill":
      return `Fill the holes of ${masks}`;
    case "smooth":
      return `Smooth ${masks} by ${change.radiusPx} px`;
    case "grow":
      return `${change.px > 0 ? "Grow" : "Shrink"} ${masks} by ${Math.abs(change.px)} px`;
  }
}

function vanishingText(objects: readonly ObjectOnFrame[], change: ShapeChange): string {
  const names = listed(objects.map(({ track }) => objectName(track)));
  const by = change.what === "smooth" ? `a radius of ${change.radiusPx} px` : "that much";
  return `${names} would vanish by ${by} and stays as it is. Take less, or delete it (Del).`;
}

/** The objects that are meant and on this frame. */
function chosenObjects(state: Annotator): ObjectOnFrame[] {
  return chosenTracks(state).flatMap((track) => objectOf(state, track, state.frame) ?? []);
}

function changedMask(state: Annotator, { track, origin }: ObjectOnFrame, after: Runs): Operation {
  return setMask(track.track, state.frame, encode(after), { ...origin, edited: true });
}

/** The marked objects of this frame become the first of them, on this frame alone. */
export function mergeMasks(state: Annotator): ShapePlan {
  const [first, ...others] = chosenObjects(state);
  if (first === undefined || others.length === 0) {
    return { refusal: "Mark the objects to merge on this frame: select one, then Shift+click the others." };
  }
  const after = others.map(({ mask }) => decoded(mask)).reduce(union, decoded(first.mask));
  const names = listed(others.map(({ track }) => objectName(track)));
  return {
    reason: `Merge ${names} into ${objectName(first.track)} on this frame`,
    operations: [
      changedMask(state, first, after),
      ...others.map(({ track }) => removal(state, track.track, state.frame)),
    ],
  };
}

/** The larger part keeps its track, the other becomes a new object of the same phase. `track` null: the topmost object
 * that the line divides. */
export function splitAlong(
  state: Annotator,
  track: string | null,
  line: readonly Point[],
  requestId: string,
  newTrack: string,
): Annotator {
  const shown = objectsOn(state, state.frame).toReversed();
  const meant = shown.filter((object) =>
    track === null ? !state.hidden.has(object.track.track) : object.track.track === track,
  );
  for (const object of meant) {
    const parts = crosses(object, line) ? cutAlong(decoded(object.mask), line) : null;
    if (parts === null) continue;
    const [larger, smaller] = parts;
    const operations: Operation[] = [
      changedMask(state, object, larger),
      { op: "track.create", track: newTrack, phase: object.track.phase, name: "" },
      setMask(newTrack, state.frame, encode(smaller), { ...object.origin, edited: true }),
    ];
    const reason = `Split ${objectName(object.track)} along a line`;
    return commit(state, { requestId, reason, operations });
  }
  const what = track === null || meant[0] === undefined ? "an object" : objectName(meant[0].track);
  return { ...state, notice: `The line does not divide ${what}: begin and end it outside of the object.` };
}

/** Whether the line comes near the object at all. */
function crosses({ box: [x0, y0, x1, y1] }: ObjectOnFrame, line: readonly Point[]): boolean {
  const [xs, ys] = [line.map(({ x }) => x), line.map(({ y }) => y)];
  return Math.min(...xs) < x1 && Math.max(...xs) >= x0 && Math.min(...ys) < y1 && Math.max(...ys) >= y0;
}

/** The masks of what is meant, else of all accepted objects in sight, once more on the next frame. Proposals stay so. */
export function copyToNext(state: Annotator): ShapePlan & { readonly notice?: string } {
  const next = state.frame + 1;
  if (next >= state.series.frames)
    return { refusal: "This is the last frame: there is no next one to copy to." };
  if (!isLoaded(state, next)) {
    return { refusal: `Frame ${next + 1} is still loading. Try again when it is there.` };
  }
  const chosen = chosenObjects(state);
  const meant = chosen.length > 0 || state.selection !== null ? chosen : acceptedInSight(state);
  if (meant.length === 0) return { refusal: "There is no mask on this frame to copy." };
  const taken = meant.filter(({ track }) => objectOf(state, track.track, next) !== undefined);
  const copied = meant.filter((object) => !taken.includes(object));
  const kept = `${keptText(taken)} frame ${next + 1} already; delete it there to copy over it.`;
  if (copied.length === 0) return { refusal: kept };
  const what =
    copied.length === 1 ? listed(copied.map(({ track }) => objectName(track))) : `${copied.length} masks`;
  return {
    reason: `Copy ${what} to the next frame`,
    operations: copied.map(({ track, mask, state }) => ({
      ...setMask(track.track, next, mask, BY_HAND),
      state,
    })),
    ...(taken.length === 0 ? {} : { notice: kept }),
  };
}

function acceptedInSight(state: Annotator): readonly ObjectOnFrame[] {
  return objectsOn(state, state.frame).filter(
    (object) => object.state === "accepted" && !state.hidden.has(object.track.track),
  );
}

function keptText(taken: readonly ObjectOnFrame[]): string {
  if (taken.length > 4) return `${taken.length} objects have masks on`;
  return `${listed(taken.map(({ track }) => objectName(track)))} ${taken.length === 1 ? "has a mask" : "have masks"} on`;
}
