// What the tools that draw outlines share: where a corner goes, how one is moved, when the outline closes.

import type { Point } from "../geometry/stroke";
import { insideImage, toScreen } from "../geometry/viewport";
import type { Annotator, Corner, OutlineDraft, OutlineMode, OutlineTool } from "../state/annotator/model";
import {
  isComplete,
  NOTHING_TO_CUT,
  outlineHere,
  outlineTarget,
  withCorner,
  withCornerAt,
} from "../state/annotator/outline";
import type { Gesture, PointerDown, PointerMove, ToolContext } from "./tool";

export const REACH_SCREEN_PX = 8; // this close to a corner means that corner
export const SLIP_SCREEN_PX = 4; // less is a click and no drag

/** The way between two corners, without its ends. */
export type Link = (from: Point, to: Point) => readonly Point[];

export const straight: Link = () => [];

/** Adds a corner, moves the one under the pointer, or closes the outline: at its first corner, or at its last again. */
export function* placeCorner(
  context: ToolContext,
  down: PointerDown,
  tool: OutlineTool,
  link: Link,
): Gesture {
  const before = openOutline(context, tool);
  const touched = before === null ? -1 : cornerAt(context, before, down.screen);
  if (before !== null && touched >= 0) {
    const moved = yield* dragCorner(context, down, before, touched, link);
    const closes = touched === before.corners.length - 1 || (touched === 0 && tool !== "split");
    if (!moved && closes && isComplete(before)) closeOutline(context);
    return;
  }
  const outline = before ?? beginOutline(context, down, tool);
  if (outline === null) return;
  const place = insideImage(down.image, context.state.series);
  const last = outline.corners.at(-1);
  const corner: Corner = { ...place, path: last === undefined ? [] : link(last, place) };
  const drawn = withCorner(outline, corner);
  context.dispatch({ type: "outline", outline: drawn });
  yield* dragCorner(context, down, drawn, drawn.corners.length - 1, link);
}

/** Moves a corner until the release. Cancelled, it goes back. Returns whether it was more than a click. */
function* dragCorner(
  context: ToolContext,
  down: PointerDown,
  outline: OutlineDraft,
  index: number,
  link: Link,
): Generator<void, boolean, PointerMove> {
  const before = outline.corners[index - 1];
  const after = outline.corners[index + 1];
  let [moved, finished] = [false, false];
  try {
    for (;;) {
      const move = yield;
      moved ||= Math.hypot(move.screen.x - down.screen.x, move.screen.y - down.screen.y) > SLIP_SCREEN_PX;
      if (moved) {
        const place = insideImage(move.image, context.state.series);
        const paths = {
          before: before === undefined ? [] : link(before, place),
          // From the corner that stays, whose search is known already.
          after: after === undefined ? [] : link(after, place).toReversed(),
        };
        context.dispatch({ type: "outline", outline: withCornerAt(outline, index, place, paths) });
      }
      if (move.released) break;
    }
    finished = true;
  } finally {
    if (!finished) context.dispatch({ type: "outline", outline });
  }
  return moved;
}

/** The open outline that this tool goes on with. Outlines are one kind for all tools, a line to split along is another. */
export function openOutline({ state }: ToolContext, tool: OutlineTool): OutlineDraft | null {
  const outline = outlineHere(state);
  return outline !== null && (outline.tool === "split") === (tool === "split") ? outline : null;
}

/** A draft without corners; null, with a notice, where another is open or there is nothing for it to change. */
export function beginOutline(
  { state, dispatch }: ToolContext,
  down: PointerDown,
  tool: OutlineTool,
): OutlineDraft | null {
  if (state.outline !== null) {
    dispatch({ type: "notice", text: openText(state, state.outline) });
    return null;
  }
  const mode = modeOf(down, state.drawing.mode);
  const track = outlineTarget(state, tool, mode, down.image);
  if (track === undefined) {
    dispatch({ type: "notice", text: NOTHING_TO_CUT });
    return null;
  }
  return { kind: "outline", tool, frame: state.frame, mode, track, corners: [] };
}

function openText({ frame }: Annotator, outline: OutlineDraft): string {
  const what = outline.tool === "split" ? "A line to split along" : "An outline";
  if (outline.frame !== frame) {
    return `${what} is open on frame ${outline.frame + 1}. Close or discard it before you begin another.`;
  }
  const ends = outline.tool === "split" ? "Split with it" : "Close it";
  return `${what} is open here. ${ends} (Enter) or cancel it (Esc) before you begin another.`;
}

/** Shift adds, Alt or the right button cuts out; else what is chosen holds. */
function modeOf(down: PointerDown, chosen: OutlineMode): OutlineMode {
  if (down.alt || down.button === "right") return "subtract";
  return down.shift ? "add" : chosen;
}

/** The corner within reach of a place on screen; -1: none. The first wins over others. */
export function cornerAt(
  { viewport }: Pick<ToolContext, "viewport">,
  { corners }: OutlineDraft,
  screen: Point,
): number {
  return corners.findIndex((corner) => {
    const at = toScreen(viewport, corner);
    return Math.hypot(at.x - screen.x, at.y - screen.y) <= REACH_SCREEN_PX;
  });
}

/** Closes the outline, or splits along the line; one that is too short stays open. */
export function closeOutline({ state, dispatch, newId, followEdge }: ToolContext): void {
  const outline = outlineHere(state);
  const [first, last] = [outline?.corners[0], outline?.corners.at(-1)];
  if (outline === null || first === undefined || last === undefined || !isComplete(outline)) return;
  const closing = outline.tool === "magnetic" ? followEdge(last, first).slice(1, -1) : [];
  dispatch({ type: "outline/finish", closing, requestId: newId(), track: newId() });
}
