"""Who holds a job, for how long, and what a lost hold may still do: nothing."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.jobs import services
from backend.jobs.models import Job, State
from tests.backend.jobs.kinds import claimed, enqueue, hold, stored

pytestmark = pytest.mark.django_db


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_job_waits_in_the_queue_of_its_kind() -> None:
    job = enqueue()
    assert (job.state, job.queue, job.attempt) == ("queued", "quick", 0)
    assert services.claim(queue="long", worker="w") is None
    assert claimed().pk == job.pk


def test_jobs_are_taken_oldest_first_and_once() -> None:
    first, second = enqueue(), enqueue()
    assert [claimed("a").pk, claimed("b").pk] == [first.pk, second.pk]
    assert services.claim(queue="quick", worker="c") is None


def test_a_lease_that_runs_is_respected_and_an_expired_one_taken_up() -> None:
    enqueue()
    job = claimed("dead")
    assert services.claim(queue="quick", worker="alive") is None
    expire(job)
    again = claimed("alive")
    assert (again.pk, again.attempt, again.worker) == (job.pk, 2, "alive")
    assert again.started_at == job.started_at


def test_the_heartbeat_prolongs_the_lease() -> None:
    enqueue()
    job = claimed()
    expire(job)
    assert services.renew(hold(job))
    assert stored(job.pk).lease_until > timezone.now() + services.LEASE / 2
    assert services.claim(queue="quick", worker="other") is None


def test_a_worker_that_lost_its_job_changes_nothing_more() -> None:
    enqueue()
    lost = claimed("slow")
    expire(lost)
    taken = claimed("quick")
    before = stored(taken.pk)
    assert not services.renew(hold(lost))
    services.report(hold(lost), progress=0.9, step="zombie")
    assert not services.finish(hold(lost), State.DONE, result={"series": "zombie"})
    services.release(hold(lost))
    after = stored(taken.pk)
    assert (after.progress, after.step, after.state, after.worker, after.result, after.lease_until) == (
        before.progress,
        before.step,
        "running",
        "quick",
        {},
        before.lease_until,
    )


def test_a_job_whose_workers_keep_dying_fails_in_the_end() -> None:
    job = enqueue()
    for _ in range(services.MAXIMUM_ATTEMPTS):
        expire(claimed())
    assert services.claim(queue="quick", worker="w") is None
    failed = stored(job.pk)
    assert (failed.state, failed.error["code"]) == ("failed", "worker_lost")


def test_a_job_that_is_put_back_has_not_used_an_attempt() -> None:
    job = enqueue()
    for _ in range(services.MAXIMUM_ATTEMPTS + 2):
        services.release(hold(claimed()))
    released = stored(job.pk)
    assert (released.state, released.attempt, released.lease_until) == ("queued", 0, None)


def test_cancel_ends_a_queued_job_at_once() -> None:
    job = enqueue()
    assert services.request_cancel(job_id=job.pk).state == "cancelled"
    assert services.claim(queue="quick", worker="w") is None


def test_cancel_of_a_running_job_waits_for_its_worker() -> None:
    enqueue()
    job = claimed()
    assert services.request_cancel(job_id=job.pk).state == "running"
    assert stored(job.pk).cancel_requested


def test_a_cancelled_job_of_a_dead_worker_is_not_run_again() -> None:
    enqueue()
    job = claimed()
    services.request_cancel(job_id=job.pk)
    expire(job)
    assert services.claim(queue="quick", worker="w") is None
    assert stored(job.pk).state == "cancelled"


def test_cancel_leaves_a_finished_job_as_it_is() -> None:
    enqueue()
    job = claimed()
    services.finish(hold(job), State.DONE, result={"series": "s"})
    services.request_cancel(job_id=job.pk)
    done = stored(job.pk)
    assert (done.state, done.progress, done.result, done.cancel_requested) == ("done", 1.0, {"series": "s"}, False)
    assert done.finished_at is not None


@pytest.mark.parametrize(
    "values",
    [{"state": "lost"}, {"queue": "slow"}, {"progress": 1.5}, {"state": "running"}, {"state": "done"}],
)
def test_the_database_refuses_impossible_jobs(values: dict[str, object]) -> None:
    job = enqueue()
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**values)


def test_a_job_that_is_cancelled_while_it_stops_for_a_pause_is_cancelled() -> None:
    enqueue()
    job = claimed()
    Job.objects.filter(pk=job.pk).update(pause_requested=True, cancel_requested=True)
    services.put_aside(hold(job))
    assert stored(job.pk).state == State.CANCELLED
