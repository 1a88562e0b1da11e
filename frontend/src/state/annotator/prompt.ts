// Points and a box being placed: every change asks the model anew, and can be taken back.

import type { MaskRle, PromptPoint } from "../../protocol/messages";
import { headSeen } from "./bases";
import type { Annotator, Box, PromptDraft } from "./model";
import { objectOf } from "./view";

const MOST_STEPS = 50;

/** Every change of a prompt asks anew: `requestId` is the new question's. `refines`: the track of a first point. */
export function addPoint(
  state: Annotator,
  point: PromptPoint,
  refines: string | null,
  requestId: string,
): Annotator {
  const before = promptHere(state);
  const points = [...(before?.points ?? []), point];
  if (before !== null) {
    const { box, track, from } = before;
    return ask(state, requestId, { points, box, track, from, mask: maskToRefine(before) });
  }
  const object = refines === null ? undefined : objectOf(state, refines, state.frame);
  const track = object?.track.track ?? null;
  const { frame } = state;
  const from = track === null ? null : { track, frame, revision: headSeen(state, track, frame) };
  return ask(state, requestId, { points, box: null, track, from, mask: object?.mask ?? null });
}

/** What is on offer, where it goes on from a mask or a person has changed it; else the model begins afresh. */
function maskToRefine({ track, answer, chosen, mask }: PromptDraft): MaskRle | null {
  if (track === null && answer?.edited !== true) return null;
  return answer?.candidates[chosen]?.mask ?? mask;
}

export function setBox(state: Annotator, box: Box, requestId: string): Annotator {
  const { points = [], track = null, from = null, mask = null } = promptHere(state) ?? {};
  return ask(state, requestId, { points, box, track, from, mask });
}

/** The draft one step back: without its last point, its box or the last touch-up. What was not answered is asked anew. */
export function stepBack(state: Annotator, requestId: string): Annotator {
  const { prompt } = state;
  const before = prompt?.before ?? null;
  if (before === null) return { ...state, prompt: null };
  return { ...state, prompt: answeredOrAsked(before, requestId) };
}

/** A draft of before: what it has no answer to is asked anew. */
export function answeredOrAsked(draft: PromptDraft, requestId: string): PromptDraft {
  const answered = draft.answer !== null && draft.answer.requestId === draft.requestId;
  return answered ? draft : { ...draft, requestId, problem: null };
}

/** A draft with the one before it, so that it can be taken back; the oldest steps are forgotten. */
export function following(before: PromptDraft | null, next: PromptDraft): PromptDraft {
  return { ...next, before: shortened(before, MOST_STEPS - 1) };
}

function shortened(draft: PromptDraft | null, steps: number): PromptDraft | null {
  if (draft === null || draft.before === null) return draft;
  return steps <= 1 ? { ...draft, before: null } : { ...draft, before: shortened(draft.before, steps - 1) };
}

/** The same prompt once more: for another model, or after a failure. */
export function askAgain(state: Annotator, requestId: string): Annotator {
  const { prompt } = state;
  if (prompt === null) return state;
  return { ...state, prompt: { ...prompt, model: state.model, requestId, problem: null } };
}

function ask(
  state: Annotator,
  requestId: string,
  question: Pick<PromptDraft, "points" | "box" | "track" | "from" | "mask">,
): Annotator {
  const before = promptHere(state);
  const prompt: PromptDraft = {
    kind: "prompt",
    frame: state.frame,
    model: state.model,
    ...question,
    requestId,
    answer: before?.answer ?? null,
    chosen: before?.chosen ?? 0,
    problem: null,
    before: null,
  };
  return { ...state, prompt: following(before, prompt) };
}

export function promptHere(state: Annotator): PromptDraft | null {
  return state.prompt?.frame === state.frame ? state.prompt : null;
}
