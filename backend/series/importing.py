"""From uploaded files to a series: read, write the pixel store, then one transaction that makes it exist."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, transaction

from backend.projects.models import Project, User
from backend.projects.permissions import require_open_project
from backend.protocol.disk import is_disk_full
from backend.protocol.errors import DomainError, NotFoundError
from backend.series import pixel_store
from backend.series.files import store_folder, store_path, upload_path
from backend.series.models import PixelStore, Series, Upload
from backend.series.ownership import without_owner
from ml.formats.apart import ReaderLimits, ReaderProcess, ReadyReader, SeriesApart
from ml.formats.calibration import Calibration
from ml.formats.errors import FormatError
from ml.formats.limits import Limits

Progress = Callable[[float, str], None]  # may raise to cancel
Hold = Callable[[], None]  # called in the transaction before it writes; may raise to cancel


_reader = ReadyReader()


@dataclass(frozen=True)
class ImportOrder:
    """What to import. `series_id` is fixed beforehand, so that a repeated attempt makes no second series.

    `attempt` counts from 1: what a killed earlier one left is removed.
    """

    series_id: UUID
    project: Project
    created_by: User
    name: str
    uploads: tuple[Upload, ...]
    attempt: int = 1


def import_series(order: ImportOrder, *, progress: Progress, hold: Hold) -> Series:
    """The new series. Where anything goes wrong nothing of it stays, but for the uploads."""
    done = Series.objects.filter(pk=order.series_id).first()
    if done is not None:
        return done
    progress(0.0, "Opening the files")
    for earlier in range(1, order.attempt):
        # Whoever still writes there has lost the job and keeps nothing; a full disk would fail this attempt, too.
        pixel_store.remove_drafts(store_folder(), _draft_name(order.series_id, earlier))
    try:
        # The draft is removed last, so that the words on a full disk tell how full it was.
        with (
            pixel_store.draft_folder(store_folder(), _draft_name(order.series_id, order.attempt)) as draft,
            _telling_of_a_full_disk(order.uploads),
            _reader.take(_reader_limits()) as process,
        ):
            said = _Said(progress)
            reader = _open(process, order.uploads, said)
            total = reader.frames
            written = pixel_store.write(
                reader, draft, lambda t: said(0.05 + 0.9 * t / total, f"Reading frame {t + 1} of {total}")
            )
            process.close()
            progress(0.95, "Storing the series")
            pixel_store.flush(draft)
            return _create(order, calibration=reader.calibration, written=written, draft=draft, hold=hold)
    except FormatError as error:
        raise DomainError(str(error), code=_code(error)) from error
    finally:
        _reader.prepare(_reader_limits())


def _draft_name(series_id: UUID, attempt: int) -> str:
    return f"import-{series_id}-{attempt}"


@contextmanager
def _telling_of_a_full_disk(uploads: Sequence[Upload]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not is_disk_full(error):
            raise
        free = shutil.disk_usage(store_folder()).free
        names = ", ".join(upload.name for upload in uploads[:3])
        raise DomainError(
            f"The server's disk became full while {names} was imported ({free} bytes were free). Nothing of it was "
            "kept but the upload; free some space and import it again.",
            code="disk_full",
        ) from error


class _Said:
    """The progress told last, to be told again while a reader is busy: so a cancelled import ends in the middle."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._last = (0.0, "Opening the files")

    def __call__(self, fraction: float, step: str) -> None:
        self._last = (fraction, step)
        self._progress(fraction, step)

    def again(self) -> None:
        self._progress(*self._last)


def _reader_limits() -> ReaderLimits:
    return ReaderLimits(memory_bytes=settings.MAX_READER_BYTES, patience_s=settings.READER_PATIENCE_S)


def _open(process: ReaderProcess, uploads: Sequence[Upload], said: _Said) -> SeriesApart:
    limits = Limits(
        max_frame_px=settings.MAX_FRAME_PIXELS,
        max_frames=settings.MAX_FRAMES,
        max_total_bytes=settings.MAX_SERIES_BYTES,
    )
    return process.open(
        [upload_path(upload.sha256) for upload in uploads],
        limits,
        names=[upload.name for upload in uploads],
        on_frame=lambda t: said(0.0, f"Looking at frame {t + 1}"),
        on_wait=said.again,
    )


def _create(
    order: ImportOrder, *, calibration: Calibration, written: pixel_store.WrittenStore, draft: Path, hold: Hold
) -> Series:
    try:
        return _commit(order, calibration=calibration, written=written, draft=draft, hold=hold)
    except Exception:
        if not draft.exists():
            _withdraw(written, draft)
        raise


@transaction.atomic
def _commit(
    order: ImportOrder, *, calibration: Calibration, written: pixel_store.WrittenStore, draft: Path, hold: Hold
) -> Series:
    # First the project, then its job: who deletes the project locks them in this order too.
    project = Project.objects.select_for_update().filter(pk=order.project.pk).first()
    hold()
    if project is None:
        raise NotFoundError(f"Project {order.project.pk} was deleted during the import.")
    require_open_project(project)
    store, _ = PixelStore.objects.select_for_update().get_or_create(
        hash=written.hash,
        defaults={
            "frames": written.frames,
            "height": written.height,
            "width": written.width,
            "channels": written.channels,
            "dtype": written.dtype,
            "levels": written.levels_json(),
            "input_low": written.input_low,
            "input_high": written.input_high,
            "size_bytes": written.size_bytes,
        },
    )
    initial = _calibration_json(calibration)
    series = Series.objects.create(
        id=order.series_id,
        project=project,
        name=order.name,
        pixels=store,
        initial_calibration=initial,
        calibration=initial,
        sources=[
            {"name": upload.name, "sha256": upload.sha256, "bytes": upload.size_bytes} for upload in order.uploads
        ],
        created_by=order.created_by,
    )
    # While the store's row is locked: `prune` cannot take an equal store away that nobody showed until now.
    pixel_store.publish(draft, store_path(written.hash), written)
    return series


def _withdraw(written: pixel_store.WrittenStore, draft: Path) -> None:
    """Makes a store a draft again whose row could not be committed, unless an equal series has it by now."""
    # Where the database does not answer the store waits for `prune`.
    with suppress(DatabaseError, InterfaceError, OSError), without_owner(written.hash) as orphaned:
        if orphaned:
            store_path(written.hash).rename(draft)


def _calibration_json(calibration: Calibration) -> dict[str, Any]:
    return {
        "pixel_size": calibration.pixel_size,
        "unit": calibration.unit,
        "frame_interval_s": calibration.frame_interval_s,
        "source": calibration.source,
        "revision": None,
    }


def _code(error: FormatError) -> str:
    """NotAnImageError says not_an_image to programs."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()
