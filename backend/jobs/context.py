"""What a job sees while it runs: progress out, cancel in."""

import threading
import time

from backend.jobs import services
from backend.jobs.models import Job

# Between two writes of the progress; cancel is looked for at every call all the same.
WRITE_INTERVAL_S = 0.25


class JobCancelledError(Exception):
    """Somebody cancelled the job, or its project is gone: undo what is half done and let this through."""


class JobPausedError(Exception):
    """Somebody paused the job: it waits until somebody lets it go on."""


class JobInterruptedError(Exception):
    """The worker stops: the job goes back into its queue."""


class JobLostError(Exception):
    """The lease ran out and another worker has the job: write nothing more."""


class RunningJob:
    """One attempt of a job, as `registry.JobContext` describes it."""

    def __init__(self, job: Job, stopping: threading.Event) -> None:
        self._job = job
        self._stopping = stopping
        self._written_at = 0.0
        self.held = services.Hold(job.pk, job.worker, job.attempt)

    @property
    def job(self) -> Job:
        return self._job

    def progress(self, fraction: float, step: str) -> None:
        self._require_wanted()
        now = time.monotonic()
        if now - self._written_at >= WRITE_INTERVAL_S or fraction >= 1.0:
            services.report(self.held, progress=fraction, step=step)
            self._written_at = now

    def hold(self) -> None:
        row = self.held.rows().select_for_update().first()
        if row is None:
            self._raise_lost()
        elif row.cancel_requested:
            raise JobCancelledError

    def _require_wanted(self) -> None:
        requested = self.held.rows().values_list("cancel_requested", "pause_requested").first()
        if requested is None:
            self._raise_lost()
        elif requested[0]:
            raise JobCancelledError
        elif requested[1]:
            raise JobPausedError
        if self._stopping.is_set():
            raise JobInterruptedError

    def _raise_lost(self) -> None:
        if Job.objects.filter(pk=self.held.job_id).exists():
            raise JobLostError(f"Job {self.held.job_id} is no longer held by {self.held.worker}.")
        raise JobCancelledError  # deleted with its project
