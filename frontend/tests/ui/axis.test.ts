import { describe, expect, it } from "vitest";
import { limitsOf, rounded, tickLabel, ticks } from "../../src/ui/axis";

describe("ticks", () => {
  it("are round and inside the limits", () => {
    expect(ticks({ low: 0, high: 1 }, 4).map(tickLabel)).toEqual(["0", "0.5", "1"]);
    expect(ticks({ low: 0, high: 47 }, 5)).toEqual([0, 10, 20, 30, 40]);
    expect(ticks({ low: 0.72, high: 0.96 }, 4).map(tickLabel)).toEqual(["0.8", "0.9"]);
  });
  it("do not show what binary fractions add", () => {
    expect(ticks({ low: 0, high: 0.6 }, 6).map(tickLabel)).toEqual([
      "0",
      "0.1",
      "0.2",
      "0.3",
      "0.4",
      "0.5",
      "0.6",
    ]);
  });
  it("are one where there is nothing to span", () => expect(ticks({ low: 3, high: 3 }, 4)).toEqual([3]));
});

describe("an axis", () => {
  it("ends at ticks", () => {
    const { low, high } = rounded({ low: 0.72, high: 0.96 }, 4);
    expect([tickLabel(low), tickLabel(high)]).toEqual(["0.7", "1"]);
  });
  it("has room around a single value", () => {
    const { low, high } = rounded({ low: 0.5, high: 0.5 }, 4);
    expect(low).toBeLessThan(0.5);
    expect(high).toBeGreaterThan(0.5);
    expect(rounded({ low: 0, high: 0 }, 4)).toEqual({ low: 0, high: 1 });
  });
  it("needs a finite value", () => {
    expect(limitsOf([Number.NaN, 2, Number.POSITIVE_INFINITY, -1])).toEqual({ low: -1, high: 2 });
    expect(limitsOf([])).toBeUndefined();
  });
});
