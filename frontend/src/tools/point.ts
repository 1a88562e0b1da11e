// A click is a prompt: this belongs to the object, or with Alt or the right button, this does not. On or beside the
// selected object it refines that object's mask; with Shift it is for a new one.

import type { Point } from "../geometry/stroke";
import type { Viewport } from "../geometry/viewport";
import type { Annotator } from "../state/annotator/model";
import { trackToRefine } from "../state/annotator/refine";
import type { Pointer, Tool } from "./tool";

const BESIDE_SCREEN_PX = 12;

export const point: Tool = {
  name: "point",
  title: "Click an object",
  key: "C",
  cursor: "crosshair",
  harmless: false,
  names: true,
  gesture({ state, viewport, dispatch, newId }, down) {
    const { x, y } = down.image;
    if (x < 0 || y < 0 || x >= state.series.width || y >= state.series.height) return null;
    const label = down.alt || down.button === "right" ? 0 : 1;
    const refines = refinedBy(state, viewport, down);
    dispatch({ type: "prompt/point", point: { x, y, label }, refines, requestId: newId() });
    return null;
  },
};

/** The object that a first click would refine; null: a new object. */
export function refinedBy(
  state: Annotator,
  viewport: Viewport,
  pointer: Pick<Pointer, "shift"> & { readonly image: Point },
): string | null {
  return pointer.shift ? null : trackToRefine(state, pointer.image, BESIDE_SCREEN_PX / viewport.scale);
}
