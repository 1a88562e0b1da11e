// What runs and what ran in the project.

import { useEffect } from "preact/hooks";
import { downloadUrl } from "../../protocol/addresses";
import { asApiError } from "../../protocol/errors";
import type { Job, JobKind, JobState, Project, Role } from "../../protocol/rest";
import { timeAgo } from "../../state/format";
import { cancelJob, followJobs, loadOlderJobs, pauseJob, resumeJob } from "../../state/jobs/effects";
import { isActive, jobs, mayEnd } from "../../state/jobs/store";
import { series } from "../../state/projects/store";
import { readyValue } from "../../state/remote";
import { user } from "../../state/session/store";
import { Badge, type BadgeTone } from "../../ui/Badge";
import { Button, LinkButton } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { ErrorNote } from "../../ui/ErrorNote";
import { ProgressBar } from "../../ui/ProgressBar";
import { type ModelsPlace, routePath } from "../../ui/router";
import { Table } from "../../ui/Table";
import { showToast } from "../../ui/Toast";

const kinds: Record<JobKind, string> = {
  import: "Import",
  export: "Export",
  segment: "Segmentation",
  track: "Tracking",
  train: "Training",
  compare: "Comparison",
};

const tones: Record<JobState, BadgeTone> = {
  queued: "neutral",
  running: "accent",
  paused: "warning",
  done: "success",
  failed: "danger",
  cancelled: "neutral",
};

export function JobsTab({ project }: { project: Project }) {
  useEffect(() => followJobs(project.id), [project.id]);
  const present = jobs.value;
  return (
    <>
      <div class="page-head">
        <h2>Jobs</h2>
      </div>
      {present.status === "failed" && <ErrorNote message={present.error.message} />}
      {present.status === "ready" && present.value.jobs.length === 0 && (
        <EmptyState icon="clock" title="No jobs yet">
          Imports, trackings, trainings and exports run as jobs. They go on when you leave, and this page
          shows how far they are.
        </EmptyState>
      )}
      {present.status === "ready" && present.value.jobs.length > 0 && (
        <div class="panel">
          <JobTable all={present.value.jobs} role={project.role} />
        </div>
      )}
      {present.status === "ready" && present.value.next !== null && (
        <p class="older">
          <Button onClick={() => report(loadOlderJobs(project.id))}>Load older jobs</Button>
        </p>
      )}
    </>
  );
}

const report = (action: Promise<void>) =>
  action.catch((cause) => showToast("danger", asApiError(cause).message));

function JobTable({ all, role }: { all: readonly Job[]; role: Role }) {
  return (
    <Table<Job>
      label="Jobs of the project"
      rows={all}
      rowKey={(job) => job.id}
      columns={[
        { title: "Job", width: "140px", cell: (job) => kinds[job.kind] },
        { title: "State", width: "110px", cell: (job) => <Badge tone={tones[job.state]}>{job.state}</Badge> },
        { title: "Progress", cell: (job) => <Progress job={job} role={role} /> },
        { title: "By", width: "160px", cell: (job) => job.created_by.name },
        {
          title: "Started",
          width: "140px",
          cell: (job) => (
            <time dateTime={job.created_at} title={new Date(job.created_at).toLocaleString()}>
              {timeAgo(job.created_at, Date.now())}
            </time>
          ),
        },
        { title: "Result", width: "140px", align: "end", cell: (job) => <Result job={job} /> },
      ]}
    />
  );
}

function Progress({ job, role }: { job: Job; role: Role }) {
  const name = readyValue(series.value)?.find((one) => one.id === (job.series ?? job.result.series))?.name;
  if (job.error !== null) return <span class="job-error">{job.error.message}</span>;
  if (!isActive(job)) return <span class="muted">{name ?? job.result.name ?? ""}</span>;
  const mine = mayEnd(job, role, user.value?.id);
  const paused = job.state === "paused";
  const cancel = () => void report(cancelJob(job.id));
  const pause = () => void report(paused ? resumeJob(job.id) : pauseJob(job.id));
  return (
    <div class="job-progress">
      <span class="muted">{job.step || (job.state === "queued" ? "Waiting for a worker" : "Working")}</span>
      <ProgressBar
        label={kinds[job.kind]}
        value={job.state === "queued" ? undefined : job.progress}
        paused={paused}
        onPause={mine && job.pausable ? pause : undefined}
        onCancel={mine ? cancel : undefined}
      />
    </div>
  );
}

function Result({ job }: { job: Job }) {
  if (job.kind === "train" || job.kind === "compare") {
    const place: ModelsPlace =
      job.kind === "train"
        ? { part: "train", job: job.id }
        : { part: "compare", job: job.id, frame: undefined };
    return <LinkButton href={routePath({ page: "models", project: job.project, place })}>Open</LinkButton>;
  }
  if (job.state !== "done") return null;
  if (job.kind === "export") {
    return (
      <LinkButton icon="download" href={downloadUrl(job.id)} download={job.result.name ?? ""}>
        Download
      </LinkButton>
    );
  }
  const made = job.result.series ?? job.series;
  return made ? (
    <LinkButton href={routePath({ page: "annotator", series: made, frame: undefined })}>Open</LinkButton>
  ) : null;
}
