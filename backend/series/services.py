"""Changes of series but for their annotations: asking for an import, renaming, deleting."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.db import transaction

from backend.jobs.models import Job
from backend.jobs.services import enqueue
from backend.projects.models import Project, User
from backend.protocol.errors import ConflictError, InvalidError, NotFoundError
from backend.series.models import Series, Transfer
from backend.series.permissions import require_open_series
from backend.series.selectors import find_uploads


@transaction.atomic
def request_import(*, project: Project, created_by: User, name: str, upload_ids: Sequence[UUID]) -> Job:
    """A job that makes one series of the uploads."""
    if len(upload_ids) > settings.MAX_FRAMES:
        raise InvalidError(f"{len(upload_ids)} files; the limit is {settings.MAX_FRAMES}. Import them in parts.")
    if len(set(upload_ids)) != len(upload_ids):
        raise InvalidError("One upload is named twice. Name each once.", fields={"uploads": ["Named twice."]})
    forget_transfers(upload_ids)
    find_uploads(project.pk, upload_ids)
    parameters = {"name": name, "uploads": [str(upload_id) for upload_id in upload_ids]}
    return enqueue(kind="import", project=project, created_by=created_by, parameters=parameters)


def forget_transfers(upload_ids: Sequence[UUID]) -> None:
    """The uploads are used now: `prune` shall not take them for files that came and were given up."""
    for start in range(0, len(upload_ids), 1000):
        part = Transfer.objects.filter(upload__in=upload_ids[start : start + 1000])
        part.filter(pk__in=[transfer.pk for transfer in part.select_for_update()]).delete()


@transaction.atomic
def rename_series(*, series: Series, name: str) -> Series:
    locked = Series.objects.select_for_update().filter(pk=series.pk).first()
    if locked is None:
        raise NotFoundError(f"There is no series {series.pk}.")
    require_open_series(locked)  # it may have been archived while the change waited
    series.name = name
    series.save(update_fields=["name"])
    return series


@transaction.atomic
def delete_series(*, series_id: UUID) -> None:
    """From the archive only, with all its annotations and their history.

    Its pixels go when `prune` finds that nobody shows them.
    """
    series = Series.objects.select_for_update().filter(pk=series_id).first()
    if series is None:
        raise NotFoundError(f"There is no series {series_id}.")
    if series.archived_at is None:
        raise ConflictError(
            f"{series.name} is not in the archive. Archive it first: only from there it can be deleted.",
            code="not_archived",
        )
    series.delete()
