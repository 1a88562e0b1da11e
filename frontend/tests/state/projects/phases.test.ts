import { expect, it } from "vitest";
import { freeKey, nextColour, PALETTE } from "../../../src/state/projects/phases";

it("gives each new phase a colour that none has, as long as there are any", () => {
  const phases: { colour: string }[] = [];
  for (const _ of PALETTE) phases.push({ colour: nextColour(phases) });
  expect(new Set(phases.map((phase) => phase.colour)).size).toBe(PALETTE.length);
  expect(PALETTE).toContain(nextColour(phases));
});

it("knows a taken colour however it is written", () => {
  expect(nextColour([{ colour: PALETTE[0].toUpperCase() }])).toBe(PALETTE[1]);
});

it("gives the lowest free key, and none when all nine are taken", () => {
  expect(freeKey([{ key: "1" }, { key: "3" }, { key: "" }])).toBe("2");
  expect(freeKey([..."123456789"].map((key) => ({ key })))).toBe("");
});
