import { expect, it } from "vitest";
import type { ServerMessage } from "../../../src/protocol/messages";
import type { Annotator, Corner } from "../../../src/state/annotator/model";
import { canRedo, canUndo } from "../../../src/state/annotator/undo";
import { byHand, candidate, discRle, opened, run } from "../../annotator";

let ids = 0;
const id = () => `q${++ids}`;
const point = (x: number) =>
  ({ type: "prompt/point", point: { x, y: 20, label: 1 }, requestId: id() }) as const;
const undo = () => ({ type: "undo", requestId: id() }) as const;
const redo = () => ({ type: "redo", requestId: id() }) as const;
const points = (state: Annotator) => state.prompt?.points.map(({ x }) => x) ?? null;
const back = () => ({ type: "prompt/back", requestId: id() }) as const;

function answered(state: Annotator): Annotator {
  const message = {
    type: "prompt.predicted" as const,
    request_id: state.prompt?.requestId ?? "",
    frame: 0,
    model: "m",
    model_hash: "h",
    candidates: [candidate(20, 20, 0.9)],
    encode_ms: 0,
    decode_ms: 1,
  } satisfies ServerMessage;
  return run(state, { type: "server", message });
}

it("redoes the points that undo or the key for it has taken, down to none and up again", () => {
  let state = run(opened(), point(1), point(2), point(3));
  state = run(state, undo(), back(), undo());
  expect(points(state)).toBeNull();
  expect(canRedo(state)).toBe(true);
  const seen = [1, 2, 3].map(() => {
    state = run(state, redo());
    return points(state);
  });
  expect(seen).toEqual([[1], [1, 2], [1, 2, 3]]);
  expect(canRedo(state)).toBe(false);
  expect(points(run(state, redo()))).toEqual([1, 2, 3]);
  expect(points(run(state, undo()))).toEqual([1, 2]);
});

it("asks anew for what had no answer, and lets an answer come in between", () => {
  const two = run(answered(run(opened(), point(1))), point(2));
  const one = run(two, undo());
  const again = run(answered(run(one, point(5), undo())), redo());
  expect(points(again)).toEqual([1, 5]);
  expect(again.prompt?.requestId).not.toBe(two.prompt?.requestId);
});

it("forgets them once another point is placed, the frame changes, or something is committed", () => {
  const state = run(opened(), point(1), point(2), undo());
  expect(canRedo(run(state, point(7)))).toBe(false);
  const elsewhere = run(state, { type: "frame/show", frame: 1 });
  expect(canRedo(elsewhere)).toBe(false);
  const none = run(state, undo());
  const mask = discRle(10, 10);
  const gesture = {
    requestId: id(),
    reason: "Paint a new object",
    operations: [
      { op: "track.create", track: "t1", phase: null, name: "" },
      { op: "mask.set", track: "t1", frame: 0, mask, origin: byHand, state: "accepted", order: null },
    ],
  } as const;
  expect(canRedo(none)).toBe(true);
  expect(canRedo(run(none, { type: "commit", gesture }))).toBe(false);
});

it("redoes the corners of an outline, and the prompt below it first", () => {
  const corner = (x: number): Corner => ({ x, y: 3, path: [] });
  const corners = [corner(1), corner(2)];
  const outline = { kind: "outline", tool: "polygon", frame: 0, mode: "new", track: null, corners } as const;
  let state = run(opened(), point(1), { type: "outline", outline });
  state = run(state, { type: "outline/back" }, undo(), undo());
  expect([state.outline, state.prompt, canUndo(state)]).toEqual([null, null, false]);
  state = run(state, redo());
  expect([state.outline, points(state)]).toEqual([null, [1]]);
  state = run(state, redo());
  expect(state.outline?.corners.map(({ x }) => x)).toEqual([1]);
  state = run(state, redo());
  expect(state.outline?.corners).toEqual(corners);
});
