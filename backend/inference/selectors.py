"""Every read of exports."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from backend.annotations.selectors import known_version
from backend.jobs.models import Job, State
from backend.protocol.errors import ConflictError, NotFoundError
from backend.series.models import Series

EXPORT = "export"


def pinned(series_id: UUID, version: int | None) -> dict[str, Any]:
    """What an export of this version, the present one where None, is made of.

    One query: phases and names of one moment, which stay what the export is made of whatever is renamed later.
    """
    fields = ("version", "name", "project__name", "project__settings_version")
    row = Series.objects.filter(pk=series_id).values_list(*fields).first()
    if row is None:
        raise NotFoundError(f"There is no series {series_id}.")
    head, series, project, settings_version = row
    return {
        "version": known_version(head, version),
        "settings_version": settings_version,
        "names": {"project": project, "series": series},
    }


def export_path(job_id: UUID) -> Path:
    folder: Path = settings.GRATICULE_DATA / "exports"
    return folder / f"{job_id}.zip"


def finished_export(job: Job) -> Path:
    """The file of an export job that is done."""
    if job.kind != EXPORT:
        raise NotFoundError(f"Job {job.pk} is no export: there is nothing to download.")
    if job.state != State.DONE:
        raise ConflictError(f"This export is {job.state}. Download it when it is done.", code="not_done")
    path = export_path(job.pk)
    if not path.is_file():
        raise NotFoundError("This export's file was removed. Export the version again.")
    return path
