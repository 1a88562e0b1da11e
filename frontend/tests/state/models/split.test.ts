import { describe, expect, it } from "vitest";
import { frameRanges, spread, stretchesOf, strips } from "../../../src/state/models/split";

describe("the strips of a split", () => {
  const preview = {
    training: [{ series: "a", frames: [0, 1, 2, 7] }],
    validation: [
      { series: "a", frames: [4, 5] },
      { series: "b", frames: [0] },
    ],
    unused: [{ series: "a", frames: [3, 6] }],
    masks: 40,
    problems: [],
    can_start: true,
  };

  it("join neighbouring frames of one use, and show what is not annotated", () => {
    const [first, second] = strips(preview, [
      { id: "a", frames: 10 },
      { id: "b", frames: 1 },
    ]);
    expect(first?.stretches).toEqual([
      { from: 0, to: 2, use: "training" },
      { from: 3, to: 3, use: "unused" },
      { from: 4, to: 5, use: "validation" },
      { from: 6, to: 6, use: "unused" },
      { from: 7, to: 7, use: "training" },
      { from: 8, to: 9, use: "none" },
    ]);
    expect(first?.counts).toEqual({ training: 4, validation: 2, unused: 2 });
    expect(second?.stretches).toEqual([{ from: 0, to: 0, use: "validation" }]);
  });

  it("cover every frame once", () => {
    const stretches = stretchesOf(new Map([[3, "training"]]), 7);
    expect(stretches.reduce((sum, { from, to }) => sum + to - from + 1, 0)).toBe(7);
  });
});

describe("frames chosen evenly", () => {
  it("include the first and the last", () => {
    expect(spread([0, 5, 6, 7, 8, 9, 30], 3)).toEqual([0, 7, 30]);
  });
  it("are all of them where there are fewer", () => expect(spread([2, 4], 8)).toEqual([2, 4]));
  it("can be one", () => expect(spread([2, 4, 6], 1)).toEqual([2]));
});

it("names frames as people count them", () => {
  expect(frameRanges([4, 0, 1, 2, 9])).toBe("1–3, 5, 10");
  expect(frameRanges([])).toBe("");
});
