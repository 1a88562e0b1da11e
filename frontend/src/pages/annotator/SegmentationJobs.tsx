// Jobs that segment this series: how far they are, with a way to stop them; and how the last one ended.

import { asApiError } from "../../protocol/errors";
import type { Job } from "../../protocol/rest";
import { waitingCount } from "../../state/annotator/review";
import { counted } from "../../state/format";
import { mayEnd } from "../../state/jobs/store";
import { Button, IconButton } from "../../ui/Button";
import { Icon } from "../../ui/icons";
import { ProgressBar } from "../../ui/ProgressBar";
import { showToast } from "../../ui/Toast";
import { useView, useWorkspace } from "./workspace";

export function SegmentationJobs() {
  const jobs = useView((state) => state.segmentations);
  if (jobs.length === 0) return null;
  return (
    <div class="segmentation-jobs" role="status">
      {jobs.map((job) =>
        job.state === "queued" || job.state === "running" ? (
          <Running key={job.id} job={job} />
        ) : (
          <Ended key={job.id} job={job} />
        ),
      )}
    </div>
  );
}

function Running({ job }: { job: Job }) {
  const { session } = useWorkspace();
  const role = useView((state) => state.role);
  const me = useView((state) => state.user.id);
  const cancel = () =>
    session.cancelSegmentation(job.id).catch((cause) => showToast("danger", asApiError(cause).message));
  return (
    <div class="segmentation-job">
      <span>
        {job.state === "queued" ? "Waits for its turn" : job.step === "" ? "Segmenting" : job.step}
        {job.created_by.id !== me && <span class="muted"> · {job.created_by.name}</span>}
      </span>
      <ProgressBar
        label="segmentation"
        value={job.state === "queued" ? undefined : job.progress}
        onCancel={mayEnd(job, role, me) ? () => void cancel() : undefined}
      />
    </div>
  );
}

function Ended({ job }: { job: Job }) {
  const { dispatch } = useWorkspace();
  const waiting = useView(waitingCount);
  const found = job.result.proposals ?? 0;
  return (
    <div class={`segmentation-job ended ${job.state}`}>
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
        onClick={() => dispatch({ type: "segmentation/dismiss", job: job.id })}
      />
    </div>
  );
}
