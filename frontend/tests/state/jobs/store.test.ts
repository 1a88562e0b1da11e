import { expect, it } from "vitest";
import type { Job, Role } from "../../../src/protocol/rest";
import { mayEnd } from "../../../src/state/jobs/store";

it.each<[role: Role, user: number, allowed: boolean]>([
  ["annotator", 1, true],
  ["viewer", 1, true],
  ["annotator", 2, false],
  ["manager", 2, true],
  ["owner", 2, true],
])("a job of person 1 is ended by a(n) %s who is person %d: %s", (role, user, allowed) => {
  const job = { created_by: { id: 1, name: "Ada" } } as Job;
  expect(mayEnd(job, role, user)).toBe(allowed);
  expect(mayEnd(job, "annotator", undefined)).toBe(false);
});
