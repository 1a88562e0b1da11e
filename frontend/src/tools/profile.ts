// Draws the line whose grey values are plotted. Its ends sit on pixel centres: along rows and columns values are exact.

import { distance } from "../geometry/measures";
import { type Point, snap } from "../geometry/stroke";
import { levelled } from "./ruler";
import type { Tool } from "./tool";

export const profile: Tool = {
  name: "profile",
  title: "Line profile: grey values along a line",
  key: "Shift+R",
  cursor: "crosshair",
  harmless: true,
  *gesture({ state, dispatch }, down) {
    const { series } = state;
    const centre = (point: Point) =>
      snap(
        {
          x: Math.min(series.width - 0.5, Math.max(0, point.x)),
          y: Math.min(series.height - 0.5, Math.max(0, point.y)),
        },
        1,
      );
    const before = state.profile;
    const from = centre(down.image);
    let to = from;
    let finished = false;
    try {
      for (;;) {
        const { image, shift, released } = yield;
        to = centre(shift ? levelled(from, image) : image);
        dispatch({ type: "view/profile", profile: { from, to, width: before?.width ?? 1 } });
        if (released) break;
      }
      finished = distance(from, to) >= 1;
    } finally {
      if (!finished) dispatch({ type: "view/profile", profile: before });
    }
  },
};
