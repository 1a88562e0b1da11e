// A job of this series that has not ended: how far it is, with ways to pause it and to end it.

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { asApiError } from "../../protocol/errors";
import type { Job } from "../../protocol/rest";
import { mayEnd } from "../../state/jobs/store";
import { type Reached, timeLeft, timeLeftText } from "../../state/jobs/time_left";
import { ProgressBar } from "../../ui/ProgressBar";
import { showToast } from "../../ui/Toast";
import { useView, useWorkspace } from "./workspace";

export interface RunningJobProps {
  job: Job;
  /** What it does, as "segmentation" and "Segmenting". */
  name: string;
  doing: string;
}

export function RunningJob({ job, name, doing }: RunningJobProps) {
  const { session } = useWorkspace();
  const role = useView((state) => state.role);
  const me = useView((state) => state.user.id);
  const stopping = useSignal(false); // a job pauses after the step that it is at
  const left = useTimeLeft(job);
  const paused = job.state === "paused";
  const mine = mayEnd(job, role, me);
  const ask = (action: (job: string) => Promise<void>) =>
    action(job.id).catch((cause) => showToast("danger", asApiError(cause).message));
  const pause = () => {
    stopping.value = !paused;
    void ask(paused ? session.resumeJob : session.pauseJob);
  };
  return (
    <div class="series-job">
      <span>
        {wording(job, doing, stopping.value)}
        {left !== null && <span class="muted"> · {timeLeftText(left)}</span>}
        {job.created_by.id !== me && <span class="muted"> · {job.created_by.name}</span>}
      </span>
      <ProgressBar
        label={name}
        value={job.state === "queued" ? undefined : job.progress}
        paused={paused}
        onPause={mine && job.pausable ? pause : undefined}
        onCancel={mine ? () => void ask(session.cancelJob) : undefined}
      />
    </div>
  );
}

/** From its first step on that is seen here: the one before takes the loading of networks. */
function useTimeLeft({ state, progress }: Job): number | null {
  const since = useRef<Reached | null>(null);
  const now = { at: Date.now(), progress };
  if (state !== "running") since.current = null;
  else if (since.current === null && progress > 0) since.current = now;
  return since.current === null ? null : timeLeft(since.current, now);
}

function wording({ state, step }: Job, doing: string, stopping: boolean): string {
  if (state === "queued") return "Waits for its turn";
  if (state === "paused") return step === "" ? "Paused" : `Paused · ${step}`;
  return `${step === "" ? doing : step}${stopping ? " · pauses after this step" : ""}`;
}
