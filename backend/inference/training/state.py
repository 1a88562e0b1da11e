"""What is shown of a training while it runs and afterwards."""

from typing import Any

from backend.inference.models import ModelVersion
from backend.inference.training.folder import folder_of
from backend.inference.training.orders import TRAIN, can_resume, recipe_of
from backend.inference.training.plan import Plan
from backend.inference.training.split import Frames
from backend.jobs.models import Job
from backend.protocol.errors import NotFoundError
from ml import registry


def require_training(job: Job) -> Job:
    if job.kind != TRAIN:
        raise NotFoundError(f"Job {job.pk} is no training.")
    return job


def training_state(job: Job) -> dict[str, Any]:
    """What was asked for, its log, the version that came of it, and whether another job may go on with it."""
    order = job.parameters
    info = registry.MODELS.get(order["model"])
    version = ModelVersion.objects.filter(pk=job.result["version"]).first() if "version" in job.result else None
    return {
        "name": order["name"],
        "model": info.title if info else order["model"],
        "series": [each["name"] for each in order["series"]],
        "recipe": recipe_of(order),
        "rows": version.curve if version else folder_of(job.pk, order["model"]).rows(),
        "version": version.pk if version else None,
        "can_resume": can_resume(job),
        "state": job.state,
    }


def preview_of(plan: Plan) -> dict[str, Any]:
    split = plan.split
    sides = {"training": split.training, "validation": split.validation, "unused": split.unused}
    return {
        **{name: _listed(side) for name, side in sides.items()},
        "masks": plan.masks,
        "problems": [*plan.obstacles, *plan.notes],
        "can_start": not plan.obstacles,
    }


def _listed(side: Frames) -> list[dict[str, Any]]:
    return [{"series": series, "frames": frames} for series, frames in side.items()]
