// The projects of the person, and the one that is open.

import { signal } from "@preact/signals";
import { type Project, type ProjectSummary, type Role, roles, type Series } from "../../protocol/rest";
import { loading, type Remote } from "../remote";

export const projects = signal<Remote<readonly ProjectSummary[]>>(loading);

/** The first series of each project, by project; null: it has none. */
export const covers = signal<ReadonlyMap<string, Series | null>>(new Map());

export const project = signal<Remote<Project>>(loading);
export const series = signal<Remote<readonly Series[]>>(loading);

/** Whether a role includes what `needed` may do. */
export const mayAs = (role: Role, needed: Role) => roles.indexOf(role) >= roles.indexOf(needed);
