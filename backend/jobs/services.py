"""Every change of a job. Whoever runs one holds it by (worker, attempt): a write under an old pair changes nothing."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from backend.jobs.models import FINISHED, Job, State
from backend.jobs.registry import KINDS
from backend.projects.models import Project, User
from backend.protocol.errors import InvalidError

LEASE = timedelta(seconds=30)
MAXIMUM_ATTEMPTS = 3


@dataclass(frozen=True)
class Hold:
    """The right to run one attempt of a job."""

    job_id: UUID
    worker: str
    attempt: int

    def rows(self) -> QuerySet[Job]:
        """The job's row while the hold is good, else none."""
        return Job.objects.filter(pk=self.job_id, worker=self.worker, attempt=self.attempt, state=State.RUNNING)


def enqueue(
    *, kind: str, project: Project, created_by: User, parameters: dict[str, Any], series: UUID | None = None
) -> Job:
    """A new job, which a worker takes up once the caller's transaction is committed."""
    return Job.objects.create(
        kind=kind,
        queue=KINDS[kind].queue,
        project=project,
        created_by=created_by,
        parameters=parameters,
        series=series,
    )


@transaction.atomic
def request_cancel(*, job_id: UUID) -> Job:
    """Ends a queued job at once, a running one at its next step; a finished one stays as it is."""
    job = Job.objects.select_for_update().get(pk=job_id)
    if job.state in (State.QUEUED, State.PAUSED):
        _finish(job, State.CANCELLED)
    elif job.state == State.RUNNING:
        job.cancel_requested = True
        job.save(update_fields=["cancel_requested"])
    return job


@transaction.atomic
def request_pause(*, job_id: UUID) -> Job:
    """Puts a job aside, a running one at its next step; a finished one stays as it is."""
    job = Job.objects.select_for_update().get(pk=job_id)
    if not KINDS[job.kind].pausable:
        raise InvalidError("This kind of job cannot be paused. Let it run, or cancel it.", code="not_pausable")
    if job.state == State.QUEUED:
        job.state = State.PAUSED
    elif job.state == State.RUNNING:
        job.pause_requested = True
    job.save(update_fields=["state", "pause_requested"])
    return job


@transaction.atomic
def resume(*, job_id: UUID) -> Job:
    """Puts a paused job back into its queue; any other stays as it is."""
    job = Job.objects.select_for_update().get(pk=job_id)
    if job.state == State.PAUSED:
        job.state = State.QUEUED
    job.pause_requested = False
    job.save(update_fields=["state", "pause_requested"])
    return job


def claim(*, queue: str, worker: str) -> Job | None:
    """The oldest job that waits in the queue or whose worker is gone, now leased to `worker`."""
    while True:
        with transaction.atomic():
            now = timezone.now()
            waiting = Q(state=State.QUEUED) | Q(state=State.RUNNING, lease_until__lt=now)
            candidates = Job.objects.filter(waiting, queue=queue).order_by("created_at", "id")
            job = candidates.select_for_update(skip_locked=True).first()
            if job is None:
                return None
            if job.cancel_requested:
                _finish(job, State.CANCELLED)
            elif job.attempt >= MAXIMUM_ATTEMPTS:
                message = f"The worker ended without a word {job.attempt} times, which is the most. See its log."
                _finish(job, State.FAILED, error={"code": "worker_lost", "message": message})
            else:
                job.state = State.RUNNING
                job.attempt += 1
                job.worker = worker
                job.started_at = job.started_at or now
                job.heartbeat_at = now
                job.lease_until = now + LEASE
                job.save()
                return job


def renew(hold: Hold) -> bool:
    """Prolongs the lease; False when it was lost."""
    now = timezone.now()
    return hold.rows().update(heartbeat_at=now, lease_until=now + LEASE) == 1


def report(hold: Hold, *, progress: float, step: str) -> None:
    hold.rows().update(progress=min(max(progress, 0.0), 1.0), step=step[:300])


@transaction.atomic
def finish(
    hold: Hold, state: State, *, result: dict[str, Any] | None = None, error: dict[str, str] | None = None
) -> bool:
    """The job's end; False when the lease was lost, and the end belongs to somebody else."""
    job = hold.rows().select_for_update().first()
    if job is None:
        return False
    _finish(job, state, result=result, error=error)
    return True


@transaction.atomic
def release(hold: Hold) -> None:
    """Puts the job back into its queue, because its worker was asked to stop: this is no failed attempt."""
    job = hold.rows().select_for_update().first()
    if job is not None:
        job.state = State.QUEUED
        job.attempt -= 1
        job.worker = ""
        job.lease_until = None
        job.save()


@transaction.atomic
def put_aside(hold: Hold) -> None:
    """The job waits until somebody resumes it: this is no failed attempt."""
    job = hold.rows().select_for_update().first()
    if job is not None and job.cancel_requested:
        _finish(job, State.CANCELLED)
    elif job is not None:
        # Resumed before it had stopped: it goes on at once.
        job.state = State.PAUSED if job.pause_requested else State.QUEUED
        job.pause_requested = False
        job.attempt -= 1
        job.worker = ""
        job.lease_until = None
        job.save()


def _finish(
    job: Job, state: State, *, result: dict[str, Any] | None = None, error: dict[str, str] | None = None
) -> None:
    if state not in FINISHED:
        raise ValueError(f"{state} is no end of a job.")
    job.state = state
    job.finished_at = timezone.now()
    job.lease_until = None
    job.result = result or {}
    job.error = error
    if state == State.DONE:
        job.progress = 1.0
    job.save()
