// Undo and redo: first of what is being drawn on the frame in sight, then of the user's actions.

import { reverse } from "./history";
import type { Annotator } from "./model";
import { outlineHere, withoutLastCorner } from "./outline";
import { promptHere, stepBack } from "./prompt";

/** Takes back the latest corner of the outline, else the latest step of the prompt, else the latest action. */
export function undo(state: Annotator, requestId: string): Annotator {
  if (outlineHere(state) !== null) return withoutLastCorner(state);
  if (promptHere(state) !== null) return stepBack(state, requestId);
  return reverse(state, "undo", requestId);
}

export function redo(state: Annotator, requestId: string): Annotator {
  return reverse(state, "redo", requestId);
}

export function canUndo(state: Annotator): boolean {
  if (outlineHere(state) !== null || promptHere(state) !== null) return true;
  return state.undo.length > 0 && state.asked === null;
}
