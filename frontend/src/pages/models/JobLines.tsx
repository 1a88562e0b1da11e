// The project's trainings or comparisons, newest first.

import { asApiError } from "../../protocol/errors";
import type { Job, JobState, Project } from "../../protocol/rest";
import { counted, timeAgo } from "../../state/format";
import { loadOlderJobs } from "../../state/jobs/effects";
import { isActive, jobs } from "../../state/jobs/store";
import { series } from "../../state/projects/store";
import { readyValue } from "../../state/remote";
import { Badge, type BadgeTone } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { ProgressBar } from "../../ui/ProgressBar";
import { type ModelsPlace, routePath } from "../../ui/router";
import { showToast } from "../../ui/Toast";

export const jobTones: Record<JobState, BadgeTone> = {
  queued: "neutral",
  running: "accent",
  paused: "warning",
  done: "success",
  failed: "danger",
  cancelled: "neutral",
};

const nothing: Record<"train" | "compare", string> = {
  train: "A training that you start goes on when you leave; you find it here.",
  compare: "Comparisons are kept and found here.",
};

export interface JobLinesProps {
  project: Project;
  kind: "train" | "compare";
  title: string;
}

export function JobLines({ project, kind, title }: JobLinesProps) {
  const present = jobs.value;
  const all = readyValue(present)?.jobs.filter((job) => job.kind === kind);
  const older = () =>
    loadOlderJobs(project.id, kind).catch((cause) => showToast("danger", asApiError(cause).message));
  return (
    <aside class="panel job-lines" aria-label={title}>
      <h2>{title}</h2>
      {present.status === "failed" && <ErrorNote message={present.error.message} />}
      {all?.length === 0 && <p class="muted">{nothing[kind]}</p>}
      <ul>
        {all?.map((job) => (
          <li key={job.id}>
            <a
              class="model-line"
              href={routePath({ page: "models", project: project.id, place: placeOf(job) })}
            >
              <span class="model-name">
                <strong>{jobName(job)}</strong>
                {job.kind === "compare" && job.state === "done" && (
                  <span class="muted">
                    {counted(job.result.models ?? 0, "model")} on {counted(job.result.frames ?? 0, "frame")}
                  </span>
                )}
                <span class="muted">
                  {job.created_by.name}, {timeAgo(job.created_at, Date.now())}
                </span>
                {isActive(job) && job.step !== "" && <span class="muted">{job.step}</span>}
                {isActive(job) && (
                  <ProgressBar
                    label={jobName(job)}
                    value={job.state === "queued" ? undefined : job.progress}
                  />
                )}
              </span>
              <Badge tone={jobTones[job.state]}>{job.state}</Badge>
            </a>
          </li>
        ))}
      </ul>
      {present.status === "ready" && present.value.next !== null && (
        <Button onClick={() => older()}>Load older</Button>
      )}
    </aside>
  );
}

/** A training's by the version it made, a comparison's by its series. */
export function jobName(job: Job): string {
  if (job.kind === "train") return job.result.name ?? "Training";
  return readyValue(series.value)?.find((one) => one.id === job.series)?.name ?? "Comparison";
}

function placeOf(job: Job): ModelsPlace {
  return job.kind === "train"
    ? { part: "train", job: job.id }
    : { part: "compare", job: job.id, frame: undefined };
}
