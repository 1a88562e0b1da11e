import { expect, it } from "vitest";
import { confusedWith, distance } from "../../../src/state/projects/colour_vision";
import { alike, nextColour, PALETTE } from "../../../src/state/projects/phases";

it("measures black and white as 1, equal colours as 0, and either way round the same", () => {
  expect(distance("#000000", "#ffffff", "usual")).toBeCloseTo(1, 4);
  expect(distance("#56b4e9", "#56b4e9", "protanopia")).toBe(0);
  expect(distance("#112233", "#445566", "tritanopia")).toBe(distance("#445566", "#112233", "tritanopia"));
});

it("knows red and green, blue and green, and shades of one colour as confusable", () => {
  expect(confusedWith("#d62728", "#2ca02c")).toBe("deuteranopia");
  expect(confusedWith("#56b4e9", "#2fbf8f")).toBeDefined();
  expect(confusedWith("#e8a33d", "#e69f00")).toBe("usual");
  expect(confusedWith("#e69f00", "#56b4e9")).toBeUndefined();
});

it("offers nine colours that nobody confuses", () => {
  expect(PALETTE).toHaveLength(9);
  expect(alike(PALETTE.map((colour) => ({ colour })))).toEqual([]);
});

it("gives a new phase a colour that is not confused with those of the others", () => {
  // Bluish as the palette's first, which is passed over.
  expect(nextColour([{ colour: "#5ab0e6" }])).toBe("#e69f00");
});
