// The jobs of the open project, newest first.

import { signal } from "@preact/signals";
import type { Job } from "../../protocol/rest";
import { loading, type Remote } from "../remote";

export interface JobList {
  readonly jobs: readonly Job[];
  /** Asks for older ones; null: there are none. */
  readonly next: string | null;
}

export const jobs = signal<Remote<JobList>>(loading);

export const isActive = (job: Job) => job.state === "queued" || job.state === "running";
