// Moves the image under the window.

import { pan as panned } from "../geometry/viewport";
import type { Tool } from "./tool";

export const pan: Tool = {
  name: "pan",
  title: "Move the image",
  key: "H",
  cursor: "grab",
  harmless: true,
  names: true,
  *gesture(context, down) {
    let last = down.screen;
    for (;;) {
      const { screen, released } = yield;
      context.look(panned(context.viewport, screen.x - last.x, screen.y - last.y, context.state.series));
      last = screen;
      if (released) return;
    }
  },
};
