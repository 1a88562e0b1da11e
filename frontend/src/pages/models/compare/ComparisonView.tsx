// One comparison: how far it is, then its table and the masks side by side.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { comparisonArchiveUrl } from "../../../protocol/addresses";
import { type ApiError, asApiError } from "../../../protocol/errors";
import type { Catalogue, ComparedModel, Comparison } from "../../../protocol/models";
import type { Job, Project } from "../../../protocol/rest";
import { counted, timeAgo } from "../../../state/format";
import { cancelJob, followJob } from "../../../state/jobs/effects";
import { isActive, mayEnd } from "../../../state/jobs/store";
import { loadComparison, setDefaults } from "../../../state/models/effects";
import { sameChoice } from "../../../state/models/store";
import { mayAs, series } from "../../../state/projects/store";
import { readyValue } from "../../../state/remote";
import { user } from "../../../state/session/store";
import { Badge } from "../../../ui/Badge";
import { LinkButton } from "../../../ui/Button";
import { EmptyState } from "../../../ui/EmptyState";
import { ErrorNote } from "../../../ui/ErrorNote";
import { ProgressBar } from "../../../ui/ProgressBar";
import { navigate, routePath } from "../../../ui/router";
import { showToast } from "../../../ui/Toast";
import { Waiting } from "../../../ui/Waiting";
import { jobTones } from "../JobLines";
import { CompareTable } from "./CompareTable";
import { SideBySide } from "./SideBySide";

export interface ComparisonViewProps {
  project: Project;
  catalogue: Catalogue;
  /** The job. */
  id: string;
  frame: number | undefined;
}

export function ComparisonView({ project, id, frame }: ComparisonViewProps) {
  const job = useSignal<Job | null>(null);
  const comparison = useSignal<Comparison | null>(null);
  const failure = useSignal<ApiError | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const follow = async () => {
      const show = (news: Job) => {
        job.value = news;
      };
      const last = await followJob(id, show, stop.signal);
      if (last.state === "done") comparison.value = await loadComparison(id);
    };
    follow().catch((cause) => {
      if (!stop.signal.aborted) failure.value = asApiError(cause);
    });
    return () => stop.abort();
  }, [id, job, comparison, failure]);
  const back = routePath({
    page: "models",
    project: project.id,
    place: { part: "compare", job: undefined, frame: undefined },
  });
  if (failure.value !== null) {
    return (
      <ErrorNote
        message={failure.value.status === 404 ? "There is no such comparison." : failure.value.message}
        action={<LinkButton href={back}>All comparisons</LinkButton>}
      />
    );
  }
  const present = job.value;
  if (present === null) return <Waiting>Asking for the comparison…</Waiting>;
  const cancel = () => void cancelJob(id).catch((cause) => showToast("danger", asApiError(cause).message));
  return (
    <article class="comparison">
      <header class="page-head">
        <div>
          <h2>{comparison.value === null ? "Comparison" : titleOf(comparison.value)}</h2>
          <p class="muted">
            By {present.created_by.name}, {timeAgo(present.created_at, Date.now())}
          </p>
        </div>
        <div class="head-actions">
          {present.state !== "done" && <Badge tone={jobTones[present.state]}>{present.state}</Badge>}
          {comparison.value !== null && (
            <LinkButton href={comparisonArchiveUrl(id)} icon="download" download="">
              Download table and figures
            </LinkButton>
          )}
          <LinkButton href={back} icon="arrow-left">
            All comparisons
          </LinkButton>
        </div>
      </header>
      {isActive(present) && (
        <section class="panel training-now" aria-label="Progress">
          <span>
            {present.step || (present.state === "queued" ? "Waiting for a worker" : "Loading the models")}
          </span>
          <ProgressBar
            label="comparison"
            value={present.state === "queued" ? undefined : present.progress}
            {...(mayEnd(present, project.role, user.value?.id) ? { onCancel: cancel } : {})}
          />
        </section>
      )}
      {present.error !== null && <ErrorNote message={present.error.message} />}
      {present.state === "cancelled" && (
        <EmptyState
          icon="close"
          title="It was cancelled"
          action={<LinkButton href={back}>Start another</LinkButton>}
        >
          A cancelled comparison has no table.
        </EmptyState>
      )}
      {comparison.value !== null && (
        <Compared project={project} id={id} comparison={comparison.value} frame={frame} />
      )}
    </article>
  );
}

interface ComparedProps {
  project: Project;
  id: string;
  comparison: Comparison;
  frame: number | undefined;
}

function Compared({ project, id, comparison, frame }: ComparedProps) {
  const on = readyValue(series.value)?.find((one) => one.id === comparison.series);
  const acts = mayAs(project.role, "annotator") && on !== undefined;
  const use = async (row: ComparedModel) => {
    await setDefaults([comparison.series], { model: row.model, version: row.version });
    showToast("success", `${row.label} is now what ${on?.name ?? "the series"} starts with.`);
  };
  const used = (row: ComparedModel) => on?.model !== undefined && sameChoice(on.model, row);
  return (
    <>
      <CompareTable comparison={comparison} used={used} onUse={acts ? use : undefined} />
      <SideBySide
        job={id}
        comparison={comparison}
        series={on}
        frame={frame}
        used={used}
        onUse={acts ? use : undefined}
        onFrame={(next) =>
          navigate(
            { page: "models", project: project.id, place: { part: "compare", job: id, frame: next } },
            { replace: true, stay: true },
          )
        }
      />
    </>
  );
}

function titleOf({ series: id, series_name, frames, models }: Comparison): string {
  const name =
    readyValue(series.value)?.find((one) => one.id === id)?.name ?? series_name ?? "a series that is gone";
  const own = models.filter((row) => !row.control).length;
  return `${counted(own, "model")} on ${counted(frames.length, "frame")} of ${name}`;
}
