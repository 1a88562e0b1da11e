// Training on the project: a new one, those that run and ran, and one of them in detail.

import { useEffect } from "preact/hooks";
import type { Catalogue } from "../../../protocol/models";
import type { Project } from "../../../protocol/rest";
import { followJobs } from "../../../state/jobs/effects";
import { mayAs, series } from "../../../state/projects/store";
import { readyValue } from "../../../state/remote";
import { LinkButton } from "../../../ui/Button";
import { EmptyState } from "../../../ui/EmptyState";
import { routePath } from "../../../ui/router";
import { JobLines } from "../JobLines";
import { TrainingForm } from "./TrainingForm";
import { TrainingView } from "./TrainingView";

export interface TrainPartProps {
  project: Project;
  catalogue: Catalogue;
  job: string | undefined;
  /** The model that the form starts with. */
  model: string | undefined;
}

export function TrainPart({ project, catalogue, job, model }: TrainPartProps) {
  useEffect(() => followJobs(project.id, "train"), [project.id]);
  const all = readyValue(series.value);
  if (job !== undefined) return <TrainingView key={job} project={project} catalogue={catalogue} id={job} />;
  if (all === undefined) return null;
  const annotated = all.filter((one) => one.annotated_frames > 0);
  const seriesPage = routePath({ page: "project", project: project.id, tab: "series" });
  return (
    <div class="models-columns form">
      {!mayAs(project.role, "annotator") ? (
        <EmptyState icon="lock" title="Annotators train">
          Your role here is {project.role}. You see every training and what it made; somebody with the role
          annotator can start one.
        </EmptyState>
      ) : annotated.length === 0 ? (
        <EmptyState
          icon="brush"
          title="Nothing to learn from yet"
          action={
            <LinkButton tone="primary" href={seriesPage}>
              Open a series
            </LinkButton>
          }
        >
          A model learns from accepted masks. Annotate all objects on a few frames, then come back here.
        </EmptyState>
      ) : (
        <TrainingForm key={model ?? ""} project={project} catalogue={catalogue} series={all} first={model} />
      )}
      <JobLines project={project} kind="train" title="Trainings" />
    </div>
  );
}
