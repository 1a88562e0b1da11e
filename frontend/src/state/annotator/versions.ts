// What the server does to tracks over many frames at once, each as one version: edits, and their undoing. One at a time.

import type { Changeset, Conflict } from "../../protocol/messages";
import type { Step } from "../../protocol/tracking";
import type { Annotator, Asked, Former, FrameMasks, HistoryStep } from "./model";
import { objectKey } from "./model";
import { openCommits } from "./view";
import { conflictText } from "./words";

export interface TrackGesture {
  readonly requestId: string;
  readonly reason: string;
  readonly steps: readonly Step[];
  /** The object to be selected once it is done; null: the one that is. */
  readonly select: string | null;
}

/** Why nothing of a request was written. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly conflicts: readonly Conflict[];
}

const LONGEST_HISTORY = 200;

/** Asks the server for an edit. It waits for the commits before it, and those that come after wait for it. */
export function askEdit(state: Annotator, { requestId, reason, steps, select }: TrackGesture): Annotator {
  const hindrance = whyNot(state);
  if (hindrance !== null) return { ...state, notice: hindrance };
  const step: HistoryStep = { kind: "action", requestId, reason, saved: false };
  return {
    ...state,
    asked: asked(state, { requestId, reason, what: "edit", steps, select }),
    former: formerOf(state),
    refused: null,
    undo: [...state.undo, step].slice(-LONGEST_HISTORY),
    redo: [],
  };
}

/** Asks for the newest step of `from` to be taken back; what takes that back again lies on the other stack. */
export function askReversal(state: Annotator, from: "undo" | "redo", requestId: string): Annotator {
  const step = state[from].at(-1);
  if (step?.kind !== "action") return state;
  const hindrance = step.saved ? whyNot(state) : UNSAVED;
  if (hindrance !== null) return { ...state, notice: hindrance };
  const { reason, requestId: action } = step;
  const back: HistoryStep = { kind: "action", requestId, reason, saved: false };
  const undo = from === "undo" ? state.undo.slice(0, -1) : [...state.undo, back];
  const redo = from === "undo" ? [...state.redo, back] : state.redo.slice(0, -1);
  const wanted = asked(state, { requestId, reason, what: "take back", action });
  return { ...state, asked: wanted, former: formerOf(state), undo, redo };
}

/** Asks for the latest change of an object to be taken back, whatever was done to others since. */
export function askObjectUndo(state: Annotator, track: string, requestId: string): Annotator {
  const hindrance = whyNot(state);
  if (hindrance !== null) return { ...state, notice: hindrance };
  const reason = "Undo on one object";
  const step: HistoryStep = { kind: "action", requestId, reason, saved: false };
  return {
    ...state,
    asked: asked(state, { requestId, reason, what: "take back of object", track, frame: state.frame }),
    former: formerOf(state),
    undo: [...state.undo, step].slice(-LONGEST_HISTORY),
    redo: [],
  };
}

/** Something that the server did at once for this person: it can be undone. */
export function noteAction(state: Annotator, requestId: string, reason: string): Annotator {
  const step: HistoryStep = { kind: "action", requestId, reason, saved: true };
  return { ...state, undo: [...state.undo, step].slice(-LONGEST_HISTORY), redo: [] };
}

const formerOf = ({ undo, redo }: Annotator): Former => ({ undo, redo });

const UNSAVED = "That is still on its way to the server. It can be undone as soon as it is saved.";

function whyNot({ asked, connection }: Annotator): string | null {
  if (asked !== null)
    return "The last change of tracks is still on its way. Wait a moment, then do it again.";
  if (connection === "online") return null;
  return "The server is out of reach, and changes of whole tracks are made there. Nothing was changed: do it again when it is back.";
}

type Wanted = Pick<Asked, "requestId" | "reason"> &
  (
    | { what: "edit"; steps: readonly Step[]; select: string | null }
    | { what: "take back"; action: string }
    | { what: "take back of object"; track: string; frame: number }
  );

function asked({ pending }: Annotator, wanted: Wanted): Asked {
  return { ...wanted, after: openCommits(pending).map(({ requestId }) => requestId) };
}

/** Whether the commits are settled that were made before the request. */
export function isDue({ asked, pending }: Pick<Annotator, "asked" | "pending">): boolean {
  return asked !== null && openCommits(pending).every(({ requestId }) => !asked.after.includes(requestId));
}

/** What a request made is known: it can be taken back, and the user's own edits build on it. */
export function settle(state: Annotator, { request_id, author, revisions }: Changeset): Annotator {
  const { asked } = state;
  if (asked === null || asked.requestId !== request_id || author.id !== state.user.id) return state;
  const mine = withMine(state.mine, asked.requestId, revisions);
  const done = { ...withSaved(state, asked.requestId), asked: null, former: null, mine };
  if (asked.what !== "edit" || asked.select === null) return done;
  return { ...done, marked: new Set(), selection: { track: asked.select, lasting: true } };
}

function withMine(
  before: Annotator["mine"],
  requestId: string,
  revisions: Changeset["revisions"],
): Annotator["mine"] {
  const mine = new Map(before);
  for (const revision of revisions) {
    if (revision.kind === "mask") mine.set(objectKey(revision.track, revision.frame), requestId);
    else if (revision.kind === "track") mine.set(objectKey(revision.track, null), requestId);
  }
  return mine;
}

export function withSaved(state: Annotator, requestId: string): Annotator {
  const saved = (step: HistoryStep): HistoryStep =>
    step.kind === "action" && step.requestId === requestId ? { ...step, saved: true } : step;
  const { former } = state;
  return {
    ...state,
    undo: state.undo.map(saved),
    redo: state.redo.map(saved),
    former: former && { undo: former.undo.map(saved), redo: former.redo.map(saved) },
  };
}

/** A restoration is there: the present is shown again, and it can be undone like any other change of the user's. */
export function restored(state: Annotator, requestId: string, changeset: Changeset): Annotator {
  const { reason, revisions } = changeset;
  const mine = withMine(state.mine, requestId, revisions);
  return noteAction({ ...state, past: null, difference: null, mine }, requestId, reason);
}

/** Refusals of an undo that asking again cannot mend. */
const LASTING: ReadonlySet<string> = new Set(["stale", "conflict", "unchanged", "not_found"]);

/** Nothing was written, and what could be undone and redone before still can. Masks that turn out to be older than the server's are read anew. */
export function refuse(state: Annotator, requestId: string, refusal: Refusal): Annotator {
  const { asked } = state;
  if (asked === null || asked.requestId !== requestId) return state;
  const passed = asked.what === "take back" && LASTING.has(refusal.code) ? asked.action : null;
  const next = {
    ...state,
    asked: null,
    former: null,
    ...stacksBefore(state, requestId, passed),
    frames: withStale(state.frames, refusal.conflicts),
  };
  if (refusal.code === "collision" && asked.what === "edit") {
    return {
      ...next,
      refused: { reason: asked.reason, steps: asked.steps, select: asked.select, message: refusal.message },
    };
  }
  return { ...next, notice: noticeOf(state, refusal, passed !== null) };
}

/** The stacks as they were before a request, with what was done since; without the step that was passed over. */
function stacksBefore(state: Annotator, requestId: string, passed: string | null): Former {
  const { undo, redo } = state;
  const kept = (step: HistoryStep) => step.requestId !== requestId && step.requestId !== passed;
  const former = state.former ?? { undo, redo };
  const known = new Set([...former.undo, ...former.redo].map((step) => step.requestId));
  const since = undo.filter((step) => kept(step) && !known.has(step.requestId));
  return {
    undo: [...former.undo.filter(kept), ...since].slice(-LONGEST_HISTORY),
    redo: since.length > 0 ? [] : former.redo.filter(kept),
  };
}

const PASSED_OVER = "It stays as it is; the next time goes on with the step before it.";

function noticeOf(state: Annotator, { message, conflicts }: Refusal, passed: boolean): string {
  if (conflicts.length === 0) return passed ? `${message} ${PASSED_OVER}` : message;
  const told = conflicts.slice(0, 3).map((conflict) => conflictText(state, conflict));
  const more = conflicts.length > told.length ? [`So were ${conflicts.length - told.length} more.`] : [];
  const next = passed ? PASSED_OVER : "Nothing was changed. Look at it, then do it again.";
  return [...told, ...more, next].join(" ");
}

function withStale(
  frames: ReadonlyMap<number, FrameMasks>,
  conflicts: readonly Conflict[],
): ReadonlyMap<number, FrameMasks> {
  const stale = new Map(frames);
  for (const { frame } of conflicts) {
    const known = frame === null ? undefined : frames.get(frame);
    if (frame !== null && known !== undefined) stale.set(frame, { ...known, loaded: false });
  }
  return stale;
}
