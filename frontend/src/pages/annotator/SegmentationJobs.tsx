// Jobs that segment this series: how far they are, with a way to stop them; and how the last one ended.

import type { Job } from "../../protocol/rest";
import { waitingCount } from "../../state/annotator/review";
import { counted } from "../../state/format";
import { isActive } from "../../state/jobs/store";
import { Button, IconButton } from "../../ui/Button";
import { Icon } from "../../ui/icons";
import { RunningJob } from "./RunningJob";
import { useView, useWorkspace } from "./workspace";

export function SegmentationJobs() {
  const jobs = useView((state) => state.jobs).filter(({ kind }) => kind === "segment");
  if (jobs.length === 0) return null;
  return (
    <div class="series-jobs" role="status">
      {jobs.map((job) =>
        isActive(job) ? (
          <RunningJob key={job.id} job={job} name="segmentation" doing="Segmenting" />
        ) : (
          <Ended key={job.id} job={job} />
        ),
      )}
    </div>
  );
}

function Ended({ job }: { job: Job }) {
  const { dispatch } = useWorkspace();
  const waiting = useView(waitingCount);
  const found = job.result.proposals ?? 0;
  return (
    <div class={`series-job ended ${job.state}`}>
      <Icon name={job.state === "done" ? "check" : job.state === "failed" ? "warning" : "info"} />
      <span>
        {job.state === "failed" && (job.error?.message ?? "The segmentation failed.")}
        {job.state === "cancelled" && "Cancelled. The frames that were done keep their proposals."}
        {job.state === "done" && found === 0 && "Done. It found nothing that is not there already."}
        {job.state === "done" && found > 0 && `Done: ${counted(found, "proposal")}.`}
      </span>
      {job.state === "done" && waiting > 0 && (
        <Button
          onClick={() => {
            dispatch({ type: "tool", tool: "select" });
            dispatch({ type: "review/step", direction: 1 });
          }}
        >
          Review
        </Button>
      )}
      <IconButton
        icon="close"
        label="Dismiss"
        onClick={() => dispatch({ type: "job/dismiss", job: job.id })}
      />
    </div>
  );
}
