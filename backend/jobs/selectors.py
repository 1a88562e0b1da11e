"""Every read of jobs."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, F, JSONField, Q, QuerySet, When

from backend.jobs.models import Job
from backend.jobs.registry import KINDS
from backend.protocol.errors import NotFoundError


@dataclass(frozen=True)
class Page:
    """`next` is the id to ask on from, None at the end."""

    results: list[Job]
    next: UUID | None


def _shown() -> QuerySet[Job]:
    """Jobs with `shown_parameters`, None where their kind shows none: an import names thousands of uploads."""
    telling = [name for name, kind in KINDS.items() if kind.shows_parameters]
    shown = Case(When(kind__in=telling, then=F("parameters")), default=None, output_field=JSONField())
    return Job.objects.select_related("created_by").defer("parameters").annotate(shown_parameters=shown)


def find(job_id: UUID) -> Job:
    job = _shown().select_related("project").filter(pk=job_id).first()
    if job is None:
        raise NotFoundError(f"You can see no job {job_id}.")
    return job


def jobs_of(project_id: UUID, *, kind: str | None, before: UUID | None, limit: int) -> Page:
    """The project's jobs (of a kind), newest first, older than job `before`."""
    jobs = _shown().filter(project_id=project_id).order_by("-created_at", "-id")
    if kind is not None:
        jobs = jobs.filter(kind=kind)
    if before is not None:
        last = _shown().filter(project_id=project_id, pk=before).first()
        if last is None:
            raise NotFoundError(f"This project has no job {before} to go on from.")
        jobs = jobs.filter(Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, id__lt=last.pk))
    found = list(jobs[: limit + 1])
    return Page(found[:limit], found[limit - 1].pk if len(found) > limit else None)
