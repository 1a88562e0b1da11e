"""How a job's run ends, and what its author reads then."""

import errno
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from backend.jobs import services, worker
from backend.jobs.context import JobLostError
from backend.jobs.models import Job, Queue
from backend.jobs.registry import Chore, JobContext
from backend.protocol.errors import InvalidError
from tests.backend.jobs.kinds import enqueue, kind, stored

pytestmark = pytest.mark.django_db


def run(job_function: Any, *, stopping: threading.Event | None = None) -> Job:
    """Runs one new job of this function and returns its row."""
    job = enqueue()
    Job.objects.filter(pk=job.pk).update(kind="test")
    with kind(job_function):
        taken = services.claim(queue="quick", worker="w")
        assert taken is not None
        worker.run_job(taken, stopping or threading.Event())
    return stored(job.pk)


def failing(error: Exception) -> Job:
    def fail(context: JobContext) -> dict[str, Any]:
        raise error

    return run(fail)


def test_a_result_is_kept() -> None:
    done = run(lambda context: {"answer": 42})
    assert (done.state, done.result, done.progress, done.error) == ("done", {"answer": 42}, 1.0, None)


def test_progress_is_seen_while_the_job_runs() -> None:
    seen: list[tuple[float, str]] = []

    def count(context: JobContext) -> dict[str, Any]:
        context.progress(0.25, "Reading frame 1 of 4")
        row = stored(context.job.pk)
        seen.append((row.progress, row.step))
        return {}

    run(count)
    assert seen == [(0.25, "Reading frame 1 of 4")]


def test_an_error_of_the_domain_is_told_word_for_word() -> None:
    failed = failing(InvalidError("a.tif: 0 bytes; a file needs at least one.", code="empty"))
    assert (failed.state, failed.error) == (
        "failed",
        {"code": "empty", "message": "a.tif: 0 bytes; a file needs at least one."},
    )


def test_a_surprise_is_logged_and_its_author_gets_the_jobs_number(caplog: pytest.LogCaptureFixture) -> None:
    failed = failing(RuntimeError("secret detail"))
    assert failed.error["code"] == "internal"
    assert str(failed.pk) in failed.error["message"]
    assert "secret detail" not in failed.error["message"]
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_called_so(number: int) -> None:
    assert failing(OSError(number, "No space left on device")).error["code"] == "disk_full"


def test_a_full_disk_is_called_so_when_sqlite_meets_it(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "full.sqlite3") as full:
        full.execute("CREATE TABLE t (x)")
        full.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as met:
            full.execute("INSERT INTO t VALUES (zeroblob(100000))")
    full.close()
    error = OperationalError(str(met.value))
    error.__cause__ = met.value
    assert failing(error).error["code"] == "disk_full"
    assert failing(OperationalError("database is locked")).error["code"] == "internal"


def test_a_full_disk_is_called_so_when_postgresql_meets_it() -> None:
    error = OperationalError("could not extend file")
    error.__cause__ = psycopg.errors.DiskFull("could not extend file")
    assert failing(error).error["code"] == "disk_full"


def locked_sqlite(folder: Path) -> Exception:
    """What Django raises while somebody else has the database for longer than the timeout."""
    with closing(sqlite3.connect(folder / "locked.sqlite3", timeout=0)) as mine:
        mine.execute("BEGIN IMMEDIATE")
        with closing(sqlite3.connect(folder / "locked.sqlite3", timeout=0)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                locked = OperationalError(str(error))
                locked.__cause__ = error
                return locked
    raise AssertionError("it was not locked")


def stopped_postgresql(folder: Path) -> Exception:
    error = OperationalError("terminating connection")
    error.__cause__ = psycopg.errors.AdminShutdown("terminating connection")
    return error


@pytest.mark.parametrize("meet", [locked_sqlite, stopped_postgresql, lambda folder: InterfaceError("closed")])
def test_a_job_that_cannot_reach_the_database_is_taken_up_again(
    tmp_path: Path, meet: Callable[[Path], Exception]
) -> None:
    left = failing(meet(tmp_path))
    assert (left.state, left.attempt, left.error) == ("running", 1, None)
    Job.objects.filter(pk=left.pk).update(lease_until=timezone.now())
    taken = services.claim(queue="quick", worker="other")
    assert taken is not None
    assert (taken.pk, taken.attempt) == (left.pk, 2)


def test_cancel_is_honoured_at_the_next_progress_call() -> None:
    steps: list[int] = []

    def work(context: JobContext) -> dict[str, Any]:
        for step in range(3):
            context.progress(step / 3, f"Step {step}")
            steps.append(step)
            services.request_cancel(job_id=context.job.pk)
        return {}

    cancelled = run(work)
    assert steps == [0]
    assert (cancelled.state, cancelled.result) == ("cancelled", {})


def test_a_job_whose_project_is_deleted_ends_quietly(caplog: pytest.LogCaptureFixture) -> None:
    reached: list[str] = []
    job = enqueue()
    Job.objects.filter(pk=job.pk).update(kind="test")

    def work(context: JobContext) -> dict[str, Any]:
        context.job.project.delete()
        context.progress(0.5, "On")
        reached.append("beyond")
        return {}

    with kind(work):
        taken = services.claim(queue="quick", worker="w")
        assert taken is not None
        worker.run_job(taken, threading.Event())
    assert not reached
    assert not Job.objects.exists()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_stopping_worker_puts_its_job_back() -> None:
    stopping = threading.Event()

    def work(context: JobContext) -> dict[str, Any]:
        stopping.set()
        context.progress(0.5, "On")
        return {}

    back = run(work, stopping=stopping)
    assert (back.state, back.attempt) == ("queued", 0)


def test_a_result_of_a_lost_lease_is_not_written() -> None:
    def work(context: JobContext) -> dict[str, Any]:
        Job.objects.filter(pk=context.job.pk).update(worker="successor", attempt=2)
        with pytest.raises(JobLostError):
            context.hold()
        return {"series": "twice"}

    row = run(work)
    assert (row.state, row.worker, row.result) == ("running", "successor", {})


def test_hold_refuses_once_cancel_was_asked_for() -> None:
    def work(context: JobContext) -> dict[str, Any]:
        services.request_cancel(job_id=context.job.pk)
        context.hold()
        return {"written": True}

    assert run(work).state == "cancelled"


@pytest.mark.django_db(transaction=True)
def test_the_worker_takes_jobs_until_it_is_stopped() -> None:
    first, second = enqueue(), enqueue()
    Job.objects.update(kind="test")
    stopping = threading.Event()
    done: list[Any] = []

    def work(context: JobContext) -> dict[str, Any]:
        done.append(context.job.pk)
        if len(done) == 2:
            stopping.set()
        return {}

    with kind(work):
        worker.run_worker("quick", stopping)
    assert done == [first.pk, second.pk]
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}


def test_the_worker_of_a_queue_does_its_chores_once_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping, day = threading.Event(), threading.Event()
    done: list[str] = []

    def fail() -> None:
        done.append("fails")
        raise RuntimeError("no")

    chores = [Chore(Queue.QUICK, lambda: done.append("other queue")), Chore(Queue.LONG, fail)]
    monkeypatch.setattr(worker, "CHORES", [*chores, Chore(Queue.LONG, lambda: done.append("done"))])
    monkeypatch.setattr(worker, "POLL_S", 0.0)
    polls: list[str] = []

    def claim(*, queue: str, worker: str) -> None:
        polls.append(queue)
        if len(polls) == 5:
            assert done == ["fails", "done"]
            day.set()
        if len(polls) == 9:
            stopping.set()

    monkeypatch.setattr(services, "claim", claim)
    started = time.monotonic()
    monkeypatch.setattr(worker.time, "monotonic", lambda: started + (worker.DAY_S if day.is_set() else 0.0))
    worker.run_worker("long", stopping)
    assert done == ["fails", "done"] * 2


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_keeps_a_long_step_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "HEARTBEAT_S", 0.02)
    beaten = threading.Event()
    renewed: list[services.Hold] = []

    def renew(held: services.Hold) -> bool:
        renewed.append(held)
        beaten.set()
        return True

    monkeypatch.setattr(services, "renew", renew)

    def work(context: JobContext) -> dict[str, Any]:
        assert beaten.wait(10)
        return {}

    assert run(work).state == "done"
    assert {(held.worker, held.attempt) for held in renewed} == {("w", 1)}
