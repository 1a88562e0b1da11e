// An outline drawn freehand; the release closes it. In an outline that is open it is one stretch from corner to corner.

import type { Point } from "../geometry/stroke";
import { insideImage } from "../geometry/viewport";
import type { OutlineDraft } from "../state/annotator/model";
import { isComplete, withCorner } from "../state/annotator/outline";
import { beginOutline, closeOutline, openOutline, SLIP_SCREEN_PX } from "./outlining";
import type { Gesture, PointerDown, Tool, ToolContext } from "./tool";

export const lasso: Tool = {
  name: "lasso",
  title: "Lasso",
  key: "Shift+W",
  cursor: "crosshair",
  harmless: false,
  gesture: trace,
};

function* trace(context: ToolContext, down: PointerDown): Gesture {
  const open = openOutline(context, "lasso");
  const outline = open ?? beginOutline(context, down, "lasso");
  if (outline === null) return;
  let drawn = open;
  try {
    const traced = yield* freehand(context, down, outline);
    // Two points enclose nothing: they would only lie there and catch the next lasso.
    if (open !== null || (traced !== null && isComplete(traced))) drawn = traced;
  } finally {
    context.dispatch({ type: "outline", outline: drawn });
  }
  if (open === null && drawn !== null) closeOutline(context);
}

/** The outline with what is drawn until the release; null where that is a slip of the hand or encloses nothing. */
export function* freehand(
  { state, viewport, dispatch }: Pick<ToolContext, "state" | "viewport" | "dispatch">,
  down: PointerDown,
  outline: OutlineDraft,
): Generator<void, OutlineDraft | null, { image: Point; released: boolean }> {
  const { series } = state;
  const path: Point[] = [insideImage(down.image, series)];
  for (;;) {
    const { image, released } = yield;
    const place = insideImage(image, series);
    const last = path.at(-1) as Point;
    if (place.x !== last.x || place.y !== last.y) path.push(place);
    const corners = path.map((corner) => ({ ...corner, path: [] }));
    if (!released) {
      dispatch({ type: "outline", outline: { ...outline, corners: [...outline.corners, ...corners] } });
      continue;
    }
    const side = Math.max(...(["x", "y"] as const).map((axis) => extent(path.map((point) => point[axis]))));
    if (side * viewport.scale < SLIP_SCREEN_PX) return outline.corners.length === 0 ? null : outline;
    if (outline.corners.length > 0) return withCorner(outline, { ...(path.pop() as Point), path });
    return { ...outline, corners };
  }
}

function extent(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
}
