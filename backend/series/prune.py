"""Removes files that nothing refers to any more: of deleted series and projects, of broken-off uploads and imports."""

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from backend.jobs.models import FINISHED, Job
from backend.protocol.errors import LockedError
from backend.series.files import is_hash, store_folder, store_path, transfers_folder, uploads_folder
from backend.series.models import PixelStore, Series, Transfer, Upload
from backend.series.ownership import without_owner
from backend.series.transfers import discard, expired
from backend.series.uploads import locked

# Younger files may belong to a request or a job that has not written its row yet.
SAFE_AGE_S = 24 * 3600


def prune(*, safe_age_s: float = SAFE_AGE_S) -> int:
    """The number of things removed."""
    before = time.time() - safe_age_s
    return (
        _prune_stores(before)
        + _prune_drafts(before)
        + _prune_transfers(before)
        + _prune_uploads(before)
        + _prune_exports(before)
        + sum(_remove(path) for path in _older(settings.GRATICULE_DATA / "tmp", before))
    )


def _prune_stores(before: float) -> int:
    removed = 0
    for pixels in PixelStore.objects.filter(series=None):
        trash = store_folder() / f".trash-{pixels.hash}-{secrets.token_hex(4)}"
        with transaction.atomic():
            # The import of an equal series locks the same row before it looks whether the store is there.
            locked = PixelStore.objects.select_for_update().filter(pk=pixels.pk).first()
            path = store_path(pixels.hash)
            if locked is None or Series.objects.filter(pixels=locked).exists() or not _is_old(path, before):
                continue
            locked.delete()
            # A store is whole under its name or not there, whenever this process dies or the row comes back; and
            # removing thousands of files takes longer than others may wait for the row.
            if path.exists():
                path.rename(trash)
        removed += _remove(trash)
    known = set(PixelStore.objects.values_list("hash", flat=True))
    orphans = [path for path in _older(store_folder(), before) if path.suffix == ".zarr" and path.stem not in known]
    return removed + sum(_prune_orphan(path) for path in orphans)


def _prune_orphan(path: Path) -> int:
    """A store without a row; it gets an owner when equal pixels are imported."""
    if not is_hash(path.stem):
        return _remove(path)
    trash = store_folder() / f".trash-{path.stem}-{secrets.token_hex(4)}"
    with without_owner(path.stem) as orphaned:
        if orphaned and path.exists():
            path.rename(trash)
    return _remove(trash) if trash.exists() else 0


def _prune_drafts(before: float) -> int:
    """Trash, and drafts that a killed worker left; while its job runs or waits, one may be the present attempt's."""
    alive = tuple(f".import-{pk}-" for pk in Job.objects.exclude(state__in=FINISHED).values_list("pk", flat=True))
    drafts = (path for path in _older(store_folder(), before) if path.name.startswith("."))
    return sum(_remove(path) for path in drafts if not path.name.startswith(alive))


def _prune_transfers(before: float) -> int:
    """Files that stopped coming long ago, and what came of those whose project was deleted."""
    removed = 0
    for transfer in expired():
        with suppress(LockedError):  # a part of it comes at this moment
            discard(transfer)
            removed += 1
    known = {str(pk) for pk in Transfer.objects.filter(upload=None).values_list("pk", flat=True)}
    leftovers = [path for path in _older(transfers_folder(), before) if path.stem not in known]
    return removed + sum(_remove(path) for path in leftovers)


def _prune_uploads(before: float) -> int:
    """Files without a row: their project was deleted, or the request broke off."""
    known = {*Upload.objects.values_list("sha256", flat=True), *_whole().values_list("sha256", flat=True)}
    folders = [path for path in _iterate(uploads_folder()) if path.is_dir()]
    files = [path for folder in folders for path in _older(folder, before) if path.name not in known]
    drafts = [path for path in _older(uploads_folder(), before) if path.is_file()]
    return sum(_prune_upload(path, before) for path in files) + sum(_remove(path) for path in drafts)


def _prune_upload(path: Path, before: float) -> int:
    with locked(path.parent):
        # Equal bytes may have come since its row was looked for.
        referred = (Upload.objects.filter(sha256=path.name), _whole().filter(sha256=path.name))
        if any(rows.exists() for rows in referred) or not _is_old(path, before):
            return 0
        return _remove(path)


def _whole() -> QuerySet[Transfer]:
    """Came as a whole; its upload is made at the next question, where the server was killed in the middle."""
    return Transfer.objects.filter(upload=None).exclude(sha256="")


def _prune_exports(before: float) -> int:
    """Archives whose job was deleted with its project."""
    known = {str(pk) for pk in Job.objects.values_list("pk", flat=True)}
    archives = _older(settings.GRATICULE_DATA / "exports", before)
    return sum(_remove(path) for path in archives if path.name.partition(".")[0] not in known)


def _older(folder: Path, before: float) -> Iterator[Path]:
    return (path for path in _iterate(folder) if _is_old(path, before))


def _iterate(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _is_old(path: Path, before: float) -> bool:
    return not path.exists() or path.stat().st_mtime < before


def _remove(path: Path) -> int:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return 1
