import { describe, expect, it } from "vitest";
import { assignKey, keysFor, ownersOf, whyTaken, withKeys } from "../../../src/state/keymap/keymap";

const table = {
  fit: { keys: ["F"] },
  cut: { keys: ["X"] },
  accept: { keys: ["Enter"] },
  decide: { keys: ["Enter"] },
  redo: { keys: ["Ctrl+Shift+Z", "Ctrl+Y"] },
  phase: { keys: ["1", "2"], fixed: true },
};

describe("a person's keys", () => {
  it("hold instead of the usual ones, but for those that are fixed", () => {
    const changes = { fit: ["0"], phase: ["P"] };
    expect(keysFor(table, "fit", changes)).toEqual(["0"]);
    expect(keysFor(table, "cut", changes)).toEqual(["X"]);
    expect(keysFor(table, "phase", changes)).toEqual(["1", "2"]);
  });

  it("are no change when they are the usual ones again", () => {
    const changes = withKeys(table, "fit", ["0"], {});
    expect(changes).toEqual({ fit: ["0"] });
    expect(withKeys(table, "fit", ["F"], changes)).toEqual({});
  });

  it("take the place of one key and leave the others", () => {
    expect(assignKey(table, "redo", "R", "Ctrl+Y", {})).toEqual({ redo: ["Ctrl+Shift+Z", "R"] });
    expect(assignKey(table, "fit", "0", null, {})).toEqual({ fit: ["F", "0"] });
  });

  it("are taken from whoever had them", () => {
    expect(ownersOf(table, "fit", "X", {})).toEqual(["cut"]);
    expect(assignKey(table, "fit", "X", "F", {})).toEqual({ fit: ["X"], cut: [] });
  });

  it("may be shared where they are by design, and not otherwise", () => {
    expect(ownersOf(table, "accept", "Enter", {})).toEqual([]);
    expect(ownersOf(table, "fit", "Enter", {})).toEqual(["accept", "decide"]);
  });

  it("are none of the browser's, the phases' or the space bar", () => {
    expect(whyTaken(table, "Ctrl+W")).toContain("closes the browser's tab");
    expect(whyTaken(table, "2")).toContain("belongs to the phases");
    expect(whyTaken(table, "Space")).toContain("moves the image");
    expect(whyTaken(table, "0")).toBeNull();
  });
});
