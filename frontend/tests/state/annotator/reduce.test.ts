import { describe, expect, it } from "vitest";
import { areaPx, decoded, difference, encode, union } from "../../../src/geometry/rle";
import type { Job } from "../../../src/protocol/rest";
import { openProposals, receivingTrack } from "../../../src/state/annotator/drafts";
import {
  calibrationOf,
  frameCounts,
  mayEdit,
  objectAt,
  objectsOn,
  phaseReceiver,
  tracksOf,
} from "../../../src/state/annotator/view";
import {
  byHand,
  candidate,
  changeset,
  disc,
  discRle,
  frameState,
  maskRevision,
  opened,
  run,
  settle,
  trackRevision,
} from "../../annotator";

const onePoint = { type: "prompt/point", point: { x: 20, y: 20, label: 1 }, requestId: "q1" } as const;

function answered(requestId = "q1", candidates = [candidate(20, 20, 0.9), candidate(20, 20, 0.6, 11)]) {
  return {
    type: "server",
    message: {
      type: "prompt.predicted",
      request_id: requestId,
      frame: 0,
      model: "efficient_sam_ti",
      model_hash: "weights",
      candidates,
      encode_ms: 1,
      decode_ms: 1,
    },
  } as const;
}

describe("prompts", () => {
  it("shows a point at once and keeps every earlier one", () => {
    const state = run(opened(), onePoint, {
      type: "prompt/point",
      point: { x: 30, y: 20, label: 0 },
      requestId: "q2",
    });
    expect(state.prompt?.points).toEqual([
      { x: 20, y: 20, label: 1 },
      { x: 30, y: 20, label: 0 },
    ]);
    expect(state.prompt?.requestId).toBe("q2");
  });

  it("ignores the answer to a question that a newer one replaced", () => {
    const state = run(
      opened(),
      onePoint,
      { type: "prompt/point", point: { x: 30, y: 20, label: 0 }, requestId: "q2" },
      answered("q1"),
    );
    expect(state.prompt?.answer).toBeNull();
    expect(run(state, answered("q2")).prompt?.answer?.requestId).toBe("q2");
  });

  it("cycles through the candidates in both directions", () => {
    const state = run(opened(), onePoint, answered());
    expect(run(state, { type: "prompt/cycle", step: 1 }).prompt?.chosen).toBe(1);
    expect(run(state, { type: "prompt/cycle", step: 2 }).prompt?.chosen).toBe(0);
    expect(run(state, { type: "prompt/cycle", step: -1 }).prompt?.chosen).toBe(1);
  });

  it("accepts the chosen candidate as a new object of the current phase, with where it came from", () => {
    const state = run(
      opened(),
      onePoint,
      answered(),
      { type: "prompt/cycle", step: 1 },
      { type: "prompt/accept", requestId: "c1", track: "t1" },
    );
    expect(state.prompt).toBeNull();
    expect(state.pending).toHaveLength(1);
    expect(state.pending[0]?.operations).toEqual([
      { op: "track.create", track: "t1", phase: "gold", name: "" },
      {
        op: "mask.set",
        track: "t1",
        frame: 0,
        mask: discRle(20, 20, 11),
        origin: {
          model: "efficient_sam_ti",
          model_hash: "weights",
          points: [{ x: 20, y: 20, label: 1 }],
          box: null,
          score: 0.6,
          edited: false,
          tracker: null,
          tracker_hash: null,
          confidence: null,
          bridged: false,
        },
        state: "accepted",
        order: null,
      },
    ]);
    expect(state.pending[0]?.base).toEqual([
      { track: "t1", frame: null, revision: null },
      { track: "t1", frame: 0, revision: null },
    ]);
    expect(objectsOn(state, 0).map((object) => object.track.number)).toEqual([null]);
    expect(objectsOn(settle(state), 0).map((object) => object.track.number)).toEqual([1]);
  });

  it("gives the mask to the selected object where this frame lacks it, and to a new one where it has it", () => {
    const known = opened({ tracks: [trackRevision("t1", 1)] });
    const selected = run(known, { type: "selection", selection: { track: "t1", lasting: true } });
    expect(receivingTrack(selected)).toBe("t1");
    const accepted = run(selected, onePoint, answered(), {
      type: "prompt/accept",
      requestId: "c1",
      track: "t2",
    });
    expect(objectsOn(accepted, 0).map((object) => object.track.track)).toEqual(["t1"]);
    const again = run(accepted, { ...onePoint, requestId: "q2" }, answered("q2", [candidate(40, 20)]), {
      type: "prompt/accept",
      requestId: "c2",
      track: "t3",
    });
    expect(objectsOn(again, 0).map((object) => object.track.track)).toEqual(["t1", "t3"]);
  });

  it("selects a new object on its own frame only, so that the next frame's click does not inherit its ID", () => {
    const state = run(opened(), onePoint, answered(), {
      type: "prompt/accept",
      requestId: "c1",
      track: "t1",
    });
    expect(state.selection?.track).toBe("t1");
    expect(run(state, { type: "frame/show", frame: 1 }).selection).toBeNull();
    const chosen = run(state, { type: "selection", selection: { track: "t1", lasting: true } });
    expect(run(chosen, { type: "frame/show", frame: 1 }).selection?.track).toBe("t1");
  });

  it("takes back the last point, and ends with the first", () => {
    const two = run(opened(), onePoint, {
      type: "prompt/point",
      point: { x: 1, y: 1, label: 1 },
      requestId: "q2",
    });
    const one = run(two, { type: "prompt/back", requestId: "q3" });
    expect(one.prompt).toMatchObject({ points: [{ x: 20, y: 20 }], requestId: "q3" });
    expect(run(one, { type: "prompt/back", requestId: "q4" }).prompt).toBeNull();
  });

  it("says so when the model finds nothing or fails", () => {
    expect(run(opened(), onePoint, answered("q1", [])).prompt?.problem).toMatch("found nothing");
    const failed = run(opened(), onePoint, {
      type: "server",
      message: { type: "error", code: "engine_down", message: "The engine is starting.", request_id: "q1" },
    });
    expect(failed.prompt?.problem).toBe("The engine is starting.");
  });
});

describe("strokes", () => {
  const stroke = { kind: "stroke", frame: 0, mode: "paint", diameter: 7, path: [{ x: 10, y: 10 }] } as const;

  it("makes one commit for a whole stroke, not one per movement", () => {
    let state = run(opened(), { type: "stroke/begin", stroke: { ...stroke, track: null } });
    for (let x = 11; x < 30; x++) state = run(state, { type: "stroke/extend", point: { x, y: 10 } });
    expect(state.pending).toHaveLength(0);
    state = run(state, { type: "stroke/finish", requestId: "c1", track: "t1" });
    expect(state.pending).toHaveLength(1);
    expect(state.pending[0]?.operations.map(({ op }) => op)).toEqual(["track.create", "mask.set"]);
    expect(objectAt(state, 0, { x: 20, y: 10 })?.track.track).toBe("t1");
  });

  it("adds to and takes from the object's mask exactly", () => {
    const mask = discRle(12, 12);
    const known = opened({
      tracks: [trackRevision("t1", 1)],
      masks: [maskRevision("t1", 2, mask)],
    });
    const painted = run(
      known,
      { type: "stroke/begin", stroke: { ...stroke, track: "t1" } },
      { type: "stroke/finish", requestId: "c1", track: "unused" },
    );
    expect(objectsOn(painted, 0)[0]?.mask).toEqual(encode(union(decoded(mask), disc(10, 10))));
    expect(objectsOn(painted, 0)[0]?.origin.edited).toBe(true);
    expect(painted.pending[0]?.base).toEqual([{ track: "t1", frame: 0, revision: 2 }]);
    const erased = run(
      known,
      { type: "stroke/begin", stroke: { ...stroke, mode: "erase", track: "t1" } },
      { type: "stroke/finish", requestId: "c1", track: "unused" },
    );
    expect(objectsOn(erased, 0)[0]?.mask).toEqual(encode(difference(decoded(mask), disc(10, 10))));
  });

  it("deletes a mask that is erased to nothing: an empty mask does not exist", () => {
    const known = opened({
      tracks: [trackRevision("t1", 1)],
      masks: [maskRevision("t1", 2, discRle(10, 10, 3))],
    });
    const elsewhere = { ...known, timeline: [{ frame: 3, accepted: 1, proposals: 0 }] };
    const erase = [
      { type: "stroke/begin", stroke: { ...stroke, mode: "erase", track: "t1" } },
      { type: "stroke/finish", requestId: "c1", track: "unused" },
    ] as const;
    expect(run(elsewhere, ...erase).pending[0]?.operations).toEqual([
      { op: "mask.delete", track: "t1", frame: 0 },
    ]);
    expect(run(known, ...erase).pending[0]?.operations).toEqual([{ op: "track.delete", track: "t1" }]);
    const mask = discRle(10, 10, 3);
    const copy = {
      op: "mask.set",
      track: "t1",
      frame: 3,
      mask,
      origin: byHand,
      state: "accepted",
      order: null,
    } as const;
    const gesture = { requestId: "c0", reason: "Copy to the next frame", operations: [copy] };
    const copied = run(known, { type: "commit", gesture }, ...erase);
    expect(copied.pending[1]?.operations).toEqual([{ op: "mask.delete", track: "t1", frame: 0 }]);
  });

  it("commits nothing when the stroke changes nothing", () => {
    const known = opened({
      tracks: [trackRevision("t1", 1)],
      masks: [maskRevision("t1", 2, discRle(10, 10, 11))],
    });
    const state = run(
      known,
      { type: "stroke/begin", stroke: { ...stroke, track: "t1" } },
      { type: "stroke/finish", requestId: "c1", track: "unused" },
    );
    expect(state.pending).toHaveLength(0);
    expect(state.stroke).toBeNull();
  });

  it("touches up the candidate on offer instead of committing", () => {
    const state = run(
      opened(),
      onePoint,
      answered(),
      { type: "stroke/begin", stroke: { ...stroke, track: null } },
      { type: "stroke/finish", requestId: "c1", track: "t1" },
    );
    expect(state.pending).toHaveLength(0);
    const accepted = run(state, { type: "prompt/accept", requestId: "c2", track: "t2" });
    const [object] = objectsOn(accepted, 0);
    expect(object?.origin).toMatchObject({ model: "efficient_sam_ti", edited: true });
    expect(areaPx(decoded(object?.mask ?? discRle(0, 0)))).toBe(areaPx(union(disc(20, 20), disc(10, 10))));
  });
});

describe("proposals", () => {
  const items = [candidate(10, 10, 0.9), candidate(30, 10, 0.5), candidate(50, 10, 0.2)];
  const segmented = {
    type: "server",
    message: {
      type: "frame.segmented",
      request_id: "s1",
      frame: 0,
      model: "efficient_sam_ti",
      model_hash: "weights",
      phases: [] as (string | null)[],
      instances: items,
    },
  } as const;

  it("lets through what reaches the score and is not annotated already", () => {
    const known = opened({
      tracks: [trackRevision("t1", 1)],
      masks: [maskRevision("t1", 2, discRle(10, 11))],
    });
    const state = run(known, { type: "segment", requestId: "s1" }, segmented);
    expect(openProposals(state).map(({ index }) => index)).toEqual([1, 2]);
    const strict = run(state, { type: "proposals/score", minimum: 0.4 });
    expect(openProposals(strict).map(({ index }) => index)).toEqual([1]);
  });

  it("shows how far the model is, of the present question only", () => {
    const progress = (request_id: string) =>
      ({ type: "server", message: { type: "frame.segmenting", request_id, fraction: 0.25 } }) as const;
    const state = run(opened(), { type: "segment", requestId: "s1" }, progress("older"));
    expect(state.proposals?.progress).toBeUndefined();
    expect(run(state, progress("s1")).proposals?.progress).toBe(0.25);
  });

  it("accepts one by one or all in one commit, and is done when none is left", () => {
    const state = run(opened(), { type: "segment", requestId: "s1" }, segmented);
    const one = run(state, { type: "proposals/accept", requestId: "c1", accepted: [[1, "t1"]] });
    expect(openProposals(one).map(({ index }) => index)).toEqual([0, 2]);
    const all = run(one, {
      type: "proposals/accept",
      requestId: "c2",
      accepted: [
        [0, "t2"],
        [2, "t3"],
      ],
    });
    expect(all.proposals).toBeNull();
    expect(all.pending.map((commit) => commit.operations.length)).toEqual([2, 4]);
    expect(objectsOn(all, 0)).toHaveLength(3);
  });

  it("does not take the answer to an older request", () => {
    const state = run(opened(), { type: "segment", requestId: "s2" }, segmented);
    expect(state.proposals?.answer).toBeNull();
  });
});

describe("what the server says", () => {
  it("gives the same result in whatever order revisions arrive", () => {
    const first = changeset(1, {
      revisions: [trackRevision("t1", 1), maskRevision("t1", 2, discRle(10, 10))],
    });
    const second = changeset(2, { revisions: [maskRevision("t1", 3, null)] });
    const made = (...sets: (typeof first)[]) =>
      sets.reduce((state, each) => run(state, { type: "changeset/made", changeset: each }), opened());
    expect(objectsOn(made(first, second), 0)).toEqual([]);
    expect(objectsOn(made(second, first), 0)).toEqual([]);
    expect(objectsOn(made(first), 0)).toHaveLength(1);
  });

  it("does not let a frame that was loaded late bring a deleted mask back", () => {
    const deleted = run(opened(), {
      type: "changeset/made",
      changeset: changeset(1, { revisions: [maskRevision("t1", 9, null, { frame: 2 })] }),
    });
    const state = run(deleted, {
      type: "frame/loaded",
      state: frameState({
        head: 1,
        frame: 2,
        tracks: [trackRevision("t1", 1)],
        masks: [maskRevision("t1", 2, discRle(10, 10), { frame: 2 })],
      }),
    });
    expect(objectsOn(state, 2)).toEqual([]);
  });

  it("advances the head only without a gap, and remembers what it has heard of", () => {
    const ahead = run(opened(), { type: "changeset/made", changeset: changeset(3) });
    expect([ahead.head, ahead.serverHead]).toEqual([0, 3]);
    const filled = run(ahead, {
      type: "server",
      message: { type: "series.changes", changesets: [changeset(1), changeset(2), changeset(3)], head: 3 },
    });
    expect([filled.head, filled.serverHead]).toEqual([3, 3]);
  });

  it("asks for a frame anew when a large changeset left its pixels out", () => {
    const leftOut = { ...maskRevision("t1", 5, null), sha256: "abc" };
    const known = opened({
      tracks: [trackRevision("t1", 1)],
      masks: [maskRevision("t1", 2, discRle(10, 10))],
    });
    const state = run(known, {
      type: "changeset/made",
      changeset: changeset(1, { revisions: [leftOut] }),
    });
    expect(state.frames.get(0)?.loaded).toBe(false);
    expect(objectsOn(state, 0)).toHaveLength(1);
  });

  it("takes a new calibration", () => {
    const state = run(opened(), {
      type: "changeset/made",
      changeset: changeset(1, {
        revisions: [
          {
            kind: "calibration",
            revision: 1,
            pixel_size: 0.25,
            unit: "nm",
            frame_interval_s: null,
            source: "person",
          },
        ],
      }),
    });
    expect(state.calibration).toMatchObject({ pixel_size: 0.25, frame_interval_s: null });
  });
});

it("shows how a job ended while others go on, until the next one begins or somebody dismisses it", () => {
  const job = (id: string, state: Job["state"], kind: Job["kind"] = "segment") =>
    ({ type: "job", job: { id, state, kind } as Job }) as const;
  const ended = run(
    opened(),
    job("one", "running"),
    job("two", "running"),
    job("three", "running"),
    job("one", "failed"),
    job("two", "done"),
    job("three", "running"),
  );
  const states = (jobs: readonly Job[]) => jobs.map(({ id, state }) => `${id} ${state}`);
  expect(states(ended.jobs)).toEqual(["one failed", "two done", "three running"]);
  expect(states(run(ended, job("track", "queued", "track")).jobs)).toContain("two done");
  const next = run(ended, job("four", "queued"));
  expect(states(next.jobs)).toEqual(["one failed", "three running", "four queued"]);
  expect(states(run(next, { type: "job/dismiss", job: "one" }).jobs)).toEqual([
    "three running",
    "four queued",
  ]);
});

describe("older versions", () => {
  it("shows the version asked for, read-only, and the present after it", () => {
    const known = opened({
      tracks: [trackRevision("t1", 1)],
      masks: [maskRevision("t1", 2, discRle(10, 10))],
    });
    const past = run(
      known,
      { type: "past/open", version: 4 },
      {
        type: "past/loaded",
        state: frameState({ version: 4, head: 9 }),
      },
    );
    expect(objectsOn(past, 0)).toEqual([]);
    expect(tracksOf(past).size).toBe(0);
    expect(run(past, onePoint).prompt).toBeNull();
    expect(objectsOn(run(past, { type: "past/close" }), 0)).toHaveLength(1);
  });

  it("does not let a late answer of another version in", () => {
    const past = run(opened(), { type: "past/open", version: 5 });
    const late = run(past, {
      type: "past/loaded",
      state: frameState({ version: 4, head: 9, tracks: [trackRevision("t1", 1)] }),
    });
    expect(late).toEqual(past);
  });

  it("measures an older version with the calibration of its time", () => {
    const known = opened();
    const present = { ...known, calibration: { ...known.calibration, pixel_size: 0.25, unit: "nm" } };
    const calibration = { ...known.calibration, pixel_size: 0.5, unit: "nm" };
    const past = run(
      present,
      { type: "past/open", version: 4 },
      { type: "past/loaded", state: frameState({ version: 4, calibration }) },
    );
    expect(calibrationOf(past).pixel_size).toBe(0.5);
    expect(calibrationOf(run(past, { type: "past/close" })).pixel_size).toBe(0.25);
  });
});

it("changes nothing for somebody who may only look", () => {
  const viewer = { ...opened(), role: "viewer" as const };
  expect(run(viewer, onePoint)).toEqual(viewer);
  const stroke = {
    kind: "stroke",
    frame: 0,
    mode: "paint",
    diameter: 7,
    path: [{ x: 1, y: 1 }],
    track: null,
  } as const;
  expect(run(viewer, { type: "stroke/begin", stroke })).toEqual(viewer);
  expect(run(viewer, { type: "frame/show", frame: 2 }).frame).toBe(2);
});

it("sets the selected object's phase, or without a selection the phase of what comes next", () => {
  const known = opened({ tracks: [trackRevision("t1", 1)], masks: [maskRevision("t1", 2, discRle(10, 10))] });
  const next = run(known, { type: "phase", phase: "pore", requestId: "c1" });
  expect([next.phase, next.pending.length]).toEqual(["pore", 0]);
  const selected = run(known, { type: "selection", selection: { track: "t1", lasting: true } });
  const assigned = run(selected, { type: "phase", phase: "pore", requestId: "c1" });
  expect(tracksOf(assigned).get("t1")?.phase).toBe("pore");
  expect(run(assigned, { type: "phase", phase: "pore", requestId: "c2" }).pending).toHaveLength(1);
});

it("says whose phase is set: the selected object's until it is deleted, on other frames too", () => {
  const known = opened({ tracks: [trackRevision("t1", 1)], masks: [maskRevision("t1", 2, discRle(10, 10))] });
  expect(phaseReceiver(known)).toBeUndefined();
  const selected = run(known, { type: "selection", selection: { track: "t1", lasting: true } });
  const elsewhere = run(selected, { type: "frame/show", frame: 2 });
  expect(phaseReceiver(elsewhere)?.track).toBe("t1");
  const operations = [{ op: "track.delete" as const, track: "t1" }];
  const gesture = { requestId: "c1", reason: "Delete an object", operations };
  expect(phaseReceiver(run(elsewhere, { type: "commit", gesture }))).toBeUndefined();
});

it("finds the topmost object under a point, hidden ones left out", () => {
  const known = opened({
    tracks: [trackRevision("t1", 1), trackRevision("t2", 2)],
    masks: [
      maskRevision("t1", 3, discRle(10, 10, 15), { order: 1 }),
      maskRevision("t2", 4, discRle(10, 10, 5), { order: 2 }),
    ],
  });
  expect(objectAt(known, 0, { x: 10.5, y: 10.5 })?.track.track).toBe("t2");
  expect(objectAt(known, 0, { x: 15.5, y: 10.5 })?.track.track).toBe("t1");
  expect(objectAt(known, 0, { x: 30, y: 10 })).toBeUndefined();
  const hidden = run(known, { type: "hidden", track: "t2", hidden: true });
  expect(objectAt(hidden, 0, { x: 10.5, y: 10.5 })?.track.track).toBe("t1");
});

it("counts loaded frames as they are, pending changes included, and others as the server did", () => {
  const known = opened({
    tracks: [trackRevision("t1", 1), trackRevision("t2", 2)],
    masks: [
      maskRevision("t1", 3, discRle(10, 10)),
      maskRevision("t2", 4, discRle(30, 10), { state: "proposal" }),
    ],
  });
  const state = {
    ...known,
    timeline: [
      { frame: 4, accepted: 7, proposals: 0 },
      { frame: 0, accepted: 9, proposals: 9 },
    ],
  };
  expect([...frameCounts(state).values()]).toEqual([
    { frame: 4, accepted: 7, proposals: 0 },
    { frame: 0, accepted: 1, proposals: 1 },
  ]);
  const deleted = run(state, {
    type: "commit",
    gesture: { requestId: "c", reason: "", operations: [{ op: "mask.delete", track: "t1", frame: 0 }] },
  });
  expect(frameCounts(deleted).get(0)).toEqual({ frame: 0, accepted: 0, proposals: 1 });
});

it("keeps the frame inside the series", () => {
  expect(run(opened(), { type: "frame/show", frame: 99 }).frame).toBe(4);
  expect(run(opened(), { type: "frame/show", frame: -3 }).frame).toBe(0);
});

it("gives each object a colour of its own where the project has no phases", () => {
  expect(opened().display.colourBy).toBe("phase");
  expect(
    opened({}, 5, { project: { phases: [], role: "annotator", archived_at: null } }).display.colourBy,
  ).toBe("object");
});

it("changes nothing in the archive, keeps what the server refused there, and goes on when it is restored", () => {
  const told = (archived: boolean) =>
    ({ type: "server", message: { type: "series.archived", archived } }) as const;
  const gesture = {
    requestId: "r1",
    reason: "Draw",
    operations: [{ op: "track.create", track: "t9", phase: null, name: "" }] as const,
  };
  const drawn = run(opened(), {
    type: "commit",
    gesture: { ...gesture, operations: [...gesture.operations] },
  });
  const refused = run(drawn, told(true), {
    type: "server",
    message: { type: "error", code: "archived", message: "In the archive.", request_id: "r1" },
  });
  expect(mayEdit(refused)).toBe(false);
  expect(refused.pending.map(({ problem }) => problem?.kind)).toEqual(["refused"]);
  expect(mayEdit(run(refused, told(false)))).toBe(true);
});
