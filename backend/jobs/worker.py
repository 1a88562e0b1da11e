"""The loop that takes jobs from one queue and runs them, one at a time."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, close_old_connections, connections

from backend.jobs import services
from backend.jobs.context import JobCancelledError, JobInterruptedError, JobLostError, JobPausedError, RunningJob
from backend.jobs.models import Job, State
from backend.jobs.registry import CHORES, KINDS
from backend.protocol.database import is_database_away
from backend.protocol.disk import is_disk_full
from backend.protocol.errors import DomainError

logger = logging.getLogger(__name__)

POLL_S = 0.5
HEARTBEAT_S = 5.0
DAY_S = 24 * 3600.0


def run_worker(queue: str, stopping: threading.Event) -> None:
    """Runs jobs until `stopping` is set; a job that runs then goes back into the queue at its next step."""
    name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    logger.info("Worker %s takes jobs of queue %s", name, queue)
    chores_at = time.monotonic()
    while not stopping.is_set():
        close_old_connections()
        try:
            job = services.claim(queue=queue, worker=name)
        except (OperationalError, InterfaceError):
            # The database restarts or is locked for long: jobs wait, and so do we.
            logger.exception("Worker %s cannot reach the database; it tries again", name)
            connections.close_all()
            stopping.wait(5.0)
            continue
        if job is not None:
            run_job(job, stopping)
        elif time.monotonic() >= chores_at:
            chores_at = time.monotonic() + DAY_S
            _do_chores(queue)
        else:
            stopping.wait(POLL_S)
    logger.info("Worker %s stops", name)


def _do_chores(queue: str) -> None:
    for chore in CHORES:
        if chore.queue == queue:
            try:
                chore.run()
            except Exception:
                logger.exception("Cannot %s; tomorrow again", chore.run.__name__)


def run_job(job: Job, stopping: threading.Event) -> None:
    """Runs one attempt of a claimed job and writes down how it ended."""
    running = RunningJob(job, stopping)
    logger.info("Job %s (%s) starts, attempt %d", job.pk, job.kind, job.attempt)
    try:
        _attempt(running)
    except (OperationalError, InterfaceError) as error:
        if not is_database_away(error):
            raise
        # No fault of the job's: its lease runs out, and it is taken up again.
        logger.warning("Job %s (%s) cannot reach the database", job.pk, job.kind, exc_info=True)
    logger.info("Job %s (%s) ended its attempt %d", job.pk, job.kind, job.attempt)


def _attempt(running: RunningJob) -> None:
    job = running.job
    with _heartbeat(running.held):
        try:
            result = KINDS[job.kind].run(running)
        except JobCancelledError:
            services.finish(running.held, State.CANCELLED)
        except JobPausedError:
            services.put_aside(running.held)
        except JobInterruptedError:
            services.release(running.held)
        except JobLostError as error:
            logger.warning("%s", error)
        except Exception as error:
            if is_database_away(error):
                raise
            services.finish(running.held, State.FAILED, error=_describe(error, job))
        else:
            services.finish(running.held, State.DONE, result=result)


def _describe(error: Exception, job: Job) -> dict[str, str]:
    """What the person reads: the domain's own words, or for a surprise the number to quote."""
    if isinstance(error, DomainError):
        return {"code": error.code, "message": error.message}
    if is_disk_full(error):
        message = "The server's disk is full. Nothing was kept of this job; free some space and start it again."
        return {"code": "disk_full", "message": message}
    logger.error("Job %s (%s) failed unexpectedly", job.pk, job.kind, exc_info=error)
    if isinstance(error, MemoryError):
        return {"code": "out_of_memory", "message": f"The server ran out of memory in job {job.pk}."}
    message = f"Something went wrong on the server. Quote job {job.pk} to whoever runs it: the log has the cause."
    return {"code": "internal", "message": message}


@contextmanager
def _heartbeat(hold: services.Hold) -> Iterator[None]:
    """Renews the lease from a thread of its own: a long step of the job must not lose it."""
    ended = threading.Event()

    def beat() -> None:
        try:
            while not ended.wait(HEARTBEAT_S):
                try:
                    if not services.renew(hold):
                        return
                except (OperationalError, InterfaceError):
                    logger.warning("Job %s: the heartbeat cannot reach the database", hold.job_id, exc_info=True)
                    connections.close_all()
        finally:
            connections.close_all()

    thread = threading.Thread(target=beat, name=f"heartbeat-{hold.job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
