"""Runs a training: frames to the disk, the process that learns, its best weights as a version."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.utils import timezone

from backend.inference import aside, labelled_folder, model_files
from backend.inference.aside import Command, CommandFailedError, CommandKilledError
from backend.inference.labelled_folder import LabelledFolder
from backend.inference.models import ModelVersion, Origin
from backend.inference.snapshot import Snapshot
from backend.inference.training.folder import Row, TrainingFolder, best_scores, folder_of, trainings
from backend.inference.training.orders import SETTINGS_MODEL, plan_of, recipe_of, sources_of
from backend.inference.training.plan import Plan, Source
from backend.inference.training.split import Frames
from backend.inference.versions import Description, add_version
from backend.jobs.context import JobCancelledError
from backend.jobs.models import FINISHED, Job
from backend.jobs.permissions import require_author
from backend.jobs.registry import JobContext
from backend.projects.selectors import phases_at
from backend.protocol.errors import DomainError, InvalidError, NotFoundError

EXPORTED = 0.03  # of the job's progress
MOST_RESTARTS = 2  # of a process that was killed, each after at least one more epoch
KEPT_S = 30 * 24 * 3600.0  # how long a training that nobody went on with can be gone on with


def run_training(context: JobContext) -> dict[str, Any]:
    order = context.job.parameters
    folder = folder_of(context.job.pk, order["model"])
    if (made := ModelVersion.objects.filter(pk=_version_id(context.job)).first()) is not None:
        folder.remove()  # an earlier attempt was killed between its version and its end
        return _result(made)
    _take_over(folder, order)
    try:
        return _train(context, order, folder)
    except (JobCancelledError, DomainError):
        if not folder.state.is_file():  # nothing that another job could go on with
            folder.remove()
        raise


def _train(context: JobContext, order: dict[str, Any], folder: TrainingFolder) -> dict[str, Any]:
    job = context.job
    sources = sources_of(job.project_id, order)
    if len(sources) < len(order["series"]):
        raise NotFoundError("A series of this training was deleted. Start a new one without it.")
    planned = plan_of(order, sources)
    if not folder.exported.exists():
        _export(context, order, planned, sources, folder)
    said = _learn(context, order, folder)
    context.progress(0.99, "Keeping the best weights")
    version = add_version(
        project=job.project,
        created_by=job.created_by,
        model=order["model"],
        file=folder.checkpoint,
        description=_described(job, planned, said, folder.rows()),
        version_id=_version_id(job),
    )
    folder.remove()
    return _result(version)


def _version_id(job: Job) -> UUID:
    return uuid5(job.pk, "version")


def _result(version: ModelVersion) -> dict[str, Any]:
    return {"version": str(version.pk), "name": version.name, "scores": version.scores}


def _take_over(folder: TrainingFolder, order: dict[str, Any]) -> None:
    """Go on in the folder of the training that is resumed; a job that runs again has it already."""
    resumed = order.get("resume")
    if resumed is None or folder.path.exists():
        folder.path.mkdir(parents=True, exist_ok=True)
        return
    earlier = folder_of(UUID(resumed), order["model"])
    try:
        earlier.path.rename(folder.path)
    except FileNotFoundError:
        raise NotFoundError(
            "What the training had learned is no longer there: another job goes on with it, or it was removed after "
            "30 days. Start a new one."
        ) from None
    folder.stop_file.unlink(missing_ok=True)


def _export(
    context: JobContext, order: dict[str, Any], planned: Plan, sources: list[Source], folder: TrainingFolder
) -> None:
    if planned.obstacles:  # of series that were changed since only their pixels could be the reason
        raise InvalidError(" ".join(planned.obstacles), code="cannot_train")
    listed = [str(phase.id) for phase in phases_at(context.job.project_id, order["settings_version"])]
    phases = [listed.index(phase["id"]) for phase in order["phases"]] or None
    total, done = sum(planned.frames.values()), 0

    def before(frame: int) -> None:
        nonlocal done
        context.progress(EXPORTED * done / total, f"Writing frame {done + 1} of {total}")
        done += 1

    sides: list[tuple[Path, Frames]] = [
        (folder.frames, planned.split.training),
        (folder.scored, planned.split.validation),
    ]
    for path, side in sides:
        written = LabelledFolder(path, phases=phases)
        for number, source in enumerate(sources):
            snapshot = Snapshot.read(
                source.series,
                version=source.version,
                settings_version=order["settings_version"],
                names={"project": "", "series": source.series.name},
            )
            written.write(snapshot, number, side.get(source.series.pk, []), before)
    folder.exported.touch()


def _learn(context: JobContext, order: dict[str, Any], folder: TrainingFolder) -> dict[str, Any]:
    """Runs the process until it ends well; what it says at its end."""
    killed = 0
    while True:
        known = len(folder.rows())
        command = Command("train", arguments_of(order, folder), folder.path)
        watch = _Watch(context, order, folder)
        try:
            answer: dict[str, Any] = json.loads(aside.run(command, watch))
        except CommandKilledError:
            killed = killed + 1 if len(folder.rows()) == known else 1
            if killed > MOST_RESTARTS:
                raise
        except CommandFailedError as error:
            raise DomainError(f"The training stopped: {error.message}", code="training_failed") from error
        else:
            return answer


def arguments_of(order: dict[str, Any], folder: TrainingFolder) -> list[str]:
    """What follows `python -m ml`."""
    model = order["model"]
    options = ["train", model, "--json", "--images", folder.frames / "images", "--labels", folder.frames / "labels"]
    options += ["--val", folder.scored, "--out", folder.checkpoint, "--stop-file", folder.stop_file]
    options += [*labelled_folder.READING, "--seed", order["seed"], "--time-budget", order["time_budget_s"]]
    if model == SETTINGS_MODEL:
        return list(map(str, options))
    options += ["--config", order["config"], "--threads", aside.threads(), "--resume", *aside.device_arguments()]
    options += ["--epoch-steps", epoch_steps(order["time_budget_s"]), *_crop(folder)]
    if order["epochs"] is not None:
        options += ["--epochs", order["epochs"]]
    if len(order["phases"]) > 1:
        options += ["--phases", folder.frames / "phases", "--phase-count", len(order["phases"])]
    if (start := order["start"]) is not None:
        usual = start["id"] is None
        file = "usual" if usual else model_files.model_path(model, start["sha256"])
        options += ["--init", file, "--init-sha256", start["sha256"]]
    return list(map(str, options))


def epoch_steps(budget_s: float) -> int:
    """Short trainings are scored more often: one of a minute would otherwise end before its first score."""
    return 8 if budget_s < 300 else 16 if budget_s < 1800 else 32


def _crop(folder: TrainingFolder) -> list[Any]:
    """Crops no larger than the smallest frame, which would be magnified."""
    import tifffile

    usual, least = 256, 64
    shortest = usual
    for path in (folder.frames / "images").iterdir():
        with tifffile.TiffFile(path) as tiff:
            shortest = min(shortest, *tiff.pages[0].shape)
    return [] if shortest == usual else ["--crop", max(shortest // 32 * 32, least)]


class _Watch:
    """Passes on how far the process is, by its log and by the clock."""

    def __init__(self, context: JobContext, order: dict[str, Any], folder: TrainingFolder) -> None:
        self._context, self._order, self._folder = context, order, folder
        self._start = time.monotonic()
        rows = folder.rows()
        self._before_s = float(rows[-1]["seconds"] or 0.0) if rows else 0.0

    def __call__(self) -> None:
        require_author(self._context.job)
        rows = self._folder.rows()
        budget_s, epochs = self._order["time_budget_s"], self._order["epochs"]
        done = (self._before_s + time.monotonic() - self._start) / budget_s
        if epochs and rows:
            done = max(done, float(rows[-1]["epoch"] or 0) / epochs)
        self._context.progress(EXPORTED + (0.98 - EXPORTED) * min(done, 1.0), self._step(rows))

    def _step(self, rows: list[Row]) -> str:
        if self._folder.stop_file.exists():
            return "Finishing early"
        if self._order["model"] == SETTINGS_MODEL:
            return "Fitting the settings"
        if not rows:
            return "Epoch 1"
        row = rows[-1]
        score = f", IoU {row['iou']:.3f}" if row.get("iou") is not None else ""
        return f"Epoch {int(row['epoch'] or 0) + 1}{score}"


def _described(job: Job, planned: Plan, said: dict[str, Any], rows: list[Row]) -> Description:
    order = job.parameters
    if order["model"] == SETTINGS_MODEL:
        settings_of = json.loads(folder_of(job.pk, SETTINGS_MODEL).checkpoint.read_text())
        metadata: dict[str, Any] = {"settings": settings_of["parameters"]}
        names = {"val_iou": "iou", "val_dice": "dice", "val_score": "score"}
        scores = {name: said[key] for key, name in names.items() if said.get(key) is not None}
        trained_s = said.get("seconds")
    else:
        checkpoint = _metadata(folder_of(job.pk, order["model"]).checkpoint)
        metadata = {"config": order["config"], "parameters": said["parameters"]}
        metadata |= {name: int(checkpoint[name]) for name in ("classes", "image_size")}
        scores, trained_s = best_scores(rows), rows[-1]["seconds"] if rows else None
    sides = {"training": planned.split.training, "validation": planned.split.validation}
    return Description(
        Origin.TRAINED,
        name=order["name"],
        metadata=metadata,
        phases=order["phases"],
        provenance={
            "job": str(job.pk),
            "snapshot": {
                "series": {each["id"]: each["version"] for each in order["series"]},
                "settings_version": order["settings_version"],
            },
            "series": {each["id"]: each["name"] for each in order["series"]},
            "split": order["split"],
            "recipe": recipe_of(order),
            "trained_s": trained_s,
            "frames": planned.frames,
            "places": {name: {str(pk): frames for pk, frames in side.items()} for name, side in sides.items()},
            "masks": planned.masks,
        },
        scores=scores,
        curve=rows,
    )


def _metadata(checkpoint: Path) -> dict[str, str]:
    """What a safetensors file says of itself; it was written a moment ago by our own process."""
    with checkpoint.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    found: dict[str, str] = header["__metadata__"]
    return found


def prune_trainings() -> None:
    """Folders of jobs that are gone, and of those that ended long ago and nobody went on with."""
    if not trainings().is_dir():
        return
    now = timezone.now()
    folders = list(trainings().iterdir())  # before the jobs: one that starts meanwhile keeps its own
    jobs = {str(job.pk): job for job in Job.objects.filter(kind="train").only("state", "finished_at")}
    for path in folders:
        job = jobs.get(path.name)
        ended = job is not None and job.state in FINISHED and job.finished_at is not None
        old = ended and job is not None and job.finished_at and (now - job.finished_at).total_seconds() > KEPT_S
        if job is None or old:
            TrainingFolder(path, "").remove()
