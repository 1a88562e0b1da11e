// Paints onto the selected object, the candidate on offer, or else a new object. Alt erases, a pen presses harder for
// more.

import type { StrokePoint } from "../geometry/stroke";
import { chosenCandidate } from "../state/annotator/drafts";
import type { Annotator, StrokeDraft } from "../state/annotator/model";
import { objectAt, tracksOf } from "../state/annotator/view";
import type { Gesture, Pointer, PointerDown, Tool, ToolContext } from "./tool";

export const brush: Tool = {
  name: "brush",
  title: "Brush",
  key: "B",
  cursor: "none",
  harmless: false,
  gesture: (context, down) => stroke(context, down, isInverted(down) ? "erase" : "paint"),
};

export const eraser: Tool = {
  name: "eraser",
  title: "Eraser",
  key: "E",
  cursor: "none",
  harmless: false,
  gesture: (context, down) => stroke(context, down, isInverted(down) ? "paint" : "erase"),
};

function isInverted(down: PointerDown): boolean {
  return down.alt || down.button === "right";
}

function* stroke(context: ToolContext, down: PointerDown, mode: StrokeDraft["mode"]): Gesture {
  const { dispatch, newId, state } = context;
  const track = target(context, down, mode);
  if (mode === "erase" && track === null && chosenCandidate(state) === null) return;
  const { frame, brushDiameter: diameter } = state;
  dispatch({
    type: "stroke/begin",
    stroke: { kind: "stroke", frame, mode, diameter, track, path: [placeOf(state, down)] },
  });
  let finished = false;
  try {
    for (;;) {
      const move = yield;
      if (move.released) break;
      dispatch({ type: "stroke/extend", point: placeOf(state, move) });
    }
    finished = true;
  } finally {
    if (!finished) dispatch({ type: "stroke/cancel" });
  }
  dispatch({ type: "stroke/finish", requestId: newId(), track: newId() });
}

/** The full pressure of a pen paints the full diameter. */
function placeOf({ brushDiameter, drawing }: Annotator, { image, pressure }: Pointer): StrokePoint {
  if (pressure === null || !drawing.pressure) return image;
  return { ...image, diameter: Math.max(1, Math.round(brushDiameter * pressure)) };
}

/** The brush after turns of the wheel: it grows with each by a sixth, and by a pixel at least. */
export function resized(diameter: number, turns: number): number {
  let size = diameter;
  for (let left = Math.abs(turns); left > 0; left--) {
    size += Math.sign(turns) * Math.max(1, Math.round(size / 6));
  }
  return Math.max(1, size);
}

/** Null: the candidate on offer, or a new object. */
function target({ state }: ToolContext, down: PointerDown, mode: StrokeDraft["mode"]): string | null {
  if (chosenCandidate(state) !== null) return null;
  const selected = state.selection?.track;
  if (selected !== undefined && tracksOf(state).get(selected)?.deleted === false) return selected;
  return mode === "erase" ? (objectAt(state, state.frame, down.image)?.track.track ?? null) : null;
}
