"""Which weights a model and a version name, and which of the project's phases its answers are of."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from backend.inference.models import ModelVersion, SeriesModel
from backend.projects.models import Phase
from backend.protocol.errors import InvalidError
from backend.series.models import Series
from ml import registry
from ml.types import ModelInfo


@dataclass(frozen=True)
class Choice:
    """A model with its usual weights, or those of a version.

    Attributes
    ----------
    weights
        SHA-256 of the version's file, None for the usual ones.
    phases
        By the index that the model answers with: the project's phase, None where it is gone. Empty where the model
        knows no phases.
    label
        What people call it.
    """

    model: str
    version: UUID | None
    weights: str | None
    phases: tuple[UUID | None, ...]
    label: str

    def phase(self, index: int) -> UUID | None:
        return self.phases[index] if index < len(self.phases) else None


def model_info(name: str) -> ModelInfo:
    """The registered segmenter, or InvalidError naming what there is."""
    try:
        return registry.info(name, kind="segmenter", allow_test_models=settings.TEST_MODELS)
    except registry.UnknownModelError as error:
        raise InvalidError(str(error), code="unknown_model", fields={"model": ["Unknown model."]}) from error


def choose(project_id: UUID, model: str, version_id: UUID | None) -> Choice:
    """The model, with a version that has to be of this model and project."""
    info = model_info(model)
    if version_id is None:
        return Choice(model, None, None, (), info.title)
    version = ModelVersion.objects.filter(pk=version_id, project=project_id).first()
    if version is None:
        raise InvalidError(
            f"This project has no model version {version_id}. Choose one of its own.",
            code="no_version",
            fields={"version": ["Unknown version."]},
        )
    if version.model != model:
        raise InvalidError(
            f"{version.name} is a version of {version.model}, not of {model}. Choose it together with {version.model}.",
            code="no_version",
            fields={"version": ["Of another model."]},
        )
    return Choice(model, version.pk, version.sha256, phases_now(version), version.name)


def phases_now(version: ModelVersion) -> tuple[UUID | None, ...]:
    """The version's phases as far as the project still has them."""
    known = set(Phase.objects.filter(project=version.project_id).values_list("id", flat=True)) if version.phases else ()
    named = (UUID(phase["id"]) if phase.get("id") else None for phase in version.phases)
    return tuple(phase if phase in known else None for phase in named)


def default_of(series: Series) -> dict[str, Any]:
    """What the series is segmented with unless somebody chooses otherwise: {model, version}."""
    chosen = SeriesModel.objects.filter(pk=series.pk).first()
    if chosen is None:
        return {"model": registry.DEFAULT, "version": None}
    return {"model": chosen.model, "version": chosen.version_id}


def set_default(series: Series, *, model: str, version: UUID | None) -> None:
    choice = choose(series.project_id, model, version)
    SeriesModel.objects.update_or_create(series=series, defaults={"model": choice.model, "version_id": choice.version})


def checked_parameters(model: str, given: dict[str, Any]) -> dict[str, Any]:
    """The settings given, or InvalidError naming the one that the model cannot take."""
    model_info(model)
    try:
        registry.settings(model, given, allow_test_models=settings.TEST_MODELS)
    except registry.ParameterError as error:
        raise InvalidError(str(error), fields={"parameters": [str(error)]}) from error
    return given
