// How safe the user's work is, for the chip that says so.

import type { Annotator } from "./model";

export type SaveState =
  | { kind: "saved" }
  | { kind: "saving"; count: number }
  | { kind: "offline"; count: number }
  /** Neither on the server nor in the browser's storage: only in this tab. */
  | { kind: "unkept"; count: number }
  | { kind: "problem"; count: number }
  /** Another tab of this person has changes that it has not sent. */
  | { kind: "elsewhere"; count: number }
  | { kind: "outdated"; count: number }
  | { kind: "refused"; count: number };

export function saveState({
  pending,
  asked,
  connection,
  keeping,
}: Pick<Annotator, "pending" | "asked" | "connection" | "keeping">): SaveState {
  const problems = pending.filter((commit) => commit.problem !== null).length;
  const count = pending.length - problems + (asked === null ? 0 : 1);
  if (connection === "outdated") return { kind: "outdated", count: pending.length };
  if (connection === "refused") return { kind: "refused", count: pending.length };
  if (keeping.failed && pending.length > 0) return { kind: "unkept", count: pending.length };
  if (problems > 0) return { kind: "problem", count: problems };
  if (connection === "offline") return { kind: "offline", count };
  if (count > 0) return { kind: "saving", count };
  return keeping.elsewhere > 0 ? { kind: "elsewhere", count: keeping.elsewhere } : { kind: "saved" };
}
