// Drags the contrast: across changes how wide the window is (right: softer), up and down where it lies (up: brighter).

import type { Display } from "../state/annotator/model";
import type { Tool } from "./tool";

const WIDTH_PER_PX = 1 / 150; // 150 screen pixels to the right make the window e times as wide
const LEVEL_PER_PX = 1 / 300; // 300 up move it by its own width

export const contrast: Tool = {
  name: "contrast",
  title: "Window and level: drag the contrast",
  key: "Shift+C",
  cursor: "move",
  harmless: true,
  *gesture({ state, dispatch }, down) {
    const { display, series } = state;
    const least = series.dtype === "float32" ? (series.input_range[1] - series.input_range[0]) * 1e-4 : 1;
    let finished = false;
    try {
      for (;;) {
        const { screen, released } = yield;
        const change = dragged(display, screen.x - down.screen.x, screen.y - down.screen.y, least);
        dispatch({ type: "display", change });
        if (released) break;
      }
      finished = true;
    } finally {
      if (!finished) dispatch({ type: "display", change: { low: display.low, high: display.high } });
    }
  },
};

/** The window after the pointer went (dx, dy) screen pixels; never narrower than `least` grey values. */
export function dragged(
  { low, high }: Pick<Display, "low" | "high">,
  dx: number,
  dy: number,
  least: number,
): { low: number; high: number } {
  const width = high - low;
  const level = (low + high) / 2 + dy * LEVEL_PER_PX * width; // down: a higher level, a darker image
  const half = Math.max(least, width * Math.exp(dx * WIDTH_PER_PX)) / 2;
  return { low: level - half, high: level + half };
}
