import { expect, it } from "vitest";
import type { EventRevision } from "../../../src/protocol/messages";
import {
  EVERY_LANE,
  type LaneChoice,
  type LaneRow,
  laneRows,
  runAt,
} from "../../../src/state/annotator/lane_rows";
import { happening, joinsOfRows, lane, laneRun } from "../../lanes";

function numbers(rows: LaneRow[], events: EventRevision[], choice: Partial<LaneChoice> = {}) {
  const tracks = new Map(rows.map(({ track }) => [track.track, track]));
  const runs = new Map(rows.map((row) => [row.track.track, row.runs]));
  const name = (phase: string | null) => (phase === "gold" ? "Au particle" : "Pore");
  const shown = laneRows(tracks, runs, joinsOfRows(rows, events), { ...EVERY_LANE, ...choice }, name);
  return shown.map(({ track }) => track.number);
}

const three = [lane(3, 0, 9), lane(1, 5, 9), lane(2, 2, 9)];

it("sorts by number or by first frame", () => {
  expect(numbers(three, [], { sort: "number" })).toEqual([1, 2, 3]);
  expect(numbers(three, [], { sort: "first" })).toEqual([3, 2, 1]);
});

it("leaves deleted tracks out", () => {
  expect(numbers([lane(1, 0, 1), lane(2, 0, 1, { deleted: true })], [])).toEqual([1]);
});

it("puts a merged track between its parents, and families one after the other", () => {
  const rows = [lane(1, 0, 4), lane(2, 0, 9), lane(3, 0, 4), lane(4, 5, 9)];
  expect(numbers(rows, [happening("merge", 5, [1, 3], [4])])).toEqual([1, 4, 3, 2]);
});

it("keeps a chain of merges next to each other", () => {
  const rows = [lane(1, 0, 2), lane(2, 0, 2), lane(3, 0, 5), lane(4, 3, 5), lane(5, 6, 9)];
  const events = [happening("merge", 3, [1, 2], [4]), happening("merge", 6, [3, 4], [5])];
  expect(numbers(rows, events)).toEqual([3, 5, 1, 4, 2]);
});

it("puts a split track between its children", () => {
  const rows = [lane(1, 0, 4), lane(2, 5, 9), lane(3, 5, 9)];
  expect(numbers(rows, [happening("split", 5, [1], [2, 3])])).toEqual([2, 1, 3]);
});

it("shows each track once, whatever joins whatever", () => {
  const rows = Array.from({ length: 3000 }, (_, index) => lane(index + 1, index, index + 1));
  const events = rows
    .slice(2)
    .map((_, index) => happening("merge", index + 2, [index + 1, index + 2], [index + 3]));
  const shown = numbers(rows, events);
  expect(new Set(shown).size).toBe(3000);
  expect(shown).toHaveLength(3000);
});

it("finds tracks by their number, their name or their phase", () => {
  const rows = [lane(1, 0, 1, { name: "Reference" }), lane(11, 0, 1), lane(2, 0, 1, { phase: "pore" })];
  expect(numbers(rows, [], { text: "1" })).toEqual([1]);
  expect(numbers(rows, [], { text: " #11" })).toEqual([11]);
  expect(numbers(rows, [], { text: "refer" })).toEqual([1]);
  expect(numbers(rows, [], { text: "pore" })).toEqual([2]);
  expect(numbers(rows, [], { phase: "pore" })).toEqual([2]);
});

it("shows only what merges or splits, or what nobody has accepted", () => {
  const open = { ...lane(4, 0, 9), runs: [laneRun(0, 9, { state: "proposal" })] };
  const rows = [lane(1, 0, 4), lane(2, 0, 4), lane(3, 5, 9), open, lane(5, 0, 9)];
  const merge = happening("merge", 5, [1, 2], [3]);
  expect(numbers(rows, [merge], { kind: "joined", sort: "number" })).toEqual([1, 2, 3]);
  expect(numbers(rows, [merge], { kind: "proposed", sort: "number" })).toEqual([4]);
  const unsure = { ...merge, state: "proposal" as const };
  expect(numbers(rows, [unsure], { kind: "proposed", sort: "number" })).toEqual([1, 2, 3, 4]);
});

it("leaves a merge with one parent and a split with one child out", () => {
  const rows = [lane(1, 0, 4), lane(2, 0, 4, { deleted: true }), lane(3, 5, 9)];
  const merge = happening("merge", 5, [1, 2], [3]);
  const split = happening("split", 5, [1], [2, 3]);
  expect(joinsOfRows(rows, [merge, split]).all).toEqual([]);
  expect(joinsOfRows(rows, [{ ...merge, parents: ["t1", "t3"], deleted: true }]).all).toEqual([]);
});

it("knows in which run a frame lies", () => {
  const row = { ...lane(1, 0, 0), runs: [laneRun(2, 4), laneRun(7, 7), laneRun(8, 20)] };
  const found = [1, 2, 4, 5, 7, 8, 20, 21].map((frame) => runAt(row, frame)?.first);
  expect(found).toEqual([undefined, 2, 2, undefined, 7, 8, 8, undefined]);
});
