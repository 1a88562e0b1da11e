import { describe, expect, it } from "vitest";
import type { MaskRevision } from "../../../src/protocol/messages";
import type { Annotator } from "../../../src/state/annotator/model";
import {
  changedScope,
  countBelow,
  countMeant,
  frameCount,
  litProposals,
  selectedProposal,
  storedProposals,
  waitingCount,
} from "../../../src/state/annotator/review";
import { frameCounts, objectsOn } from "../../../src/state/annotator/view";
import {
  byHand,
  discRle,
  frameState,
  maskRevision,
  opened,
  run,
  settle,
  trackRevision,
} from "../../annotator";

const found = (score: number | null) => ({ ...byHand, model: "threshold", model_hash: "settings", score });

function proposal(track: string, x: number, score: number | null, frame = 0): MaskRevision {
  return maskRevision(track, 50 + x, discRle(x, 10), {
    frame,
    state: "proposal",
    order: x,
    origin: found(score),
  });
}

/** Three proposals and an accepted object on frame 0, two proposals on frame 3 (not loaded), 5 frames. */
function waiting(): Annotator {
  const names = ["low", "middle", "high", "mine"];
  const state = opened({
    tracks: names.map((track, index) => trackRevision(track, index + 1, { number: index + 1 })),
    masks: [
      proposal("low", 10, 0.3),
      proposal("middle", 25, 0.6),
      proposal("high", 40, 0.9),
      maskRevision("mine", 9, discRle(55, 10)),
    ],
  });
  const frames = [
    { frame: 0, accepted: 1, proposals: 3 },
    { frame: 3, accepted: 0, proposals: 2 },
  ];
  return run(state, { type: "timeline/loaded", frames });
}

const late = frameState({
  frame: 3,
  tracks: [trackRevision("later", 80, { number: 8 }), trackRevision("latest", 81, { number: 9 })],
  masks: [proposal("later", 10, 0.5, 3), proposal("latest", 25, 0.7, 3)],
});

const names = (objects: readonly { track: { track: string } }[]) => objects.map(({ track }) => track.track);
const select = (track: string) => ({ type: "selection", selection: { track, lasting: false } }) as const;

describe("which proposals are meant", () => {
  it("are those that reach the score and are not hidden; without a score it counts as 0", () => {
    const state = run(waiting(), { type: "review", change: { minimumScore: 0.6 } });
    expect(names(storedProposals(state, 0))).toEqual(["low", "middle", "high"]);
    expect(names(litProposals(state, 0))).toEqual(["middle", "high"]);
    const hidden = run(state, { type: "hidden", track: "high", hidden: true });
    expect(names(litProposals(hidden, 0))).toEqual(["middle"]);
    const unscored = opened({ tracks: [trackRevision("t", 1)], masks: [proposal("t", 10, null)] });
    expect(names(litProposals(unscored, 0))).toEqual(["t"]);
    const held = run(unscored, { type: "review", change: { minimumScore: 0.1 } });
    expect(litProposals(held, 0)).toEqual([]);
  });

  it("counts over all frames, of the frames in sight as they are now", () => {
    expect(waitingCount(waiting())).toBe(5);
    const accepted = run(waiting(), { type: "review/accept", tracks: ["low"], requestId: "r" });
    expect(waitingCount(accepted)).toBe(4);
    expect(frameCounts(accepted).get(0)).toEqual({ frame: 0, accepted: 2, proposals: 2 });
  });

  it("counts exactly where it can, by the server's bins where it must, and admits what it cannot know", () => {
    const scores = Array.from({ length: 20 }, (_, bin) => ({ 6: 1, 10: 1, 12: 1, 14: 1, 18: 1 })[bin] ?? 0);
    const counted = run(waiting(), {
      type: "proposals/counted",
      summary: { count: 5, frames: [], scores, unscored: 0 },
    });
    expect(countMeant(counted, "series")).toEqual({ count: 5, exact: true });
    const ranged = run(counted, { type: "scope", change: { from: 1, to: 4 } });
    expect(countMeant(ranged, "range")).toEqual({ count: 2, exact: true });
    const strict = run(ranged, { type: "review", change: { minimumScore: 0.6 } });
    expect(countMeant(strict, "frame")).toEqual({ count: 2, exact: true });
    expect(countMeant(strict, "series")).toEqual({ count: 3, exact: true });
    expect(countMeant(strict, "range")).toBeUndefined();
    expect(countBelow(strict, "frame")).toEqual({ count: 1, exact: true });
    expect(countBelow(strict, "series")).toEqual({ count: 2, exact: true });
    expect(countBelow(ranged, "range")).toEqual({ count: 0, exact: true });
    const between = run(strict, { type: "review", change: { minimumScore: 0.62 } });
    expect(countMeant(between, "series")?.exact).toBe(false);
  });

  it("says no number by scores that were counted before the last decision", () => {
    const scores = Array.from({ length: 20 }, () => 0);
    scores[18] = 2; // 0.9 to 0.95
    scores[6] = 3; // 0.3 to 0.35
    const stale = run(
      waiting(),
      { type: "proposals/counted", summary: { count: 6, frames: [], scores, unscored: 0 } },
      { type: "review", change: { minimumScore: 0.6 } },
    );
    expect(waitingCount(stale)).toBe(5);
    expect(countMeant(stale, "series")).toBeUndefined();
    expect(countBelow(stale, "series")).toBeUndefined();
    expect(countMeant(stale, "frame")?.exact).toBe(true);
  });
});

describe("deciding", () => {
  it("accepts the same pixels in the same place, as one commit that undo takes back", () => {
    const before = waiting();
    const accepted = run(before, { type: "review/accept", tracks: ["low", "high"], requestId: "r1" });
    expect(accepted.pending).toHaveLength(1);
    const [first] = accepted.pending[0]?.operations ?? [];
    expect(first).toEqual({
      op: "mask.set",
      track: "low",
      frame: 0,
      mask: discRle(10, 10),
      origin: found(0.3),
      state: "accepted",
      order: 10,
    });
    expect(names(storedProposals(settle(accepted), 0))).toEqual(["middle"]);
    const undone = run(settle(accepted), { type: "undo", requestId: "r2" });
    expect(names(storedProposals(undone, 0))).toEqual(["low", "middle", "high"]);
    expect(names(storedProposals(settle(undone), 0))).toEqual(["low", "middle", "high"]);
    const redone = run(settle(undone), { type: "redo", requestId: "r3" });
    expect(names(storedProposals(settle(redone), 0))).toEqual(["middle"]);
  });

  it("touches proposals only: an accepted object is neither accepted again nor discarded", () => {
    const state = waiting();
    expect(run(state, { type: "review/accept", tracks: ["mine"], requestId: "r" })).toBe(state);
    expect(run(state, { type: "review/discard", tracks: ["mine"], requestId: "r" })).toBe(state);
  });

  it("discards, and undo brings the proposal back as it was", () => {
    const discarded = run(waiting(), { type: "review/discard", tracks: ["middle"], requestId: "r1" });
    expect(names(objectsOn(discarded, 0))).toEqual(["mine", "low", "high"]);
    const undone = run(settle(discarded), { type: "undo", requestId: "r2" });
    expect(names(storedProposals(undone, 0))).toContain("middle");
  });

  it("goes on to the next lit proposal of the frame, and lets go after the last", () => {
    let state = run(waiting(), { type: "review", change: { minimumScore: 0.5 } }, select("middle"));
    state = run(state, { type: "review/accept", tracks: ["middle"], requestId: "r1" });
    expect(selectedProposal(state)?.track.track).toBe("high");
    state = run(state, { type: "review/discard", tracks: ["high"], requestId: "r2" });
    expect(state.selection).toBeNull();
  });

  it("changes nothing for somebody who may only look, nor on an older version", () => {
    const viewer = { ...waiting(), role: "viewer" as const };
    expect(run(viewer, { type: "review/accept", tracks: ["low"], requestId: "r" })).toBe(viewer);
    const past = run(waiting(), { type: "past/open", version: 1 });
    expect(run(past, { type: "review/discard", tracks: ["low"], requestId: "r" })).toBe(past);
  });
});

describe("stepping", () => {
  const next = { type: "review/step", direction: 1 } as const;
  const previous = { type: "review/step", direction: -1 } as const;

  it("goes in drawing order, first from nothing selected", () => {
    const state = run(waiting(), next);
    expect(state.selection?.track).toBe("low");
    expect(run(state, next).selection?.track).toBe("middle");
    expect(run(state, next, previous).selection?.track).toBe("low");
    expect(run(waiting(), previous).selection?.track).toBe("high");
  });

  it("passes over what the score holds back", () => {
    const state = run(waiting(), { type: "review", change: { minimumScore: 0.6 } }, next);
    expect(state.selection?.track).toBe("middle");
  });

  it("goes on to the next frame with proposals, and waits there for its masks", () => {
    const state = run(waiting(), select("high"), next);
    expect(state.frame).toBe(3);
    expect(state.selection).toBeNull();
    const arrived = run(state, { type: "frame/loaded", state: late });
    expect(arrived.selection?.track).toBe("later");
    expect(arrived.review.seek).toBeNull();
    expect(run(arrived, next, next).frame).toBe(0);
  });

  it("comes backwards to the last of a frame, round the ends of the series", () => {
    const known = run(waiting(), { type: "frame/loaded", state: late });
    const state = run(known, select("low"), previous);
    expect([state.frame, state.selection?.track]).toEqual([3, "latest"]);
  });

  it("comes back to where it began when no other frame has one that reaches the score", () => {
    const strict = run(waiting(), { type: "review", change: { minimumScore: 0.8 } }, next);
    expect(strict.selection?.track).toBe("high");
    const gone = run(strict, next);
    expect(gone.frame).toBe(3);
    const back = run(gone, { type: "frame/loaded", state: late });
    expect([back.frame, back.selection?.track, back.review.seek]).toEqual([0, "high", null]);
  });

  it("is given up when somebody chooses a frame meanwhile", () => {
    const state = run(waiting(), select("high"), next, { type: "frame/show", frame: 2 });
    expect(run(state, { type: "frame/loaded", state: late })).toMatchObject({ frame: 2, selection: null });
  });
});

describe("the scope of a segmentation", () => {
  const scope = { what: "range", from: 2, to: 6, step: 1, replace: true } as const;

  it("stays within the series, and the end that was not moved gives way", () => {
    expect(changedScope(scope, { from: -3 }, 10)).toMatchObject({ from: 0, to: 6 });
    expect(changedScope(scope, { from: 8 }, 10)).toMatchObject({ from: 8, to: 8 });
    expect(changedScope(scope, { to: 1 }, 10)).toMatchObject({ from: 1, to: 1 });
    expect(changedScope(scope, { to: 99, step: 0 }, 10)).toMatchObject({ to: 9, step: 1 });
  });

  it("counts the frames that a step takes", () => {
    expect(frameCount(scope, 10)).toBe(5);
    expect(frameCount({ ...scope, step: 2 }, 10)).toBe(3);
    expect(frameCount({ ...scope, what: "series", step: 3 }, 10)).toBe(4);
    expect(frameCount({ ...scope, what: "frame" }, 10)).toBe(1);
  });
});
