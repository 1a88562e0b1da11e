import { expect, it } from "vitest";
import { laneMove } from "../../../src/pages/annotator/lane_keys";
import { lane } from "../../lanes";

const rows = [lane(1, 0, 9), lane(2, 3, 7), lane(3, 5, 9)];

it("goes from track to track, and stays at the ends", () => {
  expect(laneMove(rows, 1, "ArrowDown")).toEqual({ select: "t3" });
  expect(laneMove(rows, 1, "ArrowUp")).toEqual({ select: "t1" });
  expect(laneMove(rows, 2, "ArrowDown")).toEqual({ select: "t3" });
  expect(laneMove(rows, 0, "ArrowUp")).toEqual({ select: "t1" });
  expect(laneMove(rows, undefined, "ArrowDown")).toEqual({ select: "t1" });
  expect(laneMove([], undefined, "ArrowDown")).toBeNull();
});

it("goes to the first and the last frame of the selected track", () => {
  expect(laneMove(rows, 1, "Enter")).toEqual({ show: 3 });
  expect(laneMove(rows, 1, "Home")).toEqual({ show: 3 });
  expect(laneMove(rows, 1, "End")).toEqual({ show: 7 });
  expect(laneMove(rows, undefined, "Enter")).toBeNull();
});

it("leaves other keys to the annotator", () => {
  for (const key of ["ArrowLeft", "ArrowRight", "l", "Delete"]) expect(laneMove(rows, 1, key)).toBeNull();
});
