// Drags a box around an object; the model fills it.

import { insideImage } from "../geometry/viewport";
import type { Box } from "../state/annotator/model";
import type { Tool } from "./tool";

const SMALLEST_SCREEN_PX = 4; // less is a slip of the hand

export const box: Tool = {
  name: "box",
  title: "Box around an object",
  key: "R",
  cursor: "crosshair",
  harmless: false,
  names: true,
  *gesture({ state, viewport, dispatch, newId }, down) {
    const corner = insideImage(down.image, state.series);
    let band: Box | null = null;
    try {
      for (;;) {
        const move = yield;
        const opposite = insideImage(move.image, state.series);
        band = [
          Math.min(corner.x, opposite.x),
          Math.min(corner.y, opposite.y),
          Math.max(corner.x, opposite.x),
          Math.max(corner.y, opposite.y),
        ];
        if (move.released) break;
        dispatch({ type: "band", band });
      }
    } finally {
      dispatch({ type: "band", band: null });
    }
    const side = Math.min(band[2] - band[0], band[3] - band[1]) * viewport.scale;
    if (side >= SMALLEST_SCREEN_PX) dispatch({ type: "prompt/box", box: band, requestId: newId() });
  },
};
