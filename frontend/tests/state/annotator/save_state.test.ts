import { expect, it } from "vitest";
import type { PendingCommit } from "../../../src/state/annotator/model";
import { saveState } from "../../../src/state/annotator/save_state";

const waiting: PendingCommit = {
  requestId: "c",
  reason: "",
  base: [],
  operations: [],
  undoes: null,
  problem: null,
};
const lost: PendingCommit = { ...waiting, problem: { kind: "conflict", conflicts: [] } };

it.each([
  ["online", [], { kind: "saved" }],
  ["online", [waiting, waiting], { kind: "saving", count: 2 }],
  ["offline", [waiting], { kind: "offline", count: 1 }],
  ["offline", [], { kind: "offline", count: 0 }],
  ["online", [lost, waiting], { kind: "problem", count: 1 }],
  ["outdated", [waiting], { kind: "outdated" }],
  ["refused", [waiting, lost], { kind: "refused", count: 2 }],
] as const)("while %s with %o says %o", (connection, pending, said) => {
  expect(saveState({ connection, pending, asked: null })).toEqual(said);
});
