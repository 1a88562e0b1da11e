// Cuts the selected object in two: along a line that is dragged, or from corner to corner.

import { insideImage } from "../geometry/viewport";
import type { OutlineDraft } from "../state/annotator/model";
import { withCorner } from "../state/annotator/outline";
import { freehand } from "./lasso";
import { beginOutline, closeOutline, openOutline, placeCorner, straight } from "./outlining";
import type { Gesture, PointerDown, Tool, ToolContext } from "./tool";

export const split: Tool = {
  name: "split",
  title: "Split along a line",
  key: "K",
  cursor: "crosshair",
  harmless: false,
  gesture: (context, down) =>
    openOutline(context, "split") === null
      ? firstLine(context, down)
      : placeCorner(context, down, "split", straight),
};

function* firstLine(context: ToolContext, down: PointerDown): Gesture {
  const empty = beginOutline(context, down, "split");
  if (empty === null) return;
  const first = withCorner(empty, { ...insideImage(down.image, context.state.series), path: [] });
  let drawn: OutlineDraft | null = null;
  try {
    drawn = yield* freehand(context, down, first);
  } finally {
    context.dispatch({ type: "outline", outline: drawn });
  }
  if (drawn !== null) closeOutline(context); // a click alone stays open as the first corner
}
