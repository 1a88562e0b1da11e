// An outline from corner to corner: a click places one, a drag moves it, the first one or a double click closes.

import { placeCorner, straight } from "./outlining";
import type { Tool } from "./tool";

export const polygon: Tool = {
  name: "polygon",
  title: "Polygon",
  key: "D",
  cursor: "crosshair",
  harmless: false,
  gesture: (context, down) => placeCorner(context, down, "polygon", straight),
};
