"""Into the archive and back. What is there can be seen and exported; nothing changes until it is restored."""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from backend.jobs.models import FINISHED, Job
from backend.jobs.registry import KINDS
from backend.projects.models import Project, User
from backend.projects.permissions import require_open_project
from backend.protocol.errors import ConflictError, NotFoundError
from backend.series.models import Series

NAMED = 3  # jobs that a refusal names


@transaction.atomic
def archive_project(*, project_id: UUID, by: User) -> Project:
    project = _project(project_id)
    if project.archived_at is None:
        # A commit that is under way comes before; those after it find the project in the archive.
        list(project.series.select_for_update().order_by("pk").values_list("pk"))
        _require_nothing_runs(project.name, Job.objects.filter(project=project))
        project.archived_at, project.archived_by = timezone.now(), by
        project.save(update_fields=["archived_at", "archived_by"])
    return project


@transaction.atomic
def restore_project(*, project_id: UUID) -> Project:
    """Series that were archived one by one stay in the archive."""
    project = _project(project_id)
    project.archived_at, project.archived_by = None, None
    project.save(update_fields=["archived_at", "archived_by"])
    return project


@transaction.atomic
def archive_series(*, series_id: UUID, by: User) -> None:
    series = _series(series_id)
    if series.archived_at is None:
        require_open_project(series.project)
        _require_nothing_runs(series.name, Job.objects.filter(series=series.pk))
        series.archived_at, series.archived_by = timezone.now(), by
        series.save(update_fields=["archived_at", "archived_by"])


@transaction.atomic
def restore_series(*, series_id: UUID) -> None:
    series = _series(series_id)
    require_open_project(series.project)
    series.archived_at, series.archived_by = None, None
    series.save(update_fields=["archived_at", "archived_by"])


def _require_nothing_runs(name: str, jobs: QuerySet[Job]) -> None:
    """What only reads may go on. A job is not cancelled here: hours of somebody's work may be in it."""
    reading = [kind.name for kind in KINDS.values() if kind.only_reads]
    running = jobs.exclude(state__in=FINISHED).exclude(kind__in=reading).select_related("created_by")
    found = list(running.order_by("created_at")[: NAMED + 1])
    if not found:
        return
    named = ", ".join(f"{job.kind} by {job.created_by.shown_name} ({job.state})" for job in found[:NAMED])
    more = f" and {running.count() - NAMED} more" if len(found) > NAMED else ""
    raise ConflictError(
        f"{name} cannot be archived while jobs work on it: {named}{more}. Let them finish, or cancel them under Jobs.",
        code="jobs_running",
    )


def _project(project_id: UUID) -> Project:
    project = Project.objects.select_for_update().filter(pk=project_id).first()
    if project is None:
        raise NotFoundError(f"There is no project {project_id}.")
    return project


def _series(series_id: UUID) -> Series:
    """The row that whoever appends a changeset locks, too: a commit comes before the archive or is refused."""
    series = Series.objects.select_for_update(of=("self",)).select_related("project").filter(pk=series_id).first()
    if series is None:
        raise NotFoundError(f"There is no series {series_id}.")
    return series
