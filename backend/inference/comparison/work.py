"""Runs a comparison: frames to the disk, the process that measures, its table and masks into the job's folder."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from backend.inference import aside, labelled_folder, model_files
from backend.inference.aside import Command, CommandFailedError
from backend.inference.comparison.archive import ARCHIVE, write_archive
from backend.inference.labelled_folder import LabelledFolder
from backend.inference.snapshot import Snapshot
from backend.jobs.models import FINISHED, Job
from backend.jobs.permissions import require_author
from backend.jobs.registry import JobContext
from backend.protocol.errors import DomainError, NotFoundError
from backend.series.selectors import find_series

FIT_S = 30.0  # of the control `threshold`
EXPORTED = 0.05
_KEPT = ("device", "threads", "seed", "tolerance_px", "notes")


def comparisons() -> Path:
    folder: Path = settings.GRATICULE_DATA / "comparisons"
    return folder


def folder_of(job_id: UUID) -> Path:
    return comparisons() / str(job_id)


def run_comparison(context: JobContext) -> dict[str, Any]:
    job = context.job
    for left in comparisons().glob(f"{job.pk}.*"):
        shutil.rmtree(left, ignore_errors=True)  # of a killed worker; one that lives on has lost the job
    # Each attempt's own: a worker that lost the job must not tidy away what the next one writes.
    draft = comparisons() / f"{job.pk}.{job.attempt}"
    draft.mkdir(parents=True)
    try:
        result = _compare(context, draft)
        with transaction.atomic():
            context.hold()
            shutil.rmtree(folder_of(job.pk), ignore_errors=True)  # of an attempt that was killed at its very end
            draft.rename(folder_of(job.pk))
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return result


def _compare(context: JobContext, folder: Path) -> dict[str, Any]:
    order = context.job.parameters
    _export(context, order, folder)
    result = _measure(context, order, folder)
    (folder / "comparison.json").write_text(json.dumps(result, allow_nan=False))
    write_archive(folder / ARCHIVE, folder / "out", result)
    for left in (folder / "frames" / "images", folder / "fit", folder / "out"):
        shutil.rmtree(left, ignore_errors=True)
    return {"models": len(order["models"]), "frames": len(order["frames"])}


def _export(context: JobContext, order: Mapping[str, Any], folder: Path) -> None:
    series = find_series(UUID(order["series"]))
    if series is None:
        raise NotFoundError("The series was deleted before the comparison began.")
    snapshot = Snapshot.read(
        series,
        version=order["version"],
        settings_version=order["settings_version"],
        names={"project": "", "series": series.name},
    )
    total, done = len(order["frames"]) + len(order["fit"]), 0

    def before(frame: int) -> None:
        nonlocal done
        context.progress(EXPORTED * done / total, f"Writing frame {done + 1} of {total}")
        done += 1

    for name, frames in (("frames", order["frames"]), ("fit", order["fit"])):
        LabelledFolder(folder / name, name=lambda _, frame: frame_title(frame)).write(snapshot, 0, frames, before)
    _drop_equal(folder)


def _drop_equal(folder: Path) -> None:
    """Series may repeat a frame: one that is scored under another index must not be fitted to."""
    scored = {path.read_bytes() for path in (folder / "frames" / "images").iterdir()}
    for path in sorted((folder / "fit" / "images").iterdir()):
        if path.read_bytes() in scored:
            path.unlink()
            (folder / "fit" / "labels" / path.name).unlink()


def _measure(context: JobContext, order: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    asked = len(order["models"])
    networks = {one["model"] for one in order["models"]} - {"threshold"}
    rows = asked + (1 + len(networks) if order["controls"] else 0)  # about: not every model has a control
    total = rows * len(order["frames"])

    def watch() -> None:
        require_author(context.job)
        done = sum(1 for _ in (folder / "masks").glob("*/*.png"))
        context.progress(
            EXPORTED + (0.98 - EXPORTED) * min(done / total, 1.0),
            f"Segmenting: {done} of {total} frames" if done else "Fitting the control, loading the models",
        )

    try:
        answer = json.loads(aside.run(Command("compare", arguments_of(order, folder), folder), watch))
    except CommandFailedError as error:
        raise DomainError(f"The comparison stopped: {error.message}", code="comparison_failed") from error
    return _shown(answer, order)


def arguments_of(order: Mapping[str, Any], folder: Path) -> list[str]:
    """What follows `python -m ml`."""
    frames, fit = folder / "frames", folder / "fit"
    options: list[Any] = ["compare", "--json", "--images", frames / "images", "--labels", frames / "labels"]
    options += [*labelled_folder.READING, "--out", folder / "out", "--masks", folder / "masks"]
    options += [*aside.device_arguments(), "--models"]
    for one in order["models"]:
        weights = f"={model_files.model_path(one['model'], one['sha256'])}" if one["sha256"] else ""
        options.append(one["model"] + weights)
    options += [f"--title={one['label']}" for one in order["models"]]
    if not order["controls"]:
        options.append("--no-controls")
    elif any((fit / "images").iterdir()):
        options += ["--fit-images", fit / "images", "--fit-labels", fit / "labels", "--fit-budget", FIT_S]
    return list(map(str, options))


def _shown(answer: Mapping[str, Any], order: Mapping[str, Any]) -> dict[str, Any]:
    """The command's answer with series, frames and versions instead of names of files."""
    rows, per_frame = [], {}
    for number, row in enumerate(answer["models"]):
        ours = order["models"][number] if number < len(order["models"]) else {}
        key = str(number)
        rows.append(
            {name: value for name, value in row.items() if name != "weights"}
            | {"key": key, "version": ours.get("version")}
            | {name: ours.get(name, []) for name in ("trained_on", "chosen_by")}
            | {"error": row["error"] and aside.without_paths(row["error"])}
        )
        images = answer["per_image"].get(row["label"], {})
        per_frame[key] = {str(_frame_of(name)): scores for name, scores in images.items()}
    notes = [aside.without_paths(note) for note in answer["notes"] if "training curves" not in note]
    for row in rows:
        if row["trained_on"]:
            notes.append(
                f"{row['label']} was trained on {len(row['trained_on'])} of these frames: its scores there say little "
                "about frames that it has not seen."
            )
        if row["chosen_by"]:
            notes.append(
                f"The weights of {row['label']} were kept for their scores on {len(row['chosen_by'])} of these frames: "
                "they flatter it a little."
            )
    return {name: answer[name] for name in _KEPT} | {
        "series": order["series"],
        "series_name": order["series_name"],
        "version": order["version"],
        "frames": order["frames"],
        "fitted_on": sorted(_frame_of(name) for name in answer["fitted_on"]),
        "notes": notes,
        "models": rows,
        "per_frame": per_frame,
    }


def frame_title(frame: int) -> str:
    """As the tables and figures call it: people count from one. Their names sort as they do."""
    return f"frame {frame + 1:04d}"


def _frame_of(title: str) -> int:
    return int(title.removeprefix("frame ")) - 1


def prune_comparisons() -> None:
    """Folders of jobs that went with their project, and what killed attempts left."""
    if not comparisons().is_dir():
        return
    folders = list(comparisons().iterdir())  # before the jobs: one that is asked for meanwhile keeps its own
    states = {str(pk): state for pk, state in Job.objects.filter(kind="compare").values_list("pk", "state")}
    for path in folders:
        name, _, attempt = path.name.partition(".")
        if name not in states or (attempt and states[name] in FINISHED):
            shutil.rmtree(path, ignore_errors=True)
