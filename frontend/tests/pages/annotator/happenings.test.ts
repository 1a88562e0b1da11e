import { expect, it } from "vitest";
import { occurrenceText, rowText, runText } from "../../../src/pages/annotator/happenings";
import { byHand } from "../../annotator";
import { among, happening, joinsOfRows, lane, laneRun } from "../../lanes";

const rows = [4, 7, 12].map((number) => lane(number, 0, 39));

it("says what happened, when, how sure it is, who found it and whether it is confirmed", () => {
  const merge = happening("merge", 30, [4, 7], [12], { confidence: 0.92, state: "proposal" });
  const [occurrence] = among(rows, [merge]);
  expect(occurrence && occurrenceText(occurrence)).toBe(
    "Tracks 4 and 7 merge into 12 between frames 30 and 31, 92 %, found by tracking, not confirmed",
  );
});

it("says that a person marked it", () => {
  const split = happening("split", 30, [4], [7, 12], { confidence: null, origin: byHand });
  const [occurrence] = among(rows, [split]);
  expect(occurrence && occurrenceText(occurrence)).toBe(
    "Track 4 splits into 7 and 12 between frames 30 and 31, marked by hand, confirmed",
  );
});

it("has words for every kind of event", () => {
  const events = [
    happening("birth", 1, [], [4]),
    happening("dissolution", 1, [4], []),
    happening("exit", 1, [7], []),
    happening("contact", 1, [4, 7], []),
  ];
  expect(among(rows, events).map((one) => occurrenceText(one).split(" between")[0])).toEqual([
    "Track 4 appears",
    "Track 4 dissolves",
    "Track 7 leaves the image",
    "Tracks 4 and 7 touch",
  ]);
});

it("describes a run and a whole row", () => {
  const run = laneRun(2, 39, { state: "proposal", confidence: 0.62 });
  const row = { ...lane(12, 0, 0), runs: [laneRun(0, 0), run] };
  expect(runText(row, run, "Au particle")).toBe(
    "Track 12, Au particle, frames 3 to 40, proposal, not accepted, confidence at least 62 %: worth a look",
  );
  const joins = joinsOfRows(rows, [happening("merge", 30, [4, 7], [12])]);
  expect(rowText(row, "Au particle", joins)).toBe(
    "Track 12, Au particle, frames 1 to 40, with a gap, with proposals. Tracks 4 and 7 merge into 12 between frames 30 and 31, 90 %, found by tracking, confirmed",
  );
});
