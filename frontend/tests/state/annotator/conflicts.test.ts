import { describe, expect, it } from "vitest";
import { decoded, encode, union } from "../../../src/geometry/rle";
import { type Choices, contestedBy, mayUnite } from "../../../src/state/annotator/conflicts";
import type { Annotator } from "../../../src/state/annotator/model";
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

const before = [discRle(10, 10), discRle(30, 10), discRle(50, 10)];
const mine = [discRle(12, 10), discRle(32, 10), discRle(52, 10)];
const theirs = [discRle(10, 13), discRle(30, 13)];
const tracks = ["t1", "t2", "t3"];
const set = (track: string, index: number) =>
  ({
    op: "mask.set",
    track,
    frame: 0,
    mask: mine[index] ?? discRle(0, 0),
    origin: byHand,
    state: "accepted",
    order: null,
  }) as const;

/** Three masks were changed; Bob had changed the first two. */
function lost(): Annotator {
  const revisions = theirs.map((mask, index) => maskRevision(tracks[index] ?? "", 20 + index, mask));
  const known = opened({
    tracks: tracks.map((track, index) => trackRevision(track, index + 1, { number: index + 1 })),
    masks: before.map((mask, index) => maskRevision(tracks[index] ?? "", 10 + index, mask)),
  });
  return run(
    known,
    { type: "commit", gesture: { requestId: "c1", reason: "Paint", operations: tracks.map(set) } },
    { type: "changeset/made", changeset: changeset(1, { revisions }) },
    {
      type: "server",
      message: {
        type: "changeset.conflict",
        request_id: "c1",
        conflicts: revisions.map((current) => ({ track: current.track, frame: 0, current, author: other })),
      },
    },
  );
}

const decided = (choices: Choices) =>
  run(lost(), { type: "problem/settle", requestId: "c1", newRequestId: "c2", choices });
const shown = (state: Annotator) =>
  objectsOn(settle(state), 0)
    .toSorted((a, b) => a.track.track.localeCompare(b.track.track))
    .map(({ mask }) => mask);

describe("a contested object", () => {
  it("is shown as it was, as I made it and as they did", () => {
    const state = lost();
    const [commit] = state.pending;
    if (commit === undefined) throw new Error("nothing was lost");
    expect(contestedBy(state, commit).map(({ masks }) => masks)).toEqual([
      { frame: 0, before: before[0], mine: mine[0], theirs: theirs[0] },
      { frame: 0, before: before[1], mine: mine[1], theirs: theirs[1] },
    ]);
    expect(contestedBy(state, commit).every(mayUnite)).toBe(true);
  });

  it("stays mine, becomes theirs or both, each for itself; what nobody contests is mine", () => {
    expect(shown(decided({}))).toEqual(mine);
    expect(shown(decided({ "t1/0": "theirs" }))).toEqual([theirs[0], mine[1], mine[2]]);
    const both = (index: number) =>
      encode(union(decoded(mine[index] ?? discRle(0, 0)), decoded(theirs[index] ?? discRle(0, 0))));
    expect(shown(decided({ "t1/0": "union", "t2/0": "theirs" }))).toEqual([both(0), theirs[1], mine[2]]);
  });

  it("is committed on top of their revision, and can be undone to it", () => {
    const state = settle(decided({ "t2/0": "theirs" }));
    expect(shown(run(state, { type: "undo", requestId: "u1" }))).toEqual([theirs[0], theirs[1], before[2]]);
  });

  it("that I deleted and they changed is kept where theirs is chosen", () => {
    const known = opened({
      tracks: [trackRevision("t1", 1)],
      masks: [maskRevision("t1", 2, discRle(10, 10))],
    });
    const current = maskRevision("t1", 9, discRle(10, 13));
    const gesture = {
      requestId: "c1",
      reason: "Delete",
      operations: [{ op: "track.delete" as const, track: "t1" }],
    };
    const conflicts = [{ track: "t1", frame: 0, current, author: other }];
    const state = run(
      known,
      { type: "commit", gesture },
      { type: "changeset/made", changeset: changeset(1, { revisions: [current] }) },
      { type: "server", message: { type: "changeset.conflict", request_id: "c1", conflicts } },
      { type: "problem/settle", requestId: "c1", newRequestId: "c2", choices: { "t1/0": "theirs" } },
    );
    expect(state.pending).toEqual([]);
    expect(objectsOn(state, 0).map(({ mask }) => mask)).toEqual([current.mask]);
  });

  it("of a merge or a split stays as it is where theirs is chosen for any of its objects", () => {
    const union = encode(decoded(discRle(30, 10, 25)));
    const change = { ...set("t1", 0), mask: union };
    const merge = [change, { op: "track.delete" as const, track: "t2" }];
    const split = [change, { op: "track.create" as const, track: "t9", phase: null, name: "" }, set("t9", 2)];
    for (const operations of [merge, split]) {
      const known = opened({
        tracks: ["t1", "t2"].map((track, index) => trackRevision(track, index + 1)),
        masks: ["t1", "t2"].map((track, index) => maskRevision(track, 10 + index, before[index] ?? null)),
      });
      const current = maskRevision("t1", 20, discRle(10, 13));
      const state = run(
        known,
        { type: "commit", gesture: { requestId: "c1", reason: "Change", operations } },
        { type: "changeset/made", changeset: changeset(1, { revisions: [current] }) },
        {
          type: "server",
          message: {
            type: "changeset.conflict",
            request_id: "c1",
            conflicts: [{ track: "t1", frame: 0, current, author: other }],
          },
        },
        { type: "problem/settle", requestId: "c1", newRequestId: "c2", choices: { "t1/0": "theirs" } },
      );
      expect(shown(state)).toEqual([current.mask, before[1]]);
    }
  });
});
