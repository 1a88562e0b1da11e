// Jobs that track this series: how far they are; and what came of those that ended, with ways to go on from there.

import { useSignal } from "@preact/signals";
import type { Job } from "../../protocol/rest";
import { acceptFrames, livingEvents } from "../../state/annotator/lineage";
import type { Annotator } from "../../state/annotator/model";
import { continuationOf, framesOf } from "../../state/annotator/tracking";
import { mayEdit } from "../../state/annotator/view";
import { counted } from "../../state/format";
import { isActive } from "../../state/jobs/store";
import { plan } from "../../tools/commands";
import { Button, IconButton } from "../../ui/Button";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import { Icon } from "../../ui/icons";
import { showToast } from "../../ui/Toast";
import { showEvent } from "./events";
import { RunningJob } from "./RunningJob";
import { useView, useWorkspace } from "./workspace";

export function TrackingJobs() {
  const jobs = useView((state) => state.jobs).filter(({ kind }) => kind === "track");
  if (jobs.length === 0) return null;
  return (
    <div class="series-jobs" role="status">
      {jobs.map((job) =>
        isActive(job) ? (
          <RunningJob key={job.id} job={job} name="tracking" doing="Tracking" />
        ) : (
          <Ended key={job.id} job={job} />
        ),
      )}
    </div>
  );
}

function Ended({ job }: { job: Job }) {
  const workspace = useWorkspace();
  const { dispatch, commands, session } = workspace;
  const editable = useView(mayEdit);
  const frames = useView((state) => framesOf(state, job));
  const merge = useView((state) => firstMerge(state, job));
  const goOn = useView((state) => (job.state === "failed" ? continuationOf(state, job) : null));
  const undoing = useSignal(false);
  const { masks = 0, merges = 0 } = job.result;
  const revert = async () => {
    const count = await session.revertTracking(job.id);
    showToast("success", `${counted(count, "mask")} of the tracking taken back.`);
  };
  return (
    <div class={`series-job tracked ${job.state}`}>
      <div class="series-job-head">
        <Icon name={job.state === "done" ? "check" : job.state === "failed" ? "warning" : "info"} />
        <span>
          {outcome(job)}
          {job.state === "done" && merges > 0 && merge !== undefined && (
            <>
              {", "}
              <button
                type="button"
                class="link-button inline"
                title="Show the first merge"
                onClick={() => showEvent(workspace, merge)}
              >
                {counted(merges, "merge")}
              </button>
            </>
          )}
          {job.state === "done" && merges > 0 && merge === undefined && `, ${counted(merges, "merge")}`}
        </span>
        <IconButton
          icon="close"
          label="Dismiss"
          onClick={() => dispatch({ type: "job/dismiss", job: job.id })}
        />
      </div>
      <div class="series-job-actions">
        {editable && goOn !== null && (
          <Button onClick={() => commands.track(goOn)}>Go on from frame {goOn.frames.start + 1}</Button>
        )}
        {editable && frames !== null && (masks > 0 || job.state !== "done") && (
          <Button onClick={() => plan(commands, acceptFrames(frames.first, frames.last))}>
            Accept frames {frames.first + 1}–{frames.last + 1}
          </Button>
        )}
        {editable && frames !== null && (
          <Button
            title="Undo this tracking"
            onClick={() => {
              undoing.value = true;
            }}
          >
            Undo
          </Button>
        )}
      </div>
      {undoing.value && (
        <ConfirmDialog
          title="Undo this tracking?"
          confirm="Undo it"
          onConfirm={revert}
          onClose={() => {
            undoing.value = false;
          }}
        >
          What it wrote is taken back: masks, new objects, merges and splits. What people changed or accepted
          since stays. Everything remains in the history.
        </ConfirmDialog>
      )}
    </div>
  );
}

/** Merges are not named: they are a link. */
function outcome({ state, error, result }: Job): string {
  const { masks = 0, tracks = 0, splits = 0 } = result;
  if (state === "failed") return error?.message ?? "The tracking failed.";
  if (state === "cancelled") return "Cancelled. The frames that were done keep their masks.";
  if (masks === 0) return "Done. It found nothing that is not there already.";
  const parts = [counted(masks, "mask"), counted(tracks, "new object")];
  if (splits > 0) parts.push(counted(splits, "split"));
  return `Done: ${parts.join(", ")}`;
}

function firstMerge(state: Annotator, job: Job) {
  const frames = framesOf(state, job);
  return livingEvents(state).find(
    ({ what, last_frame }) =>
      what === "merge" && (frames === null || (last_frame >= frames.first && last_frame <= frames.last)),
  );
}
