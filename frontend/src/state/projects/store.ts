// The projects of the person, and the one that is open.

import { signal } from "@preact/signals";
import { type Project, type ProjectSummary, type Role, roles, type Series } from "../../protocol/rest";
import { loading, type Remote } from "../remote";

export const projects = signal<Remote<readonly ProjectSummary[]>>(loading);

/** What is in the archive, once somebody looks there. */
export const archivedProjects = signal<Remote<readonly ProjectSummary[]>>(loading);

export const project = signal<Remote<Project>>(loading);
export const series = signal<Remote<readonly Series[]>>(loading);
export const archivedSeries = signal<Remote<readonly Series[]>>(loading);

/** Whether a role includes what `needed` may do. */
export const mayAs = (role: Role, needed: Role) => roles.indexOf(role) >= roles.indexOf(needed);

/** Whether the person may change it: in the archive nobody may, whatever the role. */
export const mayChange = ({ role, archived_at }: Pick<Project, "role" | "archived_at">, needed: Role) =>
  archived_at === null && mayAs(role, needed);
