import { expect, it } from "vitest";
import { problemOf } from "../../src/ui/NumberField";

it("takes numbers within the limits, and an empty field", () => {
  for (const text of ["", "1", "10", " 4 "]) expect(problemOf(text, 1, 10, true)).toBeUndefined();
  expect(problemOf("0.5", 0.1, 1, false)).toBeUndefined();
});

it("names the limits for anything else", () => {
  expect(problemOf("11", 1, 10, true)).toBe("Give a number from 1 to 10.");
  expect(problemOf("2.5", 1, 10, true)).toBe("Give a whole number from 1 to 10.");
  expect(problemOf("ten", 1, 10, false)).toBe("Give a number from 1 to 10.");
});
