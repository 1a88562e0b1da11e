"""Asks for trainings, checks what is asked, and ends them early."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.db import transaction

from backend.annotations.selectors import known_version
from backend.inference import gateway
from backend.inference.models import ModelVersion
from backend.inference.training.folder import folder_of
from backend.inference.training.plan import Plan, Source, plan
from backend.jobs.models import Job, State
from backend.jobs.services import enqueue
from backend.projects.models import Project, User
from backend.projects.selectors import phases_at
from backend.protocol.errors import ConflictError, InvalidError
from backend.series.models import Series
from backend.series.permissions import require_open_series
from ml import registry

TRAIN = "train"
SETTINGS_MODEL = "threshold"  # fitted in seconds, not trained
FIT_S = 30.0


def preview(*, project: Project, values: Mapping[str, Any]) -> Plan:
    """What the split asked for would do."""
    if values.get("resume") is not None:
        raise InvalidError(
            "A training that is resumed keeps its split: there is nothing to preview. Leave `resume` out.",
            fields=_field("resume"),
        )
    order = _order(project, {**values, "from_usual": False})  # what it starts from does not matter here
    return plan_of(order, sources_of(project.pk, order))


def request_training(*, project: Project, created_by: User, values: Mapping[str, Any]) -> Job:
    """A job that trains on the versions of this moment, or that goes on with an earlier one (`resume`)."""
    resumed = values.get("resume")
    if resumed is not None:
        return _request_resumption(project=project, created_by=created_by, job_id=resumed)
    order = _order(project, values)
    found = plan_of(order, sources_of(project.pk, order))
    if found.obstacles:
        raise InvalidError(" ".join(found.obstacles), code="cannot_train")
    return enqueue(kind=TRAIN, project=project, created_by=created_by, parameters=order)


@transaction.atomic
def _request_resumption(*, project: Project, created_by: User, job_id: UUID) -> Job:
    # Locked: two people may press the button at once.
    job = Job.objects.select_for_update().filter(pk=job_id, project=project, kind=TRAIN).first()
    if job is None:
        raise InvalidError(f"This project has no training {job_id}.", fields={"resume": ["Unknown training."]})
    if not can_resume(job):
        raise ConflictError(
            "This training cannot go on: only one that was cancelled or failed after its first epoch can, once. "
            "Start a new one, from its version if it has one.",
            code="cannot_resume",
        )
    return enqueue(
        kind=TRAIN, project=project, created_by=created_by, parameters=job.parameters | {"resume": str(job.pk)}
    )


def can_resume(job: Job) -> bool:
    """Whether a later job may go on where this one stopped: its state is there, and nobody else goes on with it."""
    if job.kind != TRAIN or job.state not in (State.CANCELLED, State.FAILED):
        return False
    # The job that went on took the folder with it; one that waits or was cancelled before has it still ahead.
    taken = Job.objects.filter(
        project_id=job.project_id, kind=TRAIN, parameters__resume=str(job.pk), state__in=(State.QUEUED, State.RUNNING)
    )
    return folder_of(job.pk, job.parameters["model"]).state.is_file() and not taken.exists()


def finish_early(*, job: Job) -> None:
    """Ends a running training after its present step; what it has is kept as a version."""
    if job.state != State.RUNNING:
        raise ConflictError(
            f"This training is {job.state}: only one that runs can be finished early. Cancel one that waits.",
            code="not_running",
        )
    folder = folder_of(job.pk, job.parameters["model"])
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.stop_file.touch()


# ---- what was asked for ---------------------------------------------------------------------------------------


def sources_of(project_id: UUID, order: Mapping[str, Any]) -> list[Source]:
    """The order's series as they are, at its versions; those that were deleted since are left out."""
    ids = [UUID(each["id"]) for each in order["series"]]
    found = Series.objects.filter(project_id=project_id).select_related("pixels").in_bulk(ids)
    return [Source(found[UUID(each["id"])], each["version"]) for each in order["series"] if UUID(each["id"]) in found]


def recipe_of(order: Mapping[str, Any]) -> dict[str, Any]:
    """How it learns, as versions and pages cite it."""
    return {name: order[name] for name in ("config", "time_budget_s", "epochs", "seed", "start")}


def plan_of(order: Mapping[str, Any], sources: Sequence[Source]) -> Plan:
    return plan(sources, order["split"], order["phases"], order["model"])


def _order(project: Project, values: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that decides the training, pinned: the job's parameters."""
    info = registry.MODELS.get(values["model"])
    if info is None or not info.trainable:
        known = ", ".join(name for name, each in registry.MODELS.items() if each.trainable)
        raise InvalidError(f"{values['model'][:64]!r} cannot be trained. There are: {known}.", fields=_field("model"))
    config = values["config"] or (info.configs[0] if info.configs else "")
    if info.configs and config not in info.configs:
        raise InvalidError(
            f"{info.title} has no configuration {config[:64]!r}. There are: {', '.join(info.configs)}.",
            fields=_field("config"),
        )
    settings_version = Project.objects.values_list("settings_version", flat=True).get(pk=project.pk)
    budget_s = values["time_budget_s"] or (FIT_S if info.name == SETTINGS_MODEL else None)
    if budget_s is None:
        raise InvalidError(f"Say how many seconds {info.title} may train.", fields=_field("time_budget_s"))
    order = {
        "model": info.name,
        "config": config if info.configs else "",
        "name": values["name"],
        "series": _pinned(project, values["series"]),
        "settings_version": settings_version,
        "phases": _phases(project, settings_version, values["phases"]),
        "split": _split(values["split"], values["series"]),
        "time_budget_s": budget_s,
        "epochs": values["epochs"],
        "seed": values["seed"],
        "start": None,
    }
    if values["start"] is not None:
        order["start"] = _start(project, order, values["start"])
    elif values["from_usual"]:
        order["start"] = _usual_start(info.title, order)
    return order


def _pinned(project: Project, asked: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = Series.objects.filter(project=project).select_related("project").in_bulk([each["id"] for each in asked])
    pinned = []
    for each in asked:
        series = found.get(each["id"])
        if series is None:
            raise InvalidError(f"This project has no series {each['id']}.", fields=_field("series"))
        require_open_series(series)
        version = known_version(series.version, each["version"])
        pinned.append({"id": str(each["id"]), "version": version, "name": series.name})
    if len({each["id"] for each in pinned}) < len(pinned):
        raise InvalidError("A series is named twice. Name each once.", fields=_field("series"))
    return pinned


def _phases(project: Project, settings_version: int, asked: Sequence[UUID]) -> list[dict[str, Any]]:
    known = {phase.id: phase for phase in phases_at(project.pk, settings_version)}
    if unknown := [each for each in asked if each not in known]:
        raise InvalidError(f"This project has no phase {unknown[0]}.", fields=_field("phases"))
    if len(set(asked)) < len(asked):
        raise InvalidError("A phase is named twice. Name each once.", fields=_field("phases"))
    return [{"id": str(each), "name": known[each].name, "colour": known[each].colour} for each in asked]


def _split(asked: Mapping[str, Any], series: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if asked["by"] == "blocks":
        return {name: asked[name] for name in ("by", "block", "share", "gap")}
    chosen = {each["id"] for each in series}
    if unknown := [each for each in asked["validation"] if each not in chosen]:
        raise InvalidError(
            f"Series {unknown[0]} shall be scored, but it is not among the series of the training.",
            fields=_field("split"),
        )
    return {"by": "series", "validation": [str(each) for each in asked["validation"]]}


def _start(project: Project, order: Mapping[str, Any], version_id: UUID) -> dict[str, Any]:
    version = ModelVersion.objects.filter(project=project, pk=version_id).first()
    if version is None:
        raise InvalidError(f"This project has no model version {version_id}.", fields=_field("start"))
    same = version.model == order["model"] and version.metadata.get("config", order["config"]) == order["config"]
    if not same or order["model"] == SETTINGS_MODEL:
        theirs = f"{version.model} {version.metadata.get('config', '')}".strip()
        raise InvalidError(
            f"{version.name} is {theirs}: {order['model']} {order['config']} cannot start from it. Choose a version of "
            "the same network, or none.",
            fields=_field("start"),
        )
    return {"id": str(version.pk), "sha256": version.sha256}


def _usual_start(title: str, order: Mapping[str, Any]) -> dict[str, Any]:
    row = async_to_sync(gateway.usual_weights)().get(order["model"])
    if row is None or row["file"] is None:
        raise InvalidError(
            f"{title} has no usual weights to start from. Start from a version, or from new weights.",
            fields=_field("from_usual"),
        )
    theirs = row["file"]["metadata"].get("config", order["config"])
    if theirs != order["config"]:
        raise InvalidError(
            f"The usual weights of {title} are {theirs}: {order['config']} cannot start from them. Choose the "
            f"configuration {theirs}, or new weights.",
            fields=_field("from_usual"),
        )
    return {"id": None, "sha256": row["file"]["sha256"]}


def _field(name: str) -> dict[str, list[str]]:
    return {name: ["Cannot be used."]}
