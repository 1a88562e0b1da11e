// Measures: a drag is a distance; a drag that starts at a ruler's end adds a leg, and so an angle.

import { distance } from "../geometry/measures";
import type { Point } from "../geometry/stroke";
import type { Annotator, Ruler } from "../state/annotator/model";
import type { Tool } from "./tool";

const SMALLEST_SCREEN_PX = 4; // less is a slip of the hand
const NEAR_SCREEN_PX = 10;

export const ruler: Tool = {
  name: "ruler",
  title: "Ruler: distance and angle",
  key: "/",
  cursor: "crosshair",
  harmless: true,
  *gesture({ state, viewport, dispatch, newId }, down) {
    const before = rulerEndingAt(state, down.image, NEAR_SCREEN_PX / viewport.scale);
    const drawn = (to: Point): Ruler =>
      before === null
        ? { id, frame: state.frame, points: [down.image, to] }
        : { ...before, points: [...before.points, to] };
    const id = before?.id ?? newId();
    let end: Point = down.image;
    let finished = false;
    try {
      for (;;) {
        const move = yield;
        end = move.shift ? levelled(drawn(end).points.at(-2) ?? down.image, move.image) : move.image;
        dispatch({ type: "view/ruler", ruler: drawn(end) });
        if (move.released) break;
      }
      finished = distance(down.image, end) * viewport.scale >= SMALLEST_SCREEN_PX;
    } finally {
      if (!finished) {
        dispatch(before === null ? { type: "view/ruler-gone", id } : { type: "view/ruler", ruler: before });
      }
    }
  },
};

/** A distance of this frame that begins or ends near a point, turned so that it ends there. */
function rulerEndingAt({ rulers, frame }: Annotator, at: Point, reach: number): Ruler | null {
  for (const one of rulers.toReversed()) {
    const [first, last, ...more] = one.points;
    if (one.frame !== frame || first === undefined || last === undefined || more.length > 0) continue;
    if (distance(last, at) <= reach) return one;
    if (distance(first, at) <= reach) return { ...one, points: [last, first] };
  }
  return null;
}

/** With Shift a line is level, upright or at 45 degrees. */
export function levelled(from: Point, to: Point): Point {
  const length = distance(from, to);
  const step = Math.PI / 4;
  const angle = Math.round(Math.atan2(to.y - from.y, to.x - from.x) / step) * step;
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)].map((part) => Number(part.toFixed(12)));
  return { x: from.x + length * (dx ?? 0), y: from.y + length * (dy ?? 0) };
}
