import { expect, it } from "vitest";
import type { MaskRevision } from "../../../src/protocol/messages";
import type { LaneRun } from "../../../src/protocol/rest";
import {
  askedForLanes,
  confidenceLevel,
  loadedLanes,
  NO_LANES,
  withChangeset,
  withMasks,
} from "../../../src/state/annotator/lanes";
import type { Lanes } from "../../../src/state/annotator/model";
import { byHand, changeset, discRle, maskRevision, opened, run, trackRevision } from "../../annotator";
import { random } from "../../random";

const mask = discRle(10, 10);
let revision = 0;

function masked(track: string, frame: number, confidence: number | null = null): MaskRevision {
  const origin = { ...byHand, confidence };
  return maskRevision(track, ++revision, mask, { frame, state: "proposal", origin });
}

function unmasked(track: string, frame: number): MaskRevision {
  return maskRevision(track, ++revision, null, { frame });
}

function runs(...parts: [first: number, last: number, confidence?: number | null][]): LaneRun[] {
  return parts.map(([first, last, confidence = null]) => ({ first, last, state: "proposal", confidence }));
}

const lanes = (values: Partial<Lanes> = {}): Lanes => ({ ...NO_LANES, version: 4, ...values });
const answer = (version: number, a: LaneRun[]) => ({
  version,
  tracks: [{ track: "a", number: 1, phase: null, name: "", runs: a }],
  events: [],
});

it("lets a run grow frame by frame, and keeps its least confidence", () => {
  let known = withMasks(new Map(), [masked("a", 3, 0.95)]);
  known = withMasks(known, [masked("a", 4, 0.85)]);
  known = withMasks(known, [masked("a", 2, 0.9)]);
  expect(known.get("a")).toEqual(runs([2, 4, 0.85]));
});

it("begins a new run where the confidence passes a level, the state changes or a frame is missing", () => {
  const known = withMasks(new Map(), [
    masked("a", 0, 0.8),
    masked("a", 1, 0.79),
    masked("a", 2, 0.49),
    masked("a", 4, 0.49),
    masked("a", 5),
    { ...masked("a", 6), state: "accepted" },
  ]);
  expect(known.get("a")?.map(({ first, last }) => [first, last])).toEqual([
    [0, 0],
    [1, 1],
    [2, 2],
    [4, 4],
    [5, 5],
    [6, 6],
  ]);
});

it("cuts a run where a mask is deleted, and forgets a track without any", () => {
  const known = new Map([["a", runs([0, 9])]]);
  expect(withMasks(known, [unmasked("a", 4)]).get("a")).toEqual(runs([0, 3], [5, 9]));
  expect(withMasks(known, [unmasked("a", 0), unmasked("a", 9)]).get("a")).toEqual(runs([1, 8]));
  expect(withMasks(new Map([["a", runs([3, 3])]]), [unmasked("a", 3)]).has("a")).toBe(false);
});

it("joins two runs when the gap between them closes", () => {
  expect(withMasks(new Map([["a", runs([0, 3], [5, 9])]]), [masked("a", 4)]).get("a")).toEqual(runs([0, 9]));
});

it("takes the newest of several revisions of one mask", () => {
  const [older, newer] = [masked("a", 4), unmasked("a", 4)];
  expect(withMasks(new Map([["a", runs([3, 3])]]), [newer, older]).get("a")).toEqual(runs([3, 3]));
});

it("counts masks whose pixels a large changeset leaves out", () => {
  expect(withMasks(new Map(), [{ ...masked("a", 1), mask: null }]).get("a")).toEqual(runs([1, 1]));
});

it("agrees with runs that are made anew, whatever comes in whatever portions", () => {
  const next = random(7);
  const cells = new Map<number, MaskRevision>();
  let known: ReadonlyMap<string, readonly LaneRun[]> = new Map();
  for (let round = 0; round < 400; round++) {
    const portion = Array.from({ length: 1 + Math.floor(next() * 6) }, () => {
      const frame = Math.floor(next() * 24);
      return next() < 0.3
        ? unmasked("a", frame)
        : masked("a", frame, [null, 0.6, 0.9][Math.floor(next() * 3)]);
    });
    for (const one of portion) cells.set(one.frame, one);
    known = withMasks(known, portion);
    const anew = withMasks(new Map(), [...cells.values()]);
    const spans = (list: readonly LaneRun[] | undefined) =>
      list?.map(({ first, last, confidence }) => [first, last, confidenceLevel(confidence)]);
    expect(spans(known.get("a"))).toEqual(spans(anew.get("a")));
  }
});

it("follows changesets in their order, and leaves out what it has", () => {
  const before = lanes({ runs: new Map([["a", runs([0, 4])]]) });
  const late = withChangeset(before, changeset(6, { revisions: [masked("a", 6)] }), new Map());
  expect(late).toBe(before); // it is sent again after the one that is missing
  const next = withChangeset(before, changeset(5, { revisions: [masked("a", 5)] }), new Map());
  expect(next.runs.get("a")).toEqual(runs([0, 5]));
  expect(withChangeset(next, changeset(5, { revisions: [unmasked("a", 5)] }), new Map())).toBe(next);
});

it("makes up for changesets that came while the server was asked", () => {
  let asked = askedForLanes(NO_LANES);
  for (const version of [5, 6, 7]) {
    asked = withChangeset(asked, changeset(version, { revisions: [masked("a", version)] }), new Map());
  }
  const loaded = loadedLanes(asked, answer(6, runs([5, 6])));
  expect(loaded.runs.get("a")).toEqual(runs([5, 7]));
  expect(loaded.version).toBe(7);
});

it("asks anew when a deleted track comes back whose runs it was never told", () => {
  const tracks = new Map([["b", trackRevision("b", 1, { deleted: true })]]);
  const revisions = [trackRevision("b", 2)];
  expect(withChangeset(lanes(), changeset(5, { revisions }), tracks).version).toBe(-1);
  const known = lanes({ runs: new Map([["b", runs([0, 1])]]) });
  expect(withChangeset(known, changeset(5, { revisions }), tracks).version).toBe(5);
});

it("stays with the head of the annotator's state", () => {
  let state = run(
    opened({ version: 4, head: 4 }),
    { type: "lanes/asked" },
    { type: "lanes/loaded", lanes: answer(4, runs([0, 0])) },
  );
  const commit = changeset(5, { revisions: [masked("a", 1)] });
  state = run(state, { type: "server", message: { type: "changeset.committed", changeset: commit } });
  expect([state.head, state.lanes.version]).toEqual([5, 5]);
  expect(state.lanes.runs.get("a")).toEqual(runs([0, 1]));
  state = run(state, { type: "server", message: { type: "series.changes", changesets: [], head: 9 } });
  expect([state.head, state.lanes.version]).toEqual([9, 9]);
});

it("takes 800 masks on one frame of 5,000 tracks in less than 5 ms", () => {
  const many = new Map(
    Array.from({ length: 5000 }, (_, index) => [`track${index}`, runs([0, 400, 0.9], [410, 499, 0.6])]),
  );
  const masks = Array.from({ length: 800 }, (_, index) => masked(`track${index * 6}`, 500, 0.95));
  let known = lanes({ runs: many });
  const times = Array.from({ length: 25 }, (_, round) => {
    const revisions = masks.map((one) => ({ ...one, frame: 500 + round }));
    const begin = performance.now();
    known = withChangeset(known, changeset(5 + round, { revisions }), new Map());
    return performance.now() - begin;
  });
  expect(known.runs.get("track0")).toEqual(runs([0, 400, 0.9], [410, 499, 0.6], [500, 524, 0.95]));
  expect(Math.min(...times)).toBeLessThan(5); // the machine does other things, too
});
