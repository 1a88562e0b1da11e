import { describe, expect, it } from "vitest";
import type { ChangesetConflict } from "../../../src/protocol/messages";
import type { Annotator, PendingCommit } from "../../../src/state/annotator/model";
import { objectsOn } from "../../../src/state/annotator/view";
import {
  byHand,
  changeset,
  discRle,
  maskRevision,
  opened,
  other,
  run,
  settle,
  trackRevision,
} from "../../annotator";

const small = discRle(10, 10, 5);
const large = discRle(10, 10, 9);

function create(state: Annotator, requestId: string, track: string): Annotator {
  return run(state, {
    type: "commit",
    gesture: {
      requestId,
      reason: "Paint a new object",
      operations: [
        { op: "track.create", track, phase: null, name: "" },
        { op: "mask.set", track, frame: 0, mask: small, origin: byHand, state: "accepted", order: null },
      ],
    },
  });
}

function enlarge(state: Annotator, requestId: string, track: string): Annotator {
  return run(state, {
    type: "commit",
    gesture: {
      requestId,
      reason: "Paint a mask",
      operations: [
        { op: "mask.set", track, frame: 0, mask: large, origin: byHand, state: "accepted", order: null },
      ],
    },
  });
}

const masks = (state: Annotator) => objectsOn(state, 0).map((object) => object.mask);
const lastOperations = (state: Annotator) => state.pending.at(-1)?.operations;
const lastBase = (state: Annotator) => state.pending.at(-1)?.base;

describe.each([
  ["while nothing is confirmed yet", (state: Annotator) => state],
  ["when everything is confirmed", settle],
])("undo and redo %s", (_, between) => {
  it("go back and forth through a session's gestures", () => {
    let state = between(create(opened(), "c1", "t1"));
    state = between(enlarge(state, "c2", "t1"));
    expect(masks(state)).toEqual([large]);
    state = between(run(state, { type: "undo", requestId: "u1" }));
    expect(masks(state)).toEqual([small]);
    state = between(run(state, { type: "undo", requestId: "u2" }));
    expect(masks(state)).toEqual([]);
    state = between(run(state, { type: "redo", requestId: "r1" }));
    expect(masks(state)).toEqual([small]);
    state = between(run(state, { type: "redo", requestId: "r2" }));
    expect(masks(state)).toEqual([large]);
    expect(run(state, { type: "redo", requestId: "r3" })).toBe(state);
  });
});

it("makes each undo a commit of its own that builds on the user's own last state", () => {
  let state = settle(enlarge(settle(create(opened(), "c1", "t1")), "c2", "t1"));
  state = run(state, { type: "undo", requestId: "u1" });
  expect(lastBase(state)).toEqual([{ track: "t1", frame: 0, revision: { request_id: "c2" } }]);
  expect(state.pending.at(-1)?.reason).toBe("Undo paint a mask");
  state = run(settle(state), { type: "undo", requestId: "u2" });
  expect(lastOperations(state)).toEqual([{ op: "track.delete", track: "t1" }]);
  expect(lastBase(state)).toEqual([{ track: "t1", frame: null, revision: { request_id: "c1" } }]);
});

it("builds on what the deletion and the return of a track made of its masks", () => {
  let state = settle(enlarge(settle(create(opened(), "c1", "t1")), "c2", "t1"));
  for (const requestId of ["u1", "u2"]) state = settle(run(state, { type: "undo", requestId }));
  state = settle(run(state, { type: "redo", requestId: "r1" }));
  state = run(state, { type: "redo", requestId: "r2" });
  expect(lastBase(state)).toEqual([{ track: "t1", frame: 0, revision: { request_id: "r1" } }]);
});

it("never undoes what somebody else did since: the base names the user's own revision", () => {
  const mine = settle(enlarge(settle(create(opened(), "c1", "t1")), "c2", "t1"));
  const theirs = run(mine, {
    type: "changeset/made",
    changeset: changeset(3, { revisions: [maskRevision("t1", 999, discRle(20, 20))] }),
  });
  const undone = run(theirs, { type: "undo", requestId: "u1" });
  expect(lastBase(undone)).toEqual([{ track: "t1", frame: 0, revision: { request_id: "c2" } }]);
});

it("forgets what could be redone after a new gesture", () => {
  const undone = run(create(opened(), "c1", "t1"), { type: "undo", requestId: "u1" });
  expect(undone.redo).toHaveLength(1);
  expect(create(undone, "c2", "t2").redo).toHaveLength(0);
});

it("names the pending commit as the base of what builds on it", () => {
  const state = enlarge(create(opened(), "c1", "t1"), "c2", "t1");
  expect(lastBase(state)).toEqual([{ track: "t1", frame: 0, revision: { request_id: "c1" } }]);
});

it("brings a deleted object back with its mask", () => {
  const known = opened({ tracks: [trackRevision("t1", 1)], masks: [maskRevision("t1", 2, small)] });
  const deleted = run(known, {
    type: "commit",
    gesture: {
      requestId: "c1",
      reason: "Delete",
      operations: [{ op: "mask.delete", track: "t1", frame: 0 }],
    },
  });
  expect(masks(deleted)).toEqual([]);
  const back = run(deleted, { type: "undo", requestId: "u1" });
  expect(masks(back)).toEqual([small]);
  expect(lastOperations(back)?.[0]).toMatchObject({ op: "mask.set", order: 1 });
});

describe("a conflict", () => {
  const known = opened({ tracks: [trackRevision("t1", 1)], masks: [maskRevision("t1", 2, small)] });
  const theirs = maskRevision("t1", 7, discRle(20, 20));
  const conflict: ChangesetConflict = {
    type: "changeset.conflict",
    request_id: "c1",
    conflicts: [{ track: "t1", frame: 0, current: theirs, author: other }],
  };
  const lost = run(
    enlarge(known, "c1", "t1"),
    { type: "changeset/made", changeset: changeset(1, { revisions: [theirs] }) },
    { type: "server", message: conflict },
  );

  it("shows what the other made, keeps the losing edit, and does not offer to undo it", () => {
    expect(masks(lost)).toEqual([theirs.mask]);
    expect(lost.pending[0]?.problem).toEqual({ kind: "conflict", conflicts: conflict.conflicts });
    expect(lost.pending[0]?.operations[0]).toMatchObject({ mask: large });
    expect(lost.undo).toHaveLength(0);
  });

  it("can be applied on top of the other's edit", () => {
    const state = run(lost, { type: "problem/reapply", requestId: "c1", newRequestId: "c9" });
    expect(state.pending).toHaveLength(1);
    expect(state.pending[0]).toMatchObject({
      requestId: "c9",
      base: [{ track: "t1", frame: 0, revision: 7 }],
      problem: null,
    });
    expect(masks(settle(state))).toEqual([large]);
  });

  it("deletes an object with what the other drew on a frame that was never loaded", () => {
    const remove = { op: "track.delete" as const, track: "t1" };
    const made = maskRevision("t1", 9, large);
    const told = { type: "changeset.conflict" as const, request_id: "c1" };
    const state = run(
      known,
      { type: "commit", gesture: { requestId: "c1", reason: "Delete an object", operations: [remove] } },
      {
        type: "server",
        message: {
          ...told,
          conflicts: [{ track: "t1", frame: 5, current: { ...made, frame: 5 }, author: other }],
        },
      },
      { type: "problem/reapply", requestId: "c1", newRequestId: "c9" },
    );
    expect(lastBase(state)).toContainEqual({ track: "t1", frame: 5, revision: 9 });
    expect(lastBase(state)?.map(({ frame }) => frame)).toEqual([null, 0, 5]);
  });

  it("can be let go", () => {
    const state = run(lost, { type: "problem/discard", requestId: "c1" });
    expect(state.pending).toEqual([]);
    expect(masks(state)).toEqual([theirs.mask]);
  });

  it("brings the object back when the other had deleted it", () => {
    const gone = run(enlarge(known, "c1", "t1"), {
      type: "changeset/made",
      changeset: changeset(1, {
        revisions: [trackRevision("t1", 8, { deleted: true }), maskRevision("t1", 9, null)],
      }),
    });
    const state = run(
      gone,
      {
        type: "server",
        message: { ...conflict, conflicts: [{ track: "t1", frame: null, current: null, author: other }] },
      },
      { type: "problem/reapply", requestId: "c1", newRequestId: "c9" },
    );
    expect(lastOperations(state)?.map(({ op }) => op)).toEqual(["track.restore", "mask.set"]);
    expect(lastBase(state)).toEqual([
      { track: "t1", frame: null, revision: 8 },
      { track: "t1", frame: 0, revision: 9 },
    ]);
  });
});

it("keeps a refused commit with the server's reason", () => {
  const state = run(create(opened(), "c1", "t1"), {
    type: "server",
    message: { type: "error", code: "forbidden", message: "Viewers cannot annotate.", request_id: "c1" },
  });
  expect(state.pending[0]?.problem).toEqual({ kind: "refused", message: "Viewers cannot annotate." });
  expect(masks(state)).toEqual([]);
});

it("keeps the prompt that is begun rather than the one that an earlier page left", () => {
  const begun = run(opened(), { type: "prompt/point", point: { x: 3, y: 3, label: 1 }, requestId: "new" });
  const { prompt } = run(opened(), {
    type: "prompt/point",
    point: { x: 9, y: 9, label: 1 },
    requestId: "old",
  });
  const found = { type: "kept/found", pending: [], prompt, asked: null, requestId: "again" } as const;
  expect(run(begun, found).prompt).toBe(begun.prompt);
  expect(run(opened(), found).prompt?.points).toEqual(prompt?.points);
});

describe("commits that an earlier page left", () => {
  const pendingOf = (state: Annotator) => state.pending.map((commit) => ({ ...commit, problem: null }));
  const found = (state: Annotator, pending: readonly PendingCommit[]) =>
    run(state, { type: "kept/found", pending, prompt: null, asked: null, requestId: "q" });
  const names = (state: Annotator) =>
    [state.undo, state.redo].map((steps) => steps.map((step) => step.requestId));

  it("can be undone once they are saved, and until then say why not", () => {
    const before = create(opened(), "c1", "t1");
    let state = found(opened(), pendingOf(before));
    expect(names(state)).toEqual([["c1"], []]);
    expect(run(state, { type: "undo", requestId: "u1" }).notice).toContain("as soon as it is saved");
    state = run(settle(state), { type: "undo", requestId: "u1" });
    expect(state.asked).toMatchObject({ what: "take back", action: "c1" });
  });

  it("and that undo another move it to what can be redone", () => {
    const before = run(settle(create(opened(), "c1", "t1")), { type: "undo", requestId: "u1" });
    const [first] = before.redo;
    const known = { kind: "action", requestId: "c1", reason: first?.reason ?? "", saved: true } as const;
    const state = found({ ...opened(), undo: [known] }, pendingOf(before));
    expect(names(state)).toEqual([[], ["u1"]]);
  });
});
