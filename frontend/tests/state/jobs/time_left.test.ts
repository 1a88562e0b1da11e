import { expect, it } from "vitest";
import { timeLeft, timeLeftText } from "../../../src/state/jobs/time_left";

it("takes a job to go on as fast as it did while it was watched", () => {
  const since = { at: 5000, progress: 0.25 };
  expect(timeLeft(since, { at: 35_000, progress: 0.5 })).toBeCloseTo(60);
  expect(timeLeft(since, { at: 35_000, progress: 1 })).toBe(0);
});

it("says nothing before enough is done to tell", () => {
  const since = { at: 0, progress: 0 };
  expect(timeLeft(since, { at: 500, progress: 0.001 })).toBeNull();
  expect(timeLeft(since, { at: 60_000, progress: 0 })).toBeNull();
  expect(timeLeft(since, { at: 10_000, progress: 0.01 })).toBeCloseTo(990);
});

it("says it in words that do not change with every second", () => {
  expect([20, 100, 130, 3000, 9000].map(timeLeftText)).toEqual([
    "under 1 min left",
    "about 2 min left",
    "about 2 min left",
    "about 50 min left",
    "about 3 h left",
  ]);
});
