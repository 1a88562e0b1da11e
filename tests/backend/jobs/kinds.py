"""Kinds of job for the tests, registered while a test runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from backend.jobs import registry, services
from backend.jobs.models import Job, Queue
from backend.jobs.registry import Kind, RunJob
from tests.backend.builders import make_project


@contextmanager
def kind(run: RunJob, name: str = "test") -> Iterator[None]:
    registry.KINDS[name] = Kind(name, Queue.QUICK, run)
    try:
        yield
    finally:
        del registry.KINDS[name]


def enqueue(**values: Any) -> Job:
    project = make_project()
    author = project.memberships.get(role="owner").user
    return services.enqueue(kind="import", project=project, created_by=author, parameters={}, **values)


def claimed(worker: str = "w1") -> Job:
    job = services.claim(queue="quick", worker=worker)
    assert job is not None
    return job


def hold(job: Job) -> services.Hold:
    return services.Hold(job.pk, job.worker, job.attempt)


def stored(job_id: UUID) -> Job:
    return Job.objects.get(pk=job_id)
