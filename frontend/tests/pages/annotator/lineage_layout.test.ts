import { expect, it } from "vitest";
import { CARD, JOIN, layoutFamily } from "../../../src/pages/annotator/lineage_layout";
import { familyOf } from "../../../src/state/annotator/family";
import { happening, joinsOfRows, lane, track } from "../../lanes";

const rows = Array.from({ length: 64 }, (_, index) => lane(index + 1, 0, 9));
const events = [happening("merge", 2, [1, 2, 3], [4]), happening("split", 4, [4], [5, 6])];

it("puts generations from left to right, and no card over another", () => {
  const layout = layoutFamily(familyOf(track(4), joinsOfRows(rows, events), { earlier: 3, later: 3 }));
  const at = new Map(layout.cards.map((card) => [card.relative.track.number, card]));
  expect(at.get(1)?.x).toBeLessThan(at.get(4)?.x ?? 0);
  expect(at.get(4)?.x).toBeLessThan(at.get(5)?.x ?? 0);
  for (const one of layout.cards) {
    expect(one.x + CARD.width).toBeLessThanOrEqual(layout.width);
    expect(one.y + CARD.height).toBeLessThanOrEqual(layout.height);
    for (const other of layout.cards) {
      if (one === other || one.x !== other.x) continue;
      expect(Math.abs(one.y - other.y)).toBeGreaterThanOrEqual(CARD.height);
    }
  }
});

it("puts a merge before its child and a split after its parent, each with a line to every relative", () => {
  const layout = layoutFamily(familyOf(track(4), joinsOfRows(rows, events), { earlier: 3, later: 3 }));
  const middle = layout.cards.find(({ relative }) => relative.generation === 0);
  const [merge, split] = layout.joins;
  expect(merge?.lines).toHaveLength(4);
  expect(split?.lines).toHaveLength(3);
  expect(merge?.x).toBeLessThan((middle?.x ?? 0) - JOIN.width / 2);
  expect(split?.x).toBeGreaterThan((middle?.x ?? 0) + CARD.width + JOIN.width / 2);
});

it("names the other parents of what a track merged into", () => {
  const layout = layoutFamily(familyOf(track(2), joinsOfRows(rows, events), { earlier: 3, later: 3 }));
  const [merge, split] = layout.joins;
  expect(merge?.others.map(({ number }) => number)).toEqual([1, 3]);
  expect(split?.others).toEqual([]);
});
