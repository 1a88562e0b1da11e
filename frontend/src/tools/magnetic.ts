// An outline that follows the image's edges between the corners that are clicked.

import { placeCorner } from "./outlining";
import type { Tool } from "./tool";

export const magnetic: Tool = {
  name: "magnetic",
  title: "Magnetic contour",
  key: "W",
  cursor: "crosshair",
  harmless: false,
  gesture: (context, down) =>
    placeCorner(context, down, "magnetic", (from, to) => context.followEdge(from, to).slice(1, -1)),
};
