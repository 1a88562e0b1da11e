import { describe, expect, it } from "vitest";
import {
  afterCollision,
  changeId,
  chosenTracks,
  confirmEvent,
  cut,
  endHere,
  eventsInSight,
  eventText,
  eventWhen,
  exchange,
  join,
  livingEvents,
  markMerge,
  markSplit,
  mayExchange,
  undoEvent,
  waysBack,
} from "../../../src/state/annotator/lineage";
import type { Annotator } from "../../../src/state/annotator/model";
import { discRle, eventRevision, maskRevision, opened, run, trackRevision } from "../../annotator";

/** Objects 4 and 7 on the first two frames, 12 on the second and the third; the second is in sight. */
function series(frame = 1): Annotator {
  const masks = [
    maskRevision("t4", 11, discRle(10, 10), { frame: 0, area_px: 20 }),
    maskRevision("t7", 12, discRle(30, 10), { frame: 0, area_px: 50 }),
    maskRevision("t4", 13, discRle(10, 10), { frame: 1 }),
    maskRevision("t7", 14, discRle(30, 10), { frame: 1 }),
    maskRevision("t12", 15, discRle(20, 10), { frame: 1 }),
    maskRevision("t12", 16, discRle(20, 10), { frame: 2 }),
  ];
  const tracks = [4, 7, 12].map((number) => trackRevision(`t${number}`, number, { number }));
  const state = [0, 1, 2].reduce(
    (next, at) =>
      run(next, {
        type: "frame/loaded",
        state: {
          version: 0,
          head: 0,
          frame: at,
          tracks,
          events: [],
          masks: masks.filter((mask) => mask.frame === at),
          calibration: next.calibration,
        },
      }),
    opened(),
  );
  return { ...state, frame };
}

const withEvent = (values = {}) =>
  run(series(), {
    type: "changeset/made",
    changeset: {
      version: 1,
      request_id: null,
      author: { id: 2, name: "Bob" },
      created_at: "",
      reason: "",
      job: null,
      revisions: [eventRevision("m", 30, { parents: ["t4", "t7"], children: ["t12"], ...values })],
    },
  });

const mark = (track: string) => ({ type: "mark", track }) as const;
const choose = (track: string) => ({ type: "selection", selection: { track, lasting: true } }) as const;

describe("objects that are meant", () => {
  it("are the selected one, and with each mark one more or one less", () => {
    let state = run(series(), choose("t4"));
    expect(chosenTracks(state)).toEqual(["t4"]);
    state = run(state, mark("t7"), mark("t12"));
    expect(chosenTracks(state)).toEqual(["t4", "t7", "t12"]);
    expect(state.selection?.track).toBe("t12");
    state = run(state, mark("t12"));
    expect(chosenTracks(state)).toEqual(["t4", "t7"]);
    state = run(state, mark("t7"), mark("t4"));
    expect([chosenTracks(state), state.selection]).toEqual([[], null]);
  });

  it("last from frame to frame, and end with the choice of another object", () => {
    const state = run(series(), choose("t4"), mark("t7"), { type: "frame/show", frame: 2 });
    expect(chosenTracks(state)).toEqual(["t4", "t7"]);
    expect(chosenTracks(run(state, choose("t7")))).toEqual(["t7"]);
    expect(chosenTracks(run(state, { type: "selection", selection: null }))).toEqual([]);
  });

  it("leave out tracks that were deleted", () => {
    const state = run(series(), choose("t4"), mark("t7"));
    const gone = {
      ...state,
      tracks: new Map(state.tracks).set("t7", trackRevision("t7", 99, { deleted: true })),
    };
    expect(chosenTracks(gone)).toEqual(["t4"]);
  });
});

describe("events", () => {
  it("are told in words", () => {
    const [event] = livingEvents(withEvent({ first_frame: 29, last_frame: 30, confidence: 0.92 }));
    if (event === undefined) throw new Error("no event");
    expect(eventText(series(), event)).toBe("#4 and #7 → #12");
    expect(eventWhen(event)).toBe("between frames 30 and 31, 92 %");
    expect(eventText(series(), { what: "exit", parents: ["t4"], children: [] })).toBe("#4 leaves the image");
  });

  it("are none once too few of their tracks are left, or they are deleted", () => {
    const state = withEvent();
    const gone = {
      ...state,
      tracks: new Map(state.tracks).set("t7", trackRevision("t7", 99, { deleted: true })),
    };
    expect([livingEvents(state).length, livingEvents(gone).length]).toEqual([1, 0]);
    expect(livingEvents(withEvent({ deleted: true }))).toEqual([]);
  });

  it("in sight are those next to the frame and those of the chosen object", () => {
    const far = { ...withEvent({ first_frame: 3, last_frame: 4 }), frame: 1 };
    expect(eventsInSight(far)).toEqual([]);
    expect(eventsInSight(run(far, choose("t7")))).toHaveLength(1);
    expect(eventsInSight({ ...far, frame: 2 })).toHaveLength(1);
  });

  it("are confirmed as they are, without tracks that are gone", () => {
    const [event] = livingEvents(withEvent({ parents: ["t4", "gone", "t7"], state: "proposal" }));
    if (event === undefined) throw new Error("no event");
    expect(confirmEvent(event).steps).toEqual([
      expect.objectContaining({ op: "event.set", event: "m", parents: ["t4", "t7"], state: "accepted" }),
    ]);
  });

  it("are undone into the largest parent first", () => {
    const state = withEvent({ first_frame: 0, last_frame: 1 });
    const [event] = livingEvents(state);
    if (event === undefined) throw new Error("no event");
    expect(waysBack(state, event)).toEqual([
      { track: "t12", to: "t7" },
      { track: "t12", to: "t4" },
    ]);
    expect(undoEvent(event, "t12", "t7").steps).toEqual([
      { op: "event.delete", event: "m" },
      {
        op: "tracks.reassign",
        moves: [{ track: "t12", to: "t7" }],
        first_frame: 1,
        last_frame: null,
        collision: "refuse",
      },
    ]);
  });
});

describe("corrections", () => {
  it("change an ID from this frame on, or on it alone, and then select the other", () => {
    expect(changeId(series(), "t4", "t7", false)).toEqual({
      reason: "Change #4 to #7 from frame 2 on",
      steps: [
        {
          op: "tracks.reassign",
          moves: [{ track: "t4", to: "t7" }],
          first_frame: 1,
          last_frame: null,
          collision: "refuse",
        },
      ],
      select: "t7",
    });
    expect(changeId(series(), "t4", "t7", true)).toMatchObject({
      reason: "Change #4 to #7 on frame 2",
      steps: [{ first_frame: 1, last_frame: 1 }],
    });
  });

  it("cut an object into a new one of the same phase, or of another", () => {
    expect(cut(series(), "t4", "n")).toMatchObject({
      reason: "Cut #4 from frame 2 on",
      steps: [
        { op: "track.create", track: "n", phase: "gold" },
        { moves: [{ track: "t4", to: "n" }], first_frame: 1, last_frame: null },
      ],
      select: "n",
    });
    expect(cut(series(), "t4", "n", { phase: "pore" })).toMatchObject({
      reason: "Set the phase of #4 from frame 2 on",
      steps: [{ phase: "pore" }, {}],
    });
  });

  it("join objects into the one with the lowest number", () => {
    expect(join(series(), ["t12", "t4", "t7"])).toMatchObject({
      reason: "Join #4, #7 and #12",
      steps: [
        {
          moves: [
            { track: "t7", to: "t4" },
            { track: "t12", to: "t4" },
          ],
          first_frame: 0,
          collision: "join",
        },
      ],
      select: "t4",
    });
    expect(join(series(), ["t4"])).toBeNull();
  });

  it("exchange two objects, and answer a collision so", () => {
    expect(exchange(series(), "t4", "t7").steps).toEqual(
      afterCollision(changeId(series(), "t4", "t7", false).steps, "exchange"),
    );
    expect(afterCollision(changeId(series(), "t4", "t7", false).steps, "join")).toMatchObject([
      { collision: "join" },
    ]);
    expect(mayExchange(changeId(series(), "t4", "t7", false).steps)).toBe(true);
    expect(mayExchange(cut(series(), "t4", "n").steps)).toBe(false);
  });

  it("end an object after this frame, if there are any", () => {
    expect(endHere(series(), "t4")?.steps).toEqual([
      { op: "masks.delete", track: "t4", first_frame: 2, last_frame: null },
    ]);
    expect(endHere(series(4), "t4")).toBeNull();
  });

  it("mark a merge into an object that begins here", () => {
    const state = series();
    const ended = {
      ...state,
      frames: new Map(state.frames).set(1, {
        loaded: true,
        masks: new Map([...(state.frames.get(1)?.masks ?? [])].filter(([track]) => track === "t12")),
      }),
    };
    const plan = markMerge(ended, { parents: ["t4", "t7"], child: "t12", newTrack: "n", event: "e" });
    expect(plan.steps).toEqual([
      {
        op: "event.set",
        event: "e",
        what: "merge",
        first_frame: 0,
        last_frame: 1,
        parents: ["t4", "t7"],
        children: ["t12"],
        confidence: null,
        state: "accepted",
      },
    ]);
  });

  it("mark a merge into one of the parents: it goes on as a new object, with what the other has from here on", () => {
    const plan = markMerge(series(), { parents: ["t4", "t7"], child: "t4", newTrack: "n", event: "e" });
    expect(plan.steps).toMatchObject([
      { op: "track.create", track: "n", phase: "gold" },
      {
        op: "tracks.reassign",
        moves: [
          { track: "t4", to: "n" },
          { track: "t7", to: "n" },
        ],
        first_frame: 1,
        collision: "join",
      },
      { op: "event.set", parents: ["t4", "t7"], children: ["n"] },
    ]);
    expect(plan.select).toBe("n");
  });

  it("mark a split: children that were there before are cut", () => {
    const plan = markSplit(series(), {
      parent: "t4",
      children: ["t4", "t12"],
      newTracks: new Map([["t4", "n"]]),
      event: "e",
    });
    expect(plan.steps).toMatchObject([
      { op: "track.create", track: "n" },
      { op: "tracks.reassign", moves: [{ track: "t4", to: "n" }], first_frame: 1, collision: "refuse" },
      { op: "event.set", what: "split", parents: ["t4"], children: ["n", "t12"] },
    ]);
  });
});
