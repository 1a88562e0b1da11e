// One training: how far it is, its curves as they grow, and what it made.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type ApiError, asApiError } from "../../../protocol/errors";
import type { Catalogue, ModelVersion, Training } from "../../../protocol/models";
import type { Project } from "../../../protocol/rest";
import { timeAgo } from "../../../state/format";
import { cancelJob } from "../../../state/jobs/effects";
import { isActive, mayEnd } from "../../../state/jobs/store";
import {
  finishTraining,
  followTraining,
  resumeTraining,
  type TrainingNews,
} from "../../../state/models/effects";
import { recipeText, roughly, secondsLeft } from "../../../state/models/training";
import { mayAs } from "../../../state/projects/store";
import { user } from "../../../state/session/store";
import { useAction } from "../../../ui/action";
import { Badge } from "../../../ui/Badge";
import { Button, LinkButton } from "../../../ui/Button";
import { ErrorNote } from "../../../ui/ErrorNote";
import { ProgressBar } from "../../../ui/ProgressBar";
import { navigate, routePath } from "../../../ui/router";
import { Waiting } from "../../../ui/Waiting";
import { jobTones } from "../JobLines";
import { ScoreBar } from "../list/ScoreBar";
import { Curves } from "./Curves";

export interface TrainingViewProps {
  project: Project;
  catalogue: Catalogue;
  /** The job. */
  id: string;
}

export function TrainingView({ project, catalogue, id }: TrainingViewProps) {
  const news = useSignal<TrainingNews | null>(null);
  const failure = useSignal<ApiError | null>(null);
  const ending = useSignal<"cancel" | "finish" | null>(null);
  const { busy, error, run } = useAction();
  useEffect(() => {
    const stop = new AbortController();
    const show = (next: TrainingNews) => {
      news.value = next;
    };
    followTraining(id, show, stop.signal).catch((cause) => {
      if (!stop.signal.aborted) failure.value = asApiError(cause);
    });
    return () => stop.abort();
  }, [id, news, failure]);
  const back = routePath({ page: "models", project: project.id, place: { part: "train", job: undefined } });
  const present = news.value;
  if (failure.value !== null) {
    return (
      <ErrorNote
        message={failure.value.status === 404 ? "There is no such training." : failure.value.message}
        action={<LinkButton href={back}>All trainings</LinkButton>}
      />
    );
  }
  if (present === null) return <Waiting>Asking how far it is…</Waiting>;
  const { job, training } = present;
  const acts = mayAs(project.role, "annotator");
  const active = isActive(job);
  const version = catalogue.versions.find((one) => one.id === training.version);
  const seconds = training.rows.at(-1)?.seconds ?? 0;
  const left = active ? secondsLeft(job.progress, seconds) : null;
  const end = (how: "cancel" | "finish") => async () => {
    ending.value = how;
    if (!(await run(() => (how === "cancel" ? cancelJob(id) : finishTraining(id))))) ending.value = null;
  };
  const resume = () =>
    run(async () => {
      const next = await resumeTraining(project.id, id);
      navigate({ page: "models", project: project.id, place: { part: "train", job: next.id } });
    });
  return (
    <article class="training">
      <header class="page-head">
        <div>
          <h2>{version?.name ?? (training.name || `Training of ${training.model}`)}</h2>
          <p class="muted">{aboutText(training)}</p>
          <p class="muted">
            Started by {job.created_by.name}, {timeAgo(job.created_at, Date.now())}
          </p>
        </div>
        <div class="head-actions">
          <Badge tone={jobTones[job.state]}>{job.state}</Badge>
          <LinkButton href={back} icon="arrow-left">
            All trainings
          </LinkButton>
        </div>
      </header>
      {active && (
        <section class="panel training-now" aria-label="Progress">
          <div class="training-step">
            <span>{job.step || (job.state === "queued" ? "Waiting for a worker" : "Starting")}</span>
            <span class="muted">{left === null ? "" : `${roughly(left)} left`}</span>
          </div>
          <ProgressBar label="training" value={job.state === "queued" ? undefined : job.progress} />
          {mayEnd(job, project.role, user.value?.id) && (
            <div class="training-ends">
              <Button
                icon="check"
                busy={ending.value === "finish"}
                disabled={ending.value !== null || training.rows.length === 0}
                onClick={end("finish")}
              >
                Finish now and keep the best
              </Button>
              <Button
                icon="close"
                busy={ending.value === "cancel"}
                disabled={ending.value !== null}
                onClick={end("cancel")}
              >
                Cancel
              </Button>
              <span class="field-hint">Cancelling keeps its state: it can be resumed.</span>
            </div>
          )}
        </section>
      )}
      {job.error !== null && <ErrorNote message={job.error.message} />}
      {error.value !== null && <ErrorNote message={error.value.message} />}
      {training.can_resume && acts && (
        <section class="panel training-now">
          <p>It was stopped before its time was over. Resumed, it goes on from where it was.</p>
          <div>
            <Button tone="primary" icon="play" busy={busy.value} onClick={resume}>
              Resume
            </Button>
          </div>
        </section>
      )}
      {version !== undefined && <Made project={project} version={version} />}
      {/* Fitting a threshold has no log. */}
      {(active || training.rows.length > 0) && (
        <section class="panel training-curves">
          <Curves rows={training.rows} />
        </section>
      )}
    </article>
  );
}

/** "Swin-Unet, small, on Au on SiN: at most 30 min, seed 0" */
function aboutText({ model, series, recipe }: Training): string {
  const network = recipe.config ? `${model}, ${recipe.config}` : model;
  return `${network}, on ${series.join(", ")}: ${recipeText(recipe)}`;
}

function Made({ project, version }: { project: Project; version: ModelVersion }) {
  const show = routePath({
    page: "models",
    project: project.id,
    place: { part: "list", version: version.id },
  });
  return (
    <section class="panel training-now made" aria-label="Result">
      <div>
        <strong>{version.name}</strong> <span class="muted">is a version of {version.title} now.</span>
        <div class="scores">
          {(["iou", "dice"] as const).map((name) => {
            const value = version.scores[name];
            return typeof value === "number" ? (
              <ScoreBar key={name} name={name === "iou" ? "IoU" : "Dice"} value={value} />
            ) : null;
          })}
        </div>
      </div>
      <div class="head-actions">
        {version.model === "threshold" && (
          <LinkButton
            icon="settings"
            href={routePath({
              page: "models",
              project: project.id,
              place: { part: "threshold", version: version.id, series: undefined, frame: undefined },
            })}
          >
            See it on a frame
          </LinkButton>
        )}
        <LinkButton
          href={routePath({
            page: "models",
            project: project.id,
            place: { part: "compare", job: undefined, frame: undefined },
          })}
        >
          Compare
        </LinkButton>
        <LinkButton tone="primary" href={show}>
          Card, provenance and use
        </LinkButton>
      </div>
    </section>
  );
}
