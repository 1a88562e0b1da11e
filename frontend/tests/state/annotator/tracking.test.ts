import { describe, expect, it } from "vitest";
import type { Person } from "../../../src/protocol/messages";
import type { Annotator, Tracking } from "../../../src/state/annotator/model";
import {
  continuationOf,
  framesOf,
  offersRetrack,
  retrackingOf,
  trackingOf,
  trackingText,
  whyNotTrack,
} from "../../../src/state/annotator/tracking";
import {
  byHand,
  changeset,
  discRle,
  job,
  maskRevision,
  me,
  opened,
  other,
  run,
  trackers,
  trackingRequest,
  trackRevision,
} from "../../annotator";

const tracked = { ...byHand, tracker: "overlap", confidence: 0.9 };

/** Two objects on the first of five frames, which a tracker found; masks on two later ones. */
function series(change: Partial<Tracking> = {}): Annotator {
  const state = opened({
    tracks: [trackRevision("t1", 1, { number: 1 }), trackRevision("t2", 2, { number: 2 })],
    masks: [
      maskRevision("t1", 3, discRle(10, 10), { origin: tracked }),
      maskRevision("t2", 4, discRle(30, 10), { origin: tracked }),
    ],
  });
  return run(
    { ...state, trackers },
    {
      type: "timeline/loaded",
      frames: [
        { frame: 0, accepted: 2, proposals: 0 },
        { frame: 2, accepted: 1, proposals: 4 },
        { frame: 4, accepted: 2, proposals: 0 },
      ],
    },
    { type: "tracking", change },
  );
}

const choose = (track: string) => ({ type: "selection", selection: { track, lasting: true } }) as const;

const paint = {
  type: "commit",
  gesture: {
    requestId: "c1",
    reason: "Paint a mask",
    operations: [
      {
        op: "mask.set",
        track: "t1",
        frame: 0,
        mask: discRle(20, 20),
        origin: byHand,
        state: "accepted",
        order: null,
      },
    ],
  },
} as const;

describe("a tracking", () => {
  it("follows everything to the end with the usual tracker, unless somebody chooses otherwise", () => {
    expect(trackingOf(series())).toEqual({
      model: "efficient_sam_ti",
      version: null,
      parameters: {},
      tracker: "overlap",
      frames: { start: 0, end: 4 },
      tracks: null,
      new_objects: true,
    });
    expect(trackingOf(series({ what: "frame", where: "frame", to: 2 }))).toMatchObject({
      frames: { start: 0, end: 2 },
      tracks: null,
      new_objects: false,
    });
    const backward = { ...series({ where: "beginning" }), frame: 3 };
    expect(trackingOf(backward)?.frames).toEqual({ start: 3, end: 0 });
  });

  it("of the selected objects names those that are on the frame", () => {
    const state = run(series({ what: "selected" }), choose("t1"), { type: "mark", track: "t2" });
    expect(trackingOf(state)).toMatchObject({ tracks: ["t1", "t2"], new_objects: false });
    expect(whyNotTrack({ ...state, frame: 1 })).toContain("None of the selected objects");
  });

  it("never uses a tracker that cannot run", () => {
    expect(trackingOf(series({ tracker: "deaot_l" }))?.tracker).toBe("overlap");
    expect(trackingOf({ ...series(), trackers: trackers.slice(1) })).toBeNull();
  });

  it("cannot start where it would end, nor without anything to follow", () => {
    expect(whyNotTrack(series({ where: "beginning" }))).toContain("Frame 1 is where it would start and end");
    expect(whyNotTrack({ ...series({ what: "frame" }), frame: 1 })).toContain("no objects to follow");
    expect(whyNotTrack({ ...series(), frame: 1 })).toBeNull();
  });

  it("is told in words, with the accepted masks that are kept", () => {
    expect(trackingText(series())).toBe(
      "Follows the 2 objects of frame 1 and what appears, forward to frame 5 (4 frames). " +
        "3 accepted masks on the way are kept. 4 proposals there are replaced.",
    );
    expect(trackingText(series({ where: "frame", to: 1 }))).toMatch(/\(1 frame\)\.$/);
    const selected = run(series({ what: "selected" }), choose("t2"));
    expect(trackingText(selected)).toMatch(/^Follows #2 from frame 1, forward to frame 5/);
    expect(trackingText({ ...series({ where: "frame", to: 2 }), frame: 3 })).toMatch(
      /^Finds the objects of frame 4 and follows them, with what appears later, backward to frame 3/,
    );
  });
});

describe("after a correction", () => {
  it("on what was tracked, following it anew is offered there, until it is done, undone or declined", () => {
    const corrected = run(series(), paint);
    expect(offersRetrack(corrected)).toBe(true);
    expect(offersRetrack(run(corrected, { type: "frame/show", frame: 1 }))).toBe(false);
    expect(offersRetrack(run(corrected, { type: "undo", requestId: "u1" }))).toBe(false);
    expect(offersRetrack(run(corrected, { type: "retrack/dismiss" }))).toBe(false);
    const started = { type: "tracking/started", request: trackingRequest() } as const;
    expect(offersRetrack(run(corrected, started))).toBe(false);
  });

  it("of what nobody tracked nothing is offered", () => {
    const drawn = opened({
      tracks: [trackRevision("t1", 1)],
      masks: [maskRevision("t1", 3, discRle(10, 10))],
    });
    expect(offersRetrack(run(drawn, paint))).toBe(false);
  });

  it("accepting a proposal is none", () => {
    const proposal = maskRevision("t1", 9, discRle(10, 10), { origin: tracked, state: "proposal" });
    const state = run(
      series(),
      { type: "changeset/made", changeset: changeset(1, { revisions: [proposal] }) },
      { type: "review/accept", tracks: ["t1"], requestId: "c1" },
    );
    expect(state.pending).toHaveLength(1);
    expect(offersRetrack(state)).toBe(false);
  });

  it("the last tracking goes forward from the frame in sight, with what was corrected", () => {
    const request = trackingRequest({ frames: { start: 3, end: 0 }, tracks: ["t1", "gone"] });
    const state = run(series(), { type: "tracking/started", request }, choose("t2"));
    expect(retrackingOf(state)).toEqual({
      ...request,
      frames: { start: 0, end: 4 },
      tracks: ["t1", "t2"],
    });
    expect(retrackingOf({ ...state, frame: 4 })).toBeNull();
    const short = trackingRequest({ frames: { start: 0, end: 2 } });
    const shorter = run(series(), { type: "tracking/started", request: short });
    expect(retrackingOf(shorter)?.frames).toEqual({ start: 0, end: 2 });
    expect(retrackingOf(series({ what: "frame" }))).toMatchObject({ new_objects: true, tracker: "overlap" });
  });
});

const wrote = (version: number, frame: number) =>
  ({
    type: "changeset/made",
    changeset: changeset(version, {
      job: "j1",
      revisions: [maskRevision("t1", 10 + version, discRle(10, 10), { frame })],
    }),
  }) as const;

it("goes on, after a failure, from the frame that was written last, as whoever asked for it", () => {
  const request = trackingRequest({ tracker: "deaot_l" });
  const failed = job({ kind: "track", state: "failed", parameters: request });
  expect(continuationOf(series(), failed)).toBeNull();
  const written = run(series(), wrote(1, 1), wrote(2, 2));
  expect(written.written.get("j1")).toEqual({ first: 1, last: 2, newest: 2 });
  expect(continuationOf(written, failed)).toEqual({ ...request, frames: { start: 2, end: 4 } });
  expect(continuationOf(written, { ...failed, id: "another" })).toBeNull();
  const there = trackingRequest({ frames: { start: 0, end: 2 } });
  expect(continuationOf(written, { ...failed, parameters: there })).toBeNull();
});

it("knows all frames of a job, also those that it wrote before the page was opened", () => {
  const done = job({
    kind: "track",
    state: "done",
    parameters: trackingRequest({ frames: { start: 3, end: 1 } }),
  });
  expect(framesOf(series(), done)).toBeNull();
  expect(framesOf(series(), { ...done, result: { masks: 7 } })).toEqual({ first: 1, last: 3 });
  expect(framesOf(run(series(), wrote(1, 2)), done)).toEqual({ first: 1, last: 3 });
});

it("remembers, after a reload, what this person asked for last", () => {
  const asked = (id: string, created_by: Person, tracker: string) =>
    job({ id, kind: "track", state: "done", created_by, parameters: trackingRequest({ tracker }) });
  const jobs = [asked("j3", other, "deaot_l"), asked("j2", me, "deaot_t"), asked("j1", me, "overlap")];
  const state = opened({}, 5, { jobs });
  expect(state.lastTracking).toMatchObject({ tracker: "deaot_t" });
  expect(retrackingOf(state)).toMatchObject({ tracker: "deaot_t", frames: { start: 0, end: 4 } });
  expect(state.jobs).toEqual([]);
});
