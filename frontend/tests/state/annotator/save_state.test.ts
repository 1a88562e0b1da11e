import { expect, it } from "vitest";
import type { PendingCommit } from "../../../src/state/annotator/model";
import { saveState } from "../../../src/state/annotator/save_state";

const waiting: PendingCommit = {
  requestId: "c",
  reason: "",
  base: [],
  operations: [],
  inverse: [],
  undoes: null,
  problem: null,
};
const lost: PendingCommit = { ...waiting, problem: { kind: "conflict", conflicts: [] } };

const keeping = { writing: 0, failed: false, elsewhere: 0 };

it.each([
  ["online", [], { kind: "saved" }],
  ["online", [waiting, waiting], { kind: "saving", count: 2 }],
  ["offline", [waiting], { kind: "offline", count: 1 }],
  ["offline", [], { kind: "offline", count: 0 }],
  ["online", [lost, waiting], { kind: "problem", count: 1 }],
  ["outdated", [waiting], { kind: "outdated", count: 1 }],
  ["refused", [waiting, lost], { kind: "refused", count: 2 }],
] as const)("while %s with %o says %o", (connection, pending, said) => {
  expect(saveState({ connection, pending, asked: null, keeping })).toEqual(said);
});

it("says first what could be lost, and last what another tab has", () => {
  const here = { connection: "offline", pending: [waiting], asked: null } as const;
  expect(saveState({ ...here, keeping: { ...keeping, failed: true } })).toEqual({ kind: "unkept", count: 1 });
  const elsewhere = { ...keeping, elsewhere: 3 };
  expect(saveState({ ...here, keeping: elsewhere })).toEqual({ kind: "offline", count: 1 });
  const idle = { connection: "online", pending: [], asked: null, keeping: elsewhere } as const;
  expect(saveState(idle)).toEqual({ kind: "elsewhere", count: 3 });
});
