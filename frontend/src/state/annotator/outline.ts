// Outlines being drawn, corner by corner or freehand, and what closing one makes of the masks.

import { polygonRuns } from "../../geometry/polygon";
import { decoded, difference, type Runs, union } from "../../geometry/rle";
import type { Point } from "../../geometry/stroke";
import type { MaskRle } from "../../protocol/messages";
import { applyDrawn, chosenCandidate, receivingTrack } from "./drafts";
import type { Annotator, Corner, OutlineDraft, OutlineMode, OutlineTool } from "./model";
import { splitAlong } from "./shapes";
import { objectAt, objectOf, tracksOf } from "./view";
import { objectName } from "./words";

/** The outline on the frame in sight. */
export function outlineHere(state: Annotator): OutlineDraft | null {
  return state.outline?.frame === state.frame ? state.outline : null;
}

/** What an outline in this mode changes; null: a new object, the candidate, or what the line will divide. Undefined:
 * there is nothing that it could change. */
export function outlineTarget(
  state: Annotator,
  tool: OutlineTool,
  mode: OutlineMode,
  at: Point,
): string | null | undefined {
  const candidate = chosenCandidate(state) !== null;
  const selected = selectedTrack(state);
  const here = selected !== null && objectOf(state, selected, state.frame) !== undefined ? selected : null;
  if (tool === "split") return here;
  if (mode === "new") return candidate ? null : receivingTrack(state);
  if (candidate) return null;
  if (mode === "add") return selected;
  return here ?? objectAt(state, state.frame, at)?.track.track;
}

export const NOTHING_TO_CUT = "There is no object here to cut out of. Select one first, or begin on one.";

const NOTHING_LEFT_TO_CUT =
  "What this outline cuts out of is not here any more. Cancel it (Esc), or choose to draw a new object.";

/** The way around, from the first corner back to it. */
export function outlinePoints(corners: readonly Corner[], closing: readonly Point[] = []): Point[] {
  return [...corners.flatMap(({ path, x, y }) => [...path, { x, y }]), ...closing];
}

export function withCorner(outline: OutlineDraft, corner: Corner): OutlineDraft {
  return { ...outline, corners: [...outline.corners, corner] };
}

/** A corner in another place; `paths`: the ways to it and onward to the next. */
export function withCornerAt(
  outline: OutlineDraft,
  index: number,
  place: Point,
  paths: { readonly before: readonly Point[]; readonly after: readonly Point[] },
): OutlineDraft {
  const corners = outline.corners.map((corner, at): Corner => {
    if (at === index) return { ...place, path: index === 0 ? [] : paths.before };
    return at === index + 1 ? { ...corner, path: paths.after } : corner;
  });
  return { ...outline, corners };
}

export function withoutLastCorner(state: Annotator): Annotator {
  const outline = outlineHere(state);
  if (outline === null) return state;
  const corners = outline.corners.slice(0, -1);
  return { ...state, outline: corners.length === 0 ? null : { ...outline, corners } };
}

/** An outline that is open follows the mode that is chosen, where there is something for it to change. */
export function withMode(state: Annotator): Annotator {
  const outline = outlineHere(state);
  const first = outline?.corners[0];
  const { mode } = state.drawing;
  if (outline === null || first === undefined || outline.mode === mode || outline.tool === "split")
    return state;
  const track = outlineTarget(state, outline.tool, mode, first);
  return track === undefined ? state : { ...state, outline: { ...outline, mode, track } };
}

/** Fewer enclose nothing, or are no line. */
export function isComplete({ tool, corners }: OutlineDraft): boolean {
  return corners.length >= (tool === "split" ? 2 : 3);
}

export function finishOutline(
  state: Annotator,
  closing: readonly Point[],
  requestId: string,
  newTrack: string,
): Annotator {
  const { outline } = state;
  if (outline === null || outline.frame !== state.frame || !isComplete(outline)) return state;
  const idle = { ...state, outline: null };
  if (outline.tool === "split") {
    return splitAlong(idle, outline.track, outlinePoints(outline.corners), requestId, newTrack);
  }
  const { height, width } = state.series;
  const inside = polygonRuns(outlinePoints(outline.corners, closing), height, width);
  const { frame, mode } = outline;
  // What it was drawn for may be deleted by now, or have its first mask here: then this is another object.
  const deleted = outline.track !== null && tracksOf(state).get(outline.track)?.deleted !== false;
  const present = deleted ? null : maskBefore(state, outline);
  if (mode === "subtract" && present === null) return { ...state, notice: NOTHING_LEFT_TO_CUT };
  const fresh = deleted || (mode === "new" && present !== null);
  const before = fresh ? null : present;
  return applyDrawn(idle, requestId, {
    frame,
    before,
    after: before === null ? inside : combined(decoded(before), inside, mode),
    track: fresh ? null : outline.track,
    newTrack,
    reasons: {
      create: "Outline a new object",
      change: before === null ? "Outline a mask" : mode === "add" ? "Add to a mask" : "Cut out of a mask",
      remove: "Cut away a mask",
    },
  });
}

function combined(before: Runs, inside: Runs, mode: OutlineMode): Runs {
  return mode === "subtract" ? difference(before, inside) : union(before, inside);
}

function maskBefore(state: Annotator, { mode, track, frame }: OutlineDraft): MaskRle | null {
  if (track !== null) return objectOf(state, track, frame)?.mask ?? null;
  return mode === "new" ? null : (chosenCandidate(state)?.mask ?? null);
}

function selectedTrack(state: Annotator): string | null {
  const track = state.selection?.track;
  return track !== undefined && tracksOf(state).get(track)?.deleted === false ? track : null;
}

/** What closing the outline, or beginning one, changes: in words for the hint. */
export function outlineAim(state: Annotator, tool: OutlineTool): string | null {
  const outline = outlineHere(state);
  const mode = outline?.mode ?? state.drawing.mode;
  const track = outline === null ? selectedTrack(state) : outline.track;
  const known = track === null ? undefined : tracksOf(state).get(track);
  const name = known === undefined ? null : objectName(known);
  if (tool === "split") return name === null ? "Splits the object that it divides" : `Splits ${name}`;
  if (mode === "new") return null;
  if (chosenCandidate(state) !== null)
    return mode === "add" ? "Adds to the mask on offer" : "Cuts out of the mask on offer";
  if (mode === "add") return name === null ? null : `Adds to ${name}`;
  return name === null ? "Cuts out of what it begins on" : `Cuts out of ${name}`;
}
