import { describe, expect, test } from "vitest";
import type { HistoryEntry } from "../../../src/protocol/history";
import { groupedByJob, summed } from "../../../src/state/annotator/log";

function entry(version: number, job: string | null, frame: number): HistoryEntry {
  return {
    version,
    author: { id: 1, name: "Ada" },
    created_at: "2026-01-01T00:00:00Z",
    reason: job === null ? "Paint a mask" : `Track frame ${frame + 1}`,
    job,
    counts: {
      masks_set: 2,
      masks_deleted: 0,
      tracks_created: 1,
      tracks_changed: 0,
      tracks_deleted: 0,
      calibrations: 0,
      events: 1,
    },
    frames: [frame],
    sample: null,
  };
}

describe("the history's list", () => {
  const entries = [
    entry(5, "b", 9),
    entry(4, "a", 3),
    entry(3, "a", 2),
    entry(2, null, 2),
    entry(1, null, 0),
  ];

  test("puts together what one job wrote in a row, and nothing else", () => {
    expect(groupedByJob(entries).map((group) => group.map(({ version }) => version))).toEqual([
      [5],
      [4, 3],
      [2],
      [1],
    ]);
  });

  test("sums what the versions of a job changed", () => {
    const whole = summed(entries.slice(1, 3));
    expect(whole?.reason).toBe("Track frames 3 to 4");
    expect(whole?.version).toBe(4);
    expect(whole?.frames).toEqual([2, 3]);
    expect(whole?.counts).toMatchObject({ masks_set: 4, tracks_created: 2, events: 2 });
  });
});
