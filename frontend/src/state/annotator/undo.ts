// Undo and redo: first of what is being drawn on the frame in sight, then of the user's actions.

import { reverse } from "./history";
import type { Annotator, OutlineDraft, PromptDraft } from "./model";
import { outlineHere, withoutLastCorner } from "./outline";
import { answeredOrAsked, promptHere, stepBack } from "./prompt";

/** Takes back the latest corner of the outline, else the latest step of the prompt, else the latest action. */
export function undo(state: Annotator, requestId: string): Annotator {
  const draft = draftHere(state);
  if (draft === null) return reverse(state, "undo", requestId);
  return draft.kind === "outline" ? undoCorner(state) : undoPrompt(state, requestId);
}

export function undoCorner(state: Annotator): Annotator {
  return steppedBack(state, outlineHere(state), withoutLastCorner(state));
}

export function undoPrompt(state: Annotator, requestId: string): Annotator {
  return steppedBack(state, promptHere(state), stepBack(state, requestId));
}

function steppedBack(state: Annotator, draft: Draft | null, next: Annotator): Annotator {
  if (draft === null) return state;
  const drafts = [...(redoableDrafts(state) ?? []), draft];
  return { ...next, undone: { drafts, left: draftHere(next), actions: state.undo } };
}

/** Brings back the step of a draft that undo has just taken, else the action. */
export function redo(state: Annotator, requestId: string): Annotator {
  const drafts = redoableDrafts(state);
  const draft = drafts?.at(-1);
  if (drafts === null || draft === undefined) return reverse(state, "redo", requestId);
  const next: Annotator =
    draft.kind === "outline"
      ? { ...state, outline: draft }
      : { ...state, prompt: answeredOrAsked(draft, requestId) };
  return { ...next, undone: { drafts: drafts.slice(0, -1), left: draftHere(next), actions: state.undo } };
}

export function canUndo(state: Annotator): boolean {
  return draftHere(state) !== null || (state.undo.length > 0 && state.asked === null);
}

export function canRedo(state: Annotator): boolean {
  return redoableDrafts(state) !== null || (state.redo.length > 0 && state.asked === null);
}

type Draft = OutlineDraft | PromptDraft;

const draftHere = (state: Annotator): Draft | null => outlineHere(state) ?? promptHere(state);

/** What redo brings back, the next one last; null: the user has gone on with something else, or there is nothing. */
function redoableDrafts(state: Annotator): readonly Draft[] | null {
  const { undone } = state;
  if (undone === null || undone.actions !== state.undo || undone.drafts.at(-1)?.frame !== state.frame)
    return null;
  return isSame(undone.left, draftHere(state)) ? undone.drafts : null;
}

/** An answer that comes changes a draft, and is no step of it. */
function isSame(a: Draft | null, b: Draft | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.kind === "outline" || b.kind === "outline") {
    return a.kind === "outline" && b.kind === "outline" && a.corners === b.corners;
  }
  return a.before === b.before && a.points === b.points && a.box === b.box;
}
