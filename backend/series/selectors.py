"""Every read of series and uploads."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from backend.projects.models import User
from backend.protocol.errors import InvalidError
from backend.series.models import Series, Transfer, Upload

# The chosen model is a row of an app above; its name is known here, so that a list costs one query.
_SHOWN = ("pixels", "created_by", "changed_by", "archived_by", "chosen_model")


def series_of(project_id: UUID, *, archived: bool = False) -> QuerySet[Series]:
    """Those in the archive, or those that are not."""
    rows = Series.objects.filter(project_id=project_id, archived_at__isnull=not archived)
    return rows.select_related(*_SHOWN)


def find_series(series_id: UUID) -> Series | None:
    return Series.objects.select_related(*_SHOWN, "project").filter(pk=series_id).first()


def transfers_of(project_id: UUID, user: User) -> QuerySet[Transfer]:
    return Transfer.objects.filter(project_id=project_id, created_by=user)


def find_transfer(transfer_id: UUID, user: User) -> Transfer | None:
    return Transfer.objects.filter(pk=transfer_id, created_by=user).first()


def find_uploads(project_id: UUID, upload_ids: Sequence[UUID]) -> tuple[Upload, ...]:
    """The project's uploads in the order asked for."""
    uploads = Upload.objects.filter(project_id=project_id)
    # In parts, because SQLite takes a limited number of values in one query.
    parts = (upload_ids[start : start + 1000] for start in range(0, len(upload_ids), 1000))
    found = {upload.pk: upload for part in parts for upload in uploads.filter(pk__in=part)}
    if missing := [upload_id for upload_id in upload_ids if upload_id not in found]:
        raise InvalidError(
            f"This project has no upload {missing[0]}. Upload the file first.", fields={"uploads": ["Unknown upload."]}
        )
    return tuple(found[upload_id] for upload_id in upload_ids)
