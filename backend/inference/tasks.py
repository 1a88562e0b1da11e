"""The jobs: export, segmentation, tracking, training, comparison; and the daily removal of what nothing refers to."""

import logging
import secrets
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings

from backend.inference import segmentation, tracking
from backend.inference.attachment import file_stem
from backend.inference.prune import prune_model_files
from backend.inference.selectors import export_path
from backend.jobs.models import Queue
from backend.jobs.registry import JobContext, daily, job
from backend.protocol.errors import NotFoundError
from backend.series.selectors import find_series

logger = logging.getLogger(__name__)


@job("export", queue=Queue.QUICK, only_reads=True)
def run_export(context: JobContext) -> dict[str, Any]:
    # TIFF and contour writers load when the first export runs, not in every web process.
    from backend.inference.export import write_export
    from backend.inference.snapshot import Snapshot

    row = context.job
    temporary: Path = settings.GRATICULE_DATA / "tmp"
    for earlier in range(1, row.attempt):
        # Of a killed worker; one that lives on has lost the job.
        for left in temporary.glob(f"export-{row.pk}-{earlier}-*"):
            shutil.rmtree(left, ignore_errors=True)
    series = find_series(row.series) if row.series else None
    if series is None:
        raise NotFoundError("The series was deleted before its export began.")
    pinned = row.parameters
    context.progress(0.0, f"Reading version {pinned['version']}")
    snapshot = Snapshot.read(
        series, version=pinned["version"], settings_version=pinned["settings_version"], names=pinned["names"]
    )
    written = write_export(
        snapshot,
        pinned["formats"],
        export_path(row.pk),
        # Each attempt's own: a worker that lost the job must not tidy away what the next one writes.
        draft=temporary / f"export-{row.pk}-{row.attempt}-{secrets.token_hex(4)}",
        progress=context.progress,
    )
    stem = file_stem(pinned["names"]["series"], otherwise="series")
    return {"name": f"{stem}-v{pinned['version']}.zip", "bytes": written.size_bytes, "sha256": written.sha256}


@job(segmentation.SEGMENT, queue=Queue.LONG, pausable=True)
def run_segmentation(context: JobContext) -> dict[str, Any]:
    return segmentation.segment_series(context)


@job(tracking.TRACK, queue=Queue.LONG, pausable=True, shows_parameters=True)
def run_tracking(context: JobContext) -> dict[str, Any]:
    from backend.inference.tracking.work import track_series

    return track_series(context)


@daily(queue=Queue.LONG)
def remove_model_files() -> None:
    if removed := prune_model_files():
        logger.info("Removed %d model files that no version names", removed)


@job("train", queue=Queue.TRAIN)
def run_train(context: JobContext) -> dict[str, Any]:
    from backend.inference.training.work import run_training

    return run_training(context)


@job("compare", queue=Queue.TRAIN)
def run_compare(context: JobContext) -> dict[str, Any]:
    from backend.inference.comparison.work import run_comparison

    return run_comparison(context)


@daily(queue=Queue.TRAIN)
def remove_old_trainings() -> None:
    from backend.inference.comparison.work import prune_comparisons
    from backend.inference.training.work import prune_trainings

    prune_trainings()
    prune_comparisons()
