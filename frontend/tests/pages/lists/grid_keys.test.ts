import { expect, it } from "vitest";
import { nextCard } from "../../../src/pages/lists/grid_keys";

it("moves along rows and columns and stays at the edges", () => {
  // Three columns: 0 1 2 / 3 4 5 / 6 7
  const from = (present: number) => (key: string) => nextCard(key, present, 3, 8);
  expect(from(4)("ArrowRight")).toBe(5);
  expect(from(5)("ArrowRight")).toBe(6);
  expect(from(4)("ArrowUp")).toBe(1);
  expect(from(4)("ArrowDown")).toBe(7);
  expect(from(5)("ArrowDown")).toBe(5);
  expect(from(1)("ArrowUp")).toBe(1);
  expect(from(0)("ArrowLeft")).toBe(0);
  expect([from(4)("Home"), from(4)("End")]).toEqual([0, 7]);
  expect(from(4)("a")).toBeUndefined();
});
