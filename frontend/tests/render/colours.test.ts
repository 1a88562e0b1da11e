import { expect, it } from "vitest";
import { colourOf, colourOfPhase, NO_PHASE, parseColour } from "../../src/render/colours";
import { gold, trackRevision } from "../annotator";

it("shows a phase in its colour, and objects without one in grey", () => {
  expect(colourOfPhase("gold", [gold])).toEqual([0xe0, 0xa0, 0x30]);
  expect(colourOfPhase(null, [gold])).toEqual(NO_PHASE);
  expect(parseColour("red; drop table")).toEqual(NO_PHASE);
});

it("gives neighbouring numbers colours that are told apart and seen on dark images", () => {
  const colours = Array.from({ length: 60 }, (_, number) =>
    colourOf(trackRevision("t", 1, { number }), [gold], "object"),
  );
  colours.forEach((colour, index) => {
    expect(Math.max(...colour)).toBeGreaterThan(120);
    const next = colours[index + 1];
    if (next === undefined) return;
    const gap = colour.reduce((sum, channel, at) => sum + Math.abs(channel - (next[at] ?? 0)), 0);
    expect(gap).toBeGreaterThan(80);
  });
});
