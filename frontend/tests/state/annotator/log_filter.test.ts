import { expect, it } from "vitest";
import {
  filterWords,
  framesProblem,
  NO_FILTER,
  queryOf,
  typedFrames,
} from "../../../src/state/annotator/log_filter";

it.each([
  ["7", [6, 6]],
  ["3-9", [2, 8]],
  [" 3 – 9 ", [2, 8]],
  ["9-3", null],
  ["0", null],
  ["12-21", null],
  ["a", null],
  ["", null],
])("reads the frames %j", (text, frames) => {
  expect(typedFrames(text, 20)).toEqual(frames);
});

it("says what is wrong with frames, and asks for none until they are right", () => {
  expect(framesProblem("25", 20)).toBe("Give a frame from 1 to 20, or a range such as 1-20.");
  expect(framesProblem("", 20)).toBeUndefined();
  expect(queryOf({ ...NO_FILTER, frames: "25" }, 20)).toEqual({});
});

it("combines what is chosen, for the server and in words", () => {
  const filter = { author: 4, kinds: ["masks", "restoring"] as const, track: "t", frames: "3-9" };
  expect(queryOf(filter, 20)).toEqual({
    author: 4,
    kind: ["masks", "restoring"],
    track: "t",
    first_frame: 2,
    last_frame: 8,
  });
  const names = { person: () => "Lise", object: () => "#7" };
  expect(filterWords(filter, 20, names)).toEqual(["Lise", "Masks", "Restore, undo", "#7", "frames 3 to 9"]);
  expect(filterWords(NO_FILTER, 20, names)).toEqual([]);
});
