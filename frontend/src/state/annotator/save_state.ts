// How safe the user's work is, for the chip that says so.

import type { Annotator } from "./model";

export type SaveState =
  | { kind: "saved" }
  | { kind: "saving"; count: number }
  | { kind: "offline"; count: number }
  | { kind: "problem"; count: number }
  | { kind: "outdated" }
  | { kind: "refused"; count: number };

export function saveState({
  pending,
  asked,
  connection,
}: Pick<Annotator, "pending" | "asked" | "connection">): SaveState {
  const problems = pending.filter((commit) => commit.problem !== null).length;
  const count = pending.length - problems + (asked === null ? 0 : 1);
  if (connection === "outdated") return { kind: "outdated" };
  if (connection === "refused") return { kind: "refused", count: pending.length };
  if (problems > 0) return { kind: "problem", count: problems };
  if (connection === "offline") return { kind: "offline", count };
  return count > 0 ? { kind: "saving", count } : { kind: "saved" };
}
