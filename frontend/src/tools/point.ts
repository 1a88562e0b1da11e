// A click is a prompt: this belongs to the object, or with Alt or the right button, this does not.

import type { Tool } from "./tool";

export const point: Tool = {
  name: "point",
  title: "Click an object",
  key: "C",
  cursor: "crosshair",
  harmless: false,
  names: true,
  gesture({ state, dispatch, newId }, down) {
    const { x, y } = down.image;
    if (x < 0 || y < 0 || x >= state.series.width || y >= state.series.height) return null;
    const label = down.alt || down.button === "right" ? 0 : 1;
    dispatch({ type: "prompt/point", point: { x, y, label }, requestId: newId() });
    return null;
  },
};
