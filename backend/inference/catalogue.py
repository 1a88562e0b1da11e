"""Every read of models and their versions."""

from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db.models import QuerySet

from backend.inference import gateway
from backend.inference.attachment import file_stem
from backend.inference.gateway import EngineError
from backend.inference.model_files import model_path
from backend.inference.models import ModelVersion
from backend.protocol.errors import NotFoundError
from ml import registry


def models() -> list[dict[str, Any]]:
    """Every segmenter and whether it can be used now with its usual weights, with the reason where not."""
    away = ""
    usual: dict[str, dict[str, Any]] = {}
    try:
        usual = async_to_sync(gateway.usual_weights)()
    except EngineError as error:
        away = error.message
    found = []
    for info in registry.of_kind("segmenter").values():
        row = usual.get(info.name, {"reason": "", "file": None})
        reason = away or row["reason"]
        found.append(
            {
                "name": info.name,
                "title": info.title,
                "kind": info.kind,
                "promptable": info.promptable,
                "parameters": [asdict(parameter) for parameter in info.parameters],
                "available": not reason,
                "reason": reason,
                "bundled": row["file"],
                "trainable": info.trainable,
                "configs": list(info.configs),
            }
        )
    return found


def trackers() -> list[dict[str, Any]]:
    """Every tracker and whether it can be used now, with the reason where not; the usual one first."""
    away = ""
    usual: dict[str, dict[str, Any]] = {}
    try:
        usual = async_to_sync(gateway.usual_weights)()
    except EngineError as error:
        away = error.message
    found = [
        {
            "name": info.name,
            "title": info.title,
            "available": not (away or usual.get(info.name, {}).get("reason")),
            "reason": away or usual.get(info.name, {}).get("reason", ""),
            "bundled": usual.get(info.name, {}).get("file"),
            "default": info.name == registry.DEFAULT_TRACKER,
        }
        for info in registry.of_kind("tracker").values()
    ]
    return sorted(found, key=lambda row: not row["default"])


def versions_of(project_id: UUID) -> QuerySet[ModelVersion]:
    return ModelVersion.objects.filter(project_id=project_id).select_related("created_by")


def find_version(version_id: UUID) -> ModelVersion:
    version = ModelVersion.objects.select_related("created_by").filter(pk=version_id).first()
    if version is None:
        raise NotFoundError(f"You can see no model version {version_id}.")
    return version


def title_of(version: ModelVersion) -> str:
    """Of its model; a version outlives a model that is registered no more."""
    info = registry.MODELS.get(version.model)
    return info.title if info else version.model


def is_available(version: ModelVersion) -> bool:
    """Whether it can be used: its model is registered, and its file is where it belongs."""
    known = version.model in registry.MODELS or (settings.TEST_MODELS and version.model in registry.TEST_MODELS)
    return known and model_path(version.model, version.sha256).is_file()


def parameters_of(version: ModelVersion) -> list[dict[str, Any]]:
    """The model's settings; what the version was fitted to takes the place of the defaults."""
    info = registry.MODELS.get(version.model)
    fitted = version.metadata.get("settings", {})
    parameters = [asdict(parameter) for parameter in info.parameters] if info else []
    return [each | {"default": fitted.get(each["name"], each["default"])} for each in parameters]


def file_of(version: ModelVersion) -> tuple[Path, str]:
    """The version's file, and what to call it where it is downloaded."""
    path = model_path(version.model, version.sha256)
    if not path.is_file():
        raise NotFoundError(f"The file of {version.name} is gone. Restore models/ from a backup, or upload it again.")
    return path, f"{file_stem(version.name, otherwise=version.model)}{path.suffix}"
