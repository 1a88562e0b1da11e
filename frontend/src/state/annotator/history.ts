// From a gesture to a commit: what it builds on, and what would undo it.

import type { Base, Conflict, MaskSet } from "../../protocol/messages";
import { basesMine, basesSeen, touchedBy } from "./bases";
import { type Annotator, type HistoryStep, type Operation, objectKey, type PendingCommit } from "./model";
import { askReversal } from "./versions";
import { objectOf, tracksOf } from "./view";

export interface Gesture {
  readonly requestId: string;
  readonly reason: string;
  readonly operations: readonly Operation[];
}

const LONGEST_HISTORY = 200;

/**
 * Adds a gesture of the user's as one pending commit that can be undone. `from`: what it began with, where that was
 * longer ago than now.
 */
export function commit(state: Annotator, gesture: Gesture, from: Base | null = null): Annotator {
  const inverse = invert(state, gesture.operations);
  const base = basesSeen(state, gesture.operations).map((seen) =>
    from !== null && seen.track === from.track && seen.frame === from.frame ? from : seen,
  );
  const next = enqueue(state, { ...gesture, inverse, base });
  const { requestId, reason } = gesture;
  const step: HistoryStep = { kind: "operations", requestId, reason, inverse };
  return { ...next, undo: [...state.undo, step].slice(-LONGEST_HISTORY), redo: [] };
}

/** Undoes or redoes the user's latest action as a new commit; somebody else's change in between makes a conflict. */
export function reverse(state: Annotator, from: "undo" | "redo", requestId: string): Annotator {
  const step = state[from].at(-1);
  if (step === undefined) return state;
  if (step.kind === "action") return askReversal(state, from, requestId);
  if (state.asked !== null) return state;
  const { inverse: operations, reason } = step;
  const inverse = invert(state, operations);
  const next = enqueue(state, {
    requestId,
    reason: `${VERBS[from]} ${uncapitalised(reason)}`,
    operations,
    inverse,
    base: basesMine(state, operations),
    undoes: step.requestId,
  });
  const back: HistoryStep = { kind: "operations", requestId, reason, inverse };
  return { ...next, ...moved(state, from, back) };
}

const VERBS = { undo: "Undo", redo: "Redo" };

/** The newest step of one list is done; what takes it back again is the newest of the other. */
export function moved(
  state: Pick<Annotator, "undo" | "redo">,
  from: "undo" | "redo",
  back: HistoryStep,
): Pick<Annotator, "undo" | "redo"> {
  return from === "undo"
    ? { undo: state.undo.slice(0, -1), redo: [...state.redo, back] }
    : { undo: [...state.undo, back], redo: state.redo.slice(0, -1) };
}

/** The steps of a commit that an earlier page made and this one sends: the server will know how to take it back. */
export function recall(
  state: Pick<Annotator, "undo" | "redo">,
  { requestId, reason, undoes }: Pick<PendingCommit, "requestId" | "reason" | "undoes">,
): Pick<Annotator, "undo" | "redo"> {
  const { undo, redo } = state;
  if ([...undo, ...redo].some((step) => step.requestId === requestId)) return { undo, redo };
  const step = (of: string): HistoryStep => ({ kind: "action", requestId, reason: of, saved: false });
  for (const from of ["undo", "redo"] as const) {
    const last = state[from].at(-1);
    if (undoes !== null && last?.requestId === undoes) return moved(state, from, step(last.reason));
  }
  return { undo: [...undo, step(reason)], redo: [] };
}

/** Lets go of a commit. It can be neither undone nor redone any more. */
export function forget(state: Annotator, requestId: string): Annotator {
  const others = (step: HistoryStep) => step.requestId !== requestId;
  const { former } = state;
  return {
    ...state,
    pending: state.pending.filter((commit) => commit.requestId !== requestId),
    undo: state.undo.filter(others),
    redo: state.redo.filter(others),
    former: former && { undo: former.undo.filter(others), redo: former.redo.filter(others) },
  };
}

/** The losing edit once more, or what of it still stands, on top of what the others made of its objects. */
export function reapply(
  state: Annotator,
  requestId: string,
  newRequestId: string,
  wanted?: readonly Operation[],
): Annotator {
  const lost = state.pending.find((commit) => commit.requestId === requestId);
  if (lost === undefined) return state;
  const without = forget(state, requestId);
  const operations = onTop(without, wanted ?? lost.operations);
  if (operations.length === 0) return without;
  const next = commit(without, { requestId: newRequestId, reason: lost.reason, operations });
  const told = lost.problem?.kind === "conflict" ? lost.problem.conflicts : [];
  return { ...next, pending: next.pending.map((each) => withTold(each, newRequestId, told)) };
}

/** Masks of a track that is deleted may lie on frames that never were loaded: the conflict named them. */
function withTold(each: PendingCommit, requestId: string, told: readonly Conflict[]): PendingCommit {
  if (each.requestId !== requestId) return each;
  const named = new Set(each.base.map(({ track, frame }) => objectKey(track, frame)));
  const deleted = new Set(
    each.operations.filter(({ op }) => op === "track.delete").map(({ track }) => track),
  );
  const added = told
    .filter(({ track, frame }) => frame !== null && deleted.has(track) && !named.has(objectKey(track, frame)))
    .map(({ track, frame, current }) => ({ track, frame, revision: current?.revision ?? null }));
  return { ...each, base: [...each.base, ...added] };
}

function enqueue(
  state: Annotator,
  gesture: Omit<PendingCommit, "problem" | "undoes"> & { undoes?: string },
): Annotator {
  const added: PendingCommit = { undoes: null, ...gesture, problem: null };
  const mine = new Map(state.mine);
  for (const { track, frame } of touchedBy(gesture.operations)) {
    mine.set(objectKey(track, frame), gesture.requestId);
  }
  for (const { op, track } of gesture.operations) {
    if (op !== "track.delete" && op !== "track.restore") continue;
    for (const key of mine.keys()) if (key.startsWith(`${track}/`)) mine.set(key, gesture.requestId);
  }
  return { ...state, pending: [...state.pending, added], mine };
}

/** What takes the operations back, given the state before them. */
export function invert(state: Annotator, operations: readonly Operation[]): Operation[] {
  const created = new Set(operations.filter(({ op }) => op === "track.create").map(({ track }) => track));
  const inverse: Operation[] = [];
  for (const operation of operations) {
    const { track } = operation;
    switch (operation.op) {
      case "track.create":
      case "track.restore":
        inverse.unshift({ op: "track.delete", track });
        break;
      case "track.delete":
        inverse.unshift({ op: "track.restore", track });
        break;
      case "track.set": {
        const before = tracksOf(state).get(track);
        if (before !== undefined) {
          inverse.unshift({ op: "track.set", track, phase: before.phase, name: before.name });
        }
        break;
      }
      case "mask.set":
      case "mask.delete":
        if (!created.has(track)) inverse.unshift(maskBefore(state, track, operation.frame));
        break;
    }
  }
  return inverse;
}

function maskBefore(state: Annotator, track: string, frame: number): Operation {
  const before = objectOf(state, track, frame);
  if (before === undefined) return { op: "mask.delete", track, frame };
  const { mask, origin, state: maskState, order } = before;
  return { op: "mask.set", track, frame, mask, origin, state: maskState, order } satisfies MaskSet;
}

/** Drops what has become pointless, and brings deleted tracks back that still receive something. */
function onTop(state: Annotator, operations: readonly Operation[]): Operation[] {
  const tracks = tracksOf(state);
  const kept: Operation[] = [];
  const restored = new Set<string>();
  for (const operation of operations) {
    const { track } = operation;
    const gone = (tracks.get(track)?.deleted ?? false) && !restored.has(track);
    if (operation.op === "mask.delete" && (gone || objectOf(state, track, operation.frame) === undefined))
      continue;
    if (operation.op === "track.delete" && gone) continue;
    if (operation.op === "track.restore" && !gone) continue;
    if (gone && operation.op !== "track.create") {
      restored.add(track);
      if (operation.op !== "track.restore") kept.push({ op: "track.restore", track });
    }
    kept.push(operation);
  }
  return kept;
}

function uncapitalised(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
