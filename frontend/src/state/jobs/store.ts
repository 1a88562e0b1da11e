// The jobs of the open project, newest first.

import { signal } from "@preact/signals";
import type { Job, Role } from "../../protocol/rest";
import { mayAs } from "../projects/store";
import { loading, type Remote } from "../remote";

export interface JobList {
  readonly jobs: readonly Job[];
  /** Asks for older ones; null: there are none. */
  readonly next: string | null;
}

export const jobs = signal<Remote<JobList>>(loading);

/** Not ended: it waits, runs or is paused. */
export const isActive = (job: Job) => isMoving(job) || job.state === "paused";

/** There will be news of it, though nobody does anything. */
export const isMoving = (job: Job) => job.state === "queued" || job.state === "running";

/** Whether a person may cancel a job, or finish it early: its author and managers may. */
export const mayEnd = (job: Job, role: Role, user: number | undefined) =>
  job.created_by.id === user || mayAs(role, "manager");
