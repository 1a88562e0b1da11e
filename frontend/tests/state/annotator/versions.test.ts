import { describe, expect, it } from "vitest";
import type { Changeset } from "../../../src/protocol/messages";
import type { Annotator } from "../../../src/state/annotator/model";
import { saveState } from "../../../src/state/annotator/save_state";
import { isDue } from "../../../src/state/annotator/versions";
import { objectsOn } from "../../../src/state/annotator/view";
import {
  byHand,
  changeset,
  discRle,
  maskRevision,
  me,
  opened,
  other,
  run,
  settle,
  trackRevision,
} from "../../annotator";

const small = discRle(10, 10, 5);
const large = discRle(10, 10, 9);
const known = () =>
  opened({
    tracks: [trackRevision("t1", 1, { number: 1 }), trackRevision("t2", 2, { number: 2 })],
    masks: [maskRevision("t1", 3, small)],
  });

const steps = [
  {
    op: "tracks.reassign" as const,
    moves: [{ track: "t1", to: "t2" }],
    first_frame: 0,
    last_frame: null,
    collision: "refuse" as const,
  },
];
const ask = (requestId: string) =>
  ({ type: "tracks/edit", gesture: { requestId, reason: "Change an ID", steps, select: null } }) as const;

function paint(requestId: string, track = "t1") {
  return {
    type: "commit",
    gesture: {
      requestId,
      reason: "Paint a mask",
      operations: [
        { op: "mask.set", track, frame: 0, mask: large, origin: byHand, state: "accepted", order: null },
      ],
    },
  } as const;
}

/** The server has moved the mask of the first track to the second, as this version. */
function made(requestId: string, version: number, values: Partial<Changeset> = {}) {
  return {
    type: "changeset/made",
    changeset: changeset(version, {
      request_id: requestId,
      author: me,
      revisions: [maskRevision("t1", version * 100, null), maskRevision("t2", version * 100 + 1, small)],
      ...values,
    }),
  } as const;
}

const stacks = (state: Annotator) =>
  [state.undo, state.redo].map((steps) => steps.map((step) => step.reason));

describe("an edit of tracks", () => {
  it("can be taken back as the version that it made, and redone as the version that took it back", () => {
    let state = run(known(), ask("e1"));
    expect(state.asked).toMatchObject({ what: "edit", requestId: "e1", steps });
    state = run(state, made("e1", 1));
    expect(state.asked).toBeNull();
    expect(objectsOn(state, 0).map(({ track }) => track.track)).toEqual(["t2"]);
    state = run(state, { type: "undo", requestId: "u1" });
    expect(state.asked).toMatchObject({ what: "take back", action: "e1" });
    state = run(state, made("u1", 2));
    expect(stacks(state)).toEqual([[], ["Change an ID"]]);
    state = run(state, { type: "redo", requestId: "r1" });
    expect(state.asked).toMatchObject({ what: "take back", action: "u1" });
    state = run(state, made("r1", 3));
    expect(stacks(state)).toEqual([["Change an ID"], []]);
  });

  it("waits for the commits before it, and nothing is undone or asked for meanwhile", () => {
    let state = run(known(), paint("c1"), ask("e1"));
    expect(isDue(state)).toBe(false);
    expect(isDue(run(settle(state), paint("c2")))).toBe(true);
    state = settle(state);
    const undone = run(state, { type: "undo", requestId: "u1" });
    expect([undone.asked, undone.undo]).toEqual([state.asked, state.undo]);
    expect(undone.notice).toContain("as soon as it is saved");
    const second = run(state, ask("e2"));
    expect(second.asked?.requestId).toBe("e1");
    expect(second.notice).toContain("on its way");
  });

  it("leaves the object selected that it names, and no other", () => {
    const gesture = { ...ask("e1").gesture, select: "t2" };
    const marked = run(known(), { type: "mark", track: "t1" }, { type: "mark", track: "t2" });
    const state = run(marked, { type: "tracks/edit", gesture }, made("e1", 1));
    expect(state.selection).toEqual({ track: "t2", lasting: true });
    expect(state.marked.size).toBe(0);
  });

  it("counts as work that is being saved", () => {
    expect(saveState(run(known(), ask("e1")))).toEqual({ kind: "saving", count: 1 });
  });

  it("is not begun while the server is out of reach", () => {
    const state = run(known(), { type: "connection", connection: "offline" }, ask("e1"));
    expect(state.asked).toBeNull();
    expect(state.undo).toEqual([]);
    expect(state.notice).toContain("out of reach");
  });

  it("is what the user's earlier edits build on when they are undone", () => {
    let state = settle(run(known(), paint("c1")));
    state = run(state, ask("e1"), made("e1", 2), { type: "undo", requestId: "u1" }, made("u1", 3));
    state = run(state, { type: "undo", requestId: "u2" });
    expect(state.pending.at(-1)?.base).toEqual([{ track: "t1", frame: 0, revision: { request_id: "u1" } }]);
  });

  it("of somebody else with the same request settles nothing", () => {
    const state = run(known(), ask("e1"), made("e1", 1, { author: other }));
    expect(state.asked?.requestId).toBe("e1");
  });

  it("that lost to another change is not made, says so, and reads anew what is stale", () => {
    const conflicts = [{ track: "t1", frame: 0, current: maskRevision("t1", 9, large), author: other }];
    const state = run(known(), ask("e1"), {
      type: "tracks/refused",
      requestId: "e1",
      refusal: { code: "stale", message: "Stale.", conflicts },
    });
    expect(state.asked).toBeNull();
    expect(state.undo).toEqual([]);
    expect(state.frames.get(0)?.loaded).toBe(false);
    expect(state.notice).toMatch("#1 on frame 1 was changed by Bob meanwhile. Nothing was changed.");
  });

  it("that two masks stand in the way of can be asked for otherwise", () => {
    const refused = run(known(), ask("e1"), {
      type: "tracks/refused",
      requestId: "e1",
      refusal: { code: "collision", message: "Both have masks.", conflicts: [] },
    });
    expect(refused.refused).toEqual({
      reason: "Change an ID",
      steps,
      select: null,
      message: "Both have masks.",
    });
    expect(refused.notice).toBeNull();
    expect(run(refused, ask("e2")).refused).toBeNull();
    expect(run(refused, { type: "tracks/let-go" }).refused).toBeNull();
  });

  it("of one object alone is an action of its own", () => {
    let state = settle(run(known(), paint("c1")));
    state = run(state, { type: "undo/object", track: "t1", requestId: "o1" });
    expect(state.asked).toMatchObject({ what: "take back of object", track: "t1", frame: 0 });
    state = run(state, made("o1", 2));
    expect(stacks(state)).toEqual([["Paint a mask", "Undo on one object"], []]);
    state = run(state, { type: "undo", requestId: "u1" });
    expect(state.asked).toMatchObject({ what: "take back", action: "o1" });
  });

  it("is not for viewers", () => {
    const viewer = { ...known(), role: "viewer" as const };
    expect(run(viewer, ask("e1"))).toBe(viewer);
  });
});

describe("a refusal", () => {
  const refused = (requestId: string, code: string) =>
    ({ type: "tracks/refused", requestId, refusal: { code, message: "No.", conflicts: [] } }) as const;
  const edited = () => run(known(), ask("e1"), made("e1", 1), ask("e2"), made("e2", 2));
  const ids = ({ undo, redo }: Annotator) => [undo, redo].map((steps) => steps.map((step) => step.requestId));

  it("of an undo or a redo keeps the step for another try", () => {
    const undone = run(edited(), { type: "undo", requestId: "u1" }, refused("u1", "http_500"));
    expect(ids(undone)).toEqual([["e1", "e2"], []]);
    const back = run(edited(), { type: "undo", requestId: "u1" }, made("u1", 3));
    const redone = run(back, { type: "redo", requestId: "r1" }, refused("r1", "locked"));
    expect(ids(redone)).toEqual([["e1"], ["u1"]]);
  });

  it("that lasts passes over the step, says so, and blocks none below it", () => {
    const state = run(edited(), { type: "undo", requestId: "u1" }, refused("u1", "stale"));
    expect(ids(state)).toEqual([["e1"], []]);
    expect(state.notice).toContain("goes on with the step before it");
    expect(run(state, { type: "undo", requestId: "u2" }).asked).toMatchObject({ action: "e1" });
  });

  it("leaves what could be redone, unless something was done since", () => {
    const back = run(edited(), { type: "undo", requestId: "u1" }, made("u1", 3));
    expect(ids(run(back, ask("e3"), refused("e3", "stale")))).toEqual([["e1"], ["u1"]]);
    const object = { type: "undo/object", track: "t1", requestId: "o1" } as const;
    expect(ids(run(back, object, refused("o1", "not_yours")))).toEqual([["e1"], ["u1"]]);
    expect(ids(run(back, ask("e3"), paint("c1"), refused("e3", "stale")))).toEqual([["e1", "c1"], []]);
  });
});
