// Comparing models on chosen frames: a new comparison, earlier ones, and one of them in detail.

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
import { CompareForm } from "./CompareForm";
import { ComparisonView } from "./ComparisonView";

export interface ComparePartProps {
  project: Project;
  catalogue: Catalogue;
  job: string | undefined;
  frame: number | undefined;
}

export function ComparePart({ project, catalogue, job, frame }: ComparePartProps) {
  useEffect(() => followJobs(project.id, "compare"), [project.id]);
  const all = readyValue(series.value);
  if (job !== undefined) {
    return <ComparisonView key={job} project={project} catalogue={catalogue} id={job} frame={frame} />;
  }
  if (all === undefined) return null;
  const annotated = all.filter((one) => one.annotated_frames > 0);
  return (
    <div class="models-columns form">
      {!mayAs(project.role, "annotator") ? (
        <EmptyState icon="lock" title="Annotators compare">
          Your role here is {project.role}. You see every comparison; somebody with the role annotator can
          start one.
        </EmptyState>
      ) : annotated.length === 0 ? (
        <EmptyState
          icon="layers"
          title="Nothing to compare against yet"
          action={
            <LinkButton
              tone="primary"
              href={routePath({ page: "project", project: project.id, tab: "series" })}
            >
              Open a series
            </LinkButton>
          }
        >
          Models are judged by accepted masks. Annotate all objects on a few frames, then come back here.
        </EmptyState>
      ) : (
        <CompareForm project={project} catalogue={catalogue} series={annotated} />
      )}
      <JobLines project={project} kind="compare" title="Comparisons" />
    </div>
  );
}
