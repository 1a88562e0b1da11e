import { expect, it } from "vitest";
import type { EventRevision } from "../../../src/protocol/messages";
import { familyOf, type Reach } from "../../../src/state/annotator/family";
import type { LaneRow } from "../../../src/state/annotator/lane_rows";
import { happening, joinsOfRows, lane, track } from "../../lanes";

const WIDE: Reach = { earlier: 99, later: 99 };

function family(of: number, rows: LaneRow[], events: EventRevision[], reach = WIDE) {
  const found = familyOf(track(of), joinsOfRows(rows, events), reach);
  const generations = new Map<number, number[]>();
  for (const { track: one, generation } of found.relatives) {
    generations.set(generation, [...(generations.get(generation) ?? []), one.number ?? 0]);
  }
  return { ...found, generations: Object.fromEntries(generations) };
}

const rows = Array.from({ length: 12 }, (_, index) => lane(index + 1, 0, 9));

/** 1 + 2 → 3, 3 + 4 → 5, 5 → 6 and 7, and 8 + 9 → 10 beside it. */
const events = [
  happening("merge", 2, [1, 2], [3]),
  happening("merge", 4, [3, 4], [5]),
  happening("split", 6, [5], [6, 7]),
  happening("merge", 6, [8, 9], [10]),
];

it("has what a track came from before it, and what it became after it", () => {
  const { generations, ancestors, descendants, joins } = family(5, rows, events);
  expect(generations).toEqual({ "-2": [1, 2], "-1": [3, 4], 0: [5], 1: [6, 7] });
  expect([ancestors, descendants]).toEqual([4, 2]);
  expect(joins).toHaveLength(3);
});

it("leaves brothers and sisters out", () => {
  expect(family(6, rows, events).generations).toEqual({ "-3": [1, 2], "-2": [3, 4], "-1": [5], 0: [6] });
});

it("is the track alone where nothing joins", () => {
  expect(family(11, rows, events).relatives).toEqual([
    { track: track(11), generation: 0, place: 0, more: 0 },
  ]);
});

it("says where more would follow", () => {
  const { relatives, ancestors, joins } = family(5, rows, events, { earlier: 1, later: 0 });
  expect(relatives.map(({ track: one, more }) => [one.number, more])).toEqual([
    [3, 2],
    [4, 0],
    [5, 0],
  ]);
  expect(ancestors).toBe(4);
  expect(joins).toHaveLength(1);
});

it("keeps a parent before its child, whichever way is longest", () => {
  const shortcut = [...events, happening("contact", 5, [1], [5]), happening("merge", 4, [1, 4], [5])];
  expect(family(5, rows, shortcut).generations["-2"]).toEqual([1, 2]);
});

it("puts a track in the middle of those that lead to it, and no two at one place", () => {
  const crossed = [
    happening("merge", 8, [1, 2], [3]),
    happening("merge", 4, [11, 12], [1]),
    happening("merge", 4, [4, 5], [2]),
    happening("split", 9, [3], [6, 7, 8]),
  ];
  const { generations, relatives } = family(3, rows, crossed);
  expect(generations["-2"]).toEqual([11, 12, 4, 5]);
  const places = new Map(relatives.map(({ track: one, place }) => [one.number, place]));
  expect([11, 12, 4, 5, 1, 2, 3].map((number) => places.get(number))).toEqual([0, 1, 2, 3, 0.5, 2.5, 1.5]);
  expect([6, 7, 8].map((number) => places.get(number))).toEqual([0.5, 1.5, 2.5]);
});

it("takes hundreds of generations without delay", () => {
  const many = Array.from({ length: 2001 }, (_, index) => lane(index + 1, index, index + 1));
  const chain = Array.from({ length: 999 }, (_, index) =>
    happening("merge", index + 1, [2 * index + 1, 2 * index + 2], [2 * index + 3]),
  );
  const begin = performance.now();
  const found = family(1999, many, chain, { earlier: 3, later: 3 });
  expect(found.ancestors).toBe(1998);
  expect(found.relatives).toHaveLength(7);
  expect(performance.now() - begin).toBeLessThan(500);
});

it("does not turn in a circle where events do", () => {
  const ring = [happening("merge", 2, [1, 2], [3]), happening("merge", 2, [3, 4], [1])];
  expect(family(1, rows, ring).relatives.length).toBeGreaterThan(1);
});
