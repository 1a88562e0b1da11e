// What a commit builds on: the newest state of its objects that its author saw.

import type { Base } from "../../protocol/messages";
import { type Annotator, type Operation, objectKey } from "./model";
import { openCommits } from "./view";

/** The head of every object that the operations touch, as this user sees it; of a deleted track, its masks too. */
export function basesSeen(state: Annotator, operations: readonly Operation[]): Base[] {
  const objects = touchedBy(operations);
  const named = new Set(objects.map(({ track, frame }) => objectKey(track, frame)));
  for (const { op, track } of operations) {
    if (op !== "track.delete") continue;
    for (const [frame, { masks }] of state.frames) {
      if (masks.has(track) && !named.has(objectKey(track, frame))) objects.push({ track, frame });
    }
  }
  return objects.map(({ track, frame }) => ({
    track,
    frame,
    revision: headSeen(state, track, frame),
  }));
}

/** The user's own latest state of every object: what an undo may replace. */
export function basesMine(state: Annotator, operations: readonly Operation[]): Base[] {
  return touchedBy(operations).map(({ track, frame }) => {
    const requestId = state.mine.get(objectKey(track, frame));
    const revision = requestId === undefined ? headSeen(state, track, frame) : { request_id: requestId };
    return { track, frame, revision };
  });
}

export function headSeen(state: Annotator, track: string, frame: number | null): Base["revision"] {
  const own = openCommits(state.pending).findLast((commit) =>
    commit.operations.some((operation) => touches(operation, track, frame)),
  );
  if (own !== undefined) return { request_id: own.requestId };
  if (frame === null) return state.tracks.get(track)?.revision ?? null;
  return state.frames.get(frame)?.masks.get(track)?.revision ?? null;
}

/** Deleting and restoring a track also writes its masks. */
function touches(operation: Operation, track: string, frame: number | null): boolean {
  if (operation.track !== track) return false;
  if (operation.op === "mask.set" || operation.op === "mask.delete") return operation.frame === frame;
  return frame === null || operation.op === "track.delete" || operation.op === "track.restore";
}

export function touchedBy(operations: readonly Operation[]): { track: string; frame: number | null }[] {
  const objects = new Map<string, { track: string; frame: number | null }>();
  for (const operation of operations) {
    const frame = "frame" in operation ? operation.frame : null;
    objects.set(objectKey(operation.track, frame), { track: operation.track, frame });
  }
  return [...objects.values()];
}
