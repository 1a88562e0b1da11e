// Where two people changed the same object: how it was, what each made of it, and what becomes of it.

import { decoded, encode, union } from "../../geometry/rle";
import type { Conflict, MaskRle } from "../../protocol/messages";
import { forget, reapply } from "./history";
import { type Annotator, type Operation, objectKey, type PendingCommit } from "./model";

export type Choice = "mine" | "theirs" | "union";
export type Choices = Readonly<Record<string, Choice>>;

/** One object that a commit lost to somebody else. A mask that is null: there is none. */
export interface Contested {
  readonly key: string;
  readonly conflict: Conflict;
  /** On one frame; of a whole object (its phase, its name, its deletion) there is nothing to show. */
  readonly masks: {
    readonly frame: number;
    readonly before: MaskRle | null;
    readonly mine: MaskRle | null;
    readonly theirs: MaskRle | null;
  } | null;
}

export function contestedBy(state: Annotator, { problem, operations, inverse }: PendingCommit): Contested[] {
  if (problem?.kind !== "conflict") return [];
  return problem.conflicts.map((conflict) => {
    const { track, frame, current } = conflict;
    const key = objectKey(track, frame);
    if (frame === null) return { key, conflict, masks: null };
    const known = state.frames.get(frame)?.masks.get(track)?.mask ?? null;
    const theirs =
      current?.kind === "mask" ? (current.mask ?? (current.sha256 === null ? null : known)) : null;
    const before = maskOf(inverse, track, frame);
    return { key, conflict, masks: { frame, before, mine: maskOf(operations, track, frame), theirs } };
  });
}

function maskOf(operations: readonly Operation[], track: string, frame: number): MaskRle | null {
  const set = operations.findLast(
    (operation) => operation.op === "mask.set" && operation.track === track && operation.frame === frame,
  );
  return set?.op === "mask.set" ? set.mask : null;
}

/** Both masks as one are an answer only where there are two. */
export function mayUnite({ masks }: Contested): boolean {
  return masks !== null && masks.mine !== null && masks.theirs !== null;
}

/**
 * Whether a commit's objects make sense only together: a merge takes from one what it gives the other, and a split
 * gives a new object what it takes from another.
 */
export function belongTogether({ operations }: Pick<PendingCommit, "operations">): boolean {
  const created = new Set(operations.filter(({ op }) => op === "track.create").map(({ track }) => track));
  const changed = new Set(
    operations.filter(({ op, track }) => op === "mask.set" && !created.has(track)).map(({ track }) => track),
  );
  const gone = operations.some(({ op, track }) => op.endsWith(".delete") && !changed.has(track));
  return changed.size > 0 && (created.size > 0 || gone);
}

/** Each object as it was decided; those without a decision are mine. What nobody contests is mine, too. */
export function settleConflict(
  state: Annotator,
  requestId: string,
  newRequestId: string,
  choices: Choices,
): Annotator {
  const lost = state.pending.find((commit) => commit.requestId === requestId);
  if (lost === undefined) return state;
  if (belongTogether(lost) && Object.values(choices).includes("theirs")) return forget(state, requestId);
  const theirs = new Map(contestedBy(state, lost).map((each) => [each.key, each.masks?.theirs ?? null]));
  const operations = lost.operations.flatMap((operation): Operation[] => {
    const frame = "frame" in operation ? operation.frame : null;
    const key = objectKey(operation.track, frame);
    if (choices[key] === "theirs" || choices[objectKey(operation.track, null)] === "theirs") return [];
    // Deleting a whole object deletes the mask that somebody else changed, too.
    if (frame === null && operation.op === "track.delete" && keepsOne(choices, operation.track)) return [];
    const other = theirs.get(key);
    if (choices[key] !== "union" || operation.op !== "mask.set" || other == null) return [operation];
    const mask = encode(union(decoded(operation.mask), decoded(other)));
    return [{ ...operation, mask, origin: { ...operation.origin, edited: true } }];
  });
  return reapply(state, requestId, newRequestId, operations);
}

function keepsOne(choices: Choices, track: string): boolean {
  return Object.entries(choices).some(([key, choice]) => choice === "theirs" && key.startsWith(`${track}/`));
}
