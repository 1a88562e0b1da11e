"""Every read of models and exports."""

from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings

from backend.annotations.selectors import known_version
from backend.inference import gateway
from backend.inference.gateway import EngineError
from backend.jobs.models import Job, State
from backend.protocol.errors import ConflictError, NotFoundError
from backend.series.models import Series
from ml import registry

EXPORT = "export"


def models() -> list[dict[str, Any]]:
    """Every model and whether it can be used now, with the reason where not."""
    away = ""
    lacking: dict[str, str] = {}
    try:
        lacking = async_to_sync(gateway.unavailable_models)()
    except EngineError as error:
        away = error.message
    found = []
    for info in registry.MODELS.values():
        reason = away or lacking.get(info.name, "")
        found.append(
            {
                "name": info.name,
                "title": info.title,
                "kind": info.kind,
                "promptable": info.promptable,
                "parameters": [asdict(parameter) for parameter in info.parameters],
                "available": not reason,
                "reason": reason,
            }
        )
    return found


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
