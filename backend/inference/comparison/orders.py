"""Asks for comparisons, and checks what is asked."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from backend.annotations import selectors
from backend.annotations.models import MaskState
from backend.inference.lineage import Seen, seen
from backend.inference.models import ModelVersion
from backend.inference.training.plan import MOST_PIXELS
from backend.jobs.models import Job
from backend.jobs.services import enqueue
from backend.projects.models import Project, User
from backend.protocol.errors import InvalidError
from backend.series.models import Series
from backend.series.permissions import require_open_series
from ml import registry

COMPARE = "compare"
MOST_FITTED = 12  # frames that the control `threshold` is fitted to


def request_comparison(*, project: Project, created_by: User, values: Mapping[str, Any]) -> Job:
    """A job that scores models on annotated frames of a series, at the version asked for, the present one if none."""
    series = Series.objects.select_related("pixels").filter(project=project, pk=values["series"]).first()
    if series is None:
        raise InvalidError(f"This project has no series {values['series']}.", fields=_field("series"))
    require_open_series(series)
    version = selectors.known_version(series.version, values["version"])
    annotated = annotated_frames(series.pk, version)
    frames = sorted(set(values["frames"]))
    if unknown := sorted(set(frames) - set(annotated)):
        raise InvalidError(
            f"Frame {unknown[0]} of {series.name} has no accepted mask at version {version}: there is nothing to score "
            f"models against. Choose among its {len(annotated)} annotated frames.",
            fields=_field("frames"),
        )
    pixels = len(frames) * series.pixels.height * series.pixels.width
    if pixels > MOST_PIXELS:
        raise InvalidError(
            f"The frames have {pixels / 1e6:.0f} million pixels; {MOST_PIXELS // 10**6} million are the most. Choose "
            "fewer.",
            fields=_field("frames"),
        )
    order = {
        "series": str(series.pk),
        "series_name": series.name,
        "version": version,
        "settings_version": Project.objects.values_list("settings_version", flat=True).get(pk=project.pk),
        "frames": frames,
        "fit": fitted_frames(annotated, frames) if values["controls"] else [],
        "controls": values["controls"],
        "models": _models(project, values["models"], series, frames),
    }
    return enqueue(kind=COMPARE, project=project, created_by=created_by, parameters=order, series=series.pk)


def annotated_frames(series_id: UUID, version: int) -> list[int]:
    """Those with an accepted mask, rising."""
    masks = selectors.masks_at(series_id, version).filter(state=MaskState.ACCEPTED).exclude(mask=None)
    return sorted(set(masks.values_list("frame", flat=True)))


def fitted_frames(annotated: Sequence[int], scored: Sequence[int]) -> list[int]:
    """Frames to fit the control to: annotated ones that are neither scored nor beside a scored one, evenly spread."""
    near = {frame + shift for frame in scored for shift in (-1, 0, 1)}
    others = [frame for frame in annotated if frame not in near]
    count = min(len(others), MOST_FITTED)
    return [others[at * len(others) // count] for at in range(count)]


def _models(
    project: Project, asked: Sequence[Mapping[str, Any]], series: Series, frames: Sequence[int]
) -> list[dict[str, Any]]:
    versions = ModelVersion.objects.filter(project=project).in_bulk([each["version"] for each in asked])
    found = []
    for each in asked:
        info = registry.of_kind("segmenter").get(each["model"])
        if info is None:
            names = ", ".join(registry.of_kind("segmenter"))
            raise InvalidError(
                f"No model is called {each['model'][:64]!r}. There are: {names}.", fields=_field("models")
            )
        version = versions.get(each["version"])
        if each["version"] is not None and (version is None or version.model != info.name):
            raise InvalidError(
                f"This project has no version {each['version']} of {info.title}.", fields=_field("models")
            )
        known = seen(version, series) if version else Seen(set(), set())
        found.append(
            {
                "model": info.name,
                "version": str(version.pk) if version else None,
                "sha256": version.sha256 if version else None,
                "label": version.name if version else info.title,
                "trained_on": sorted(known.trained_on & set(frames)),
                "chosen_by": sorted(known.chosen_by & set(frames)),
            }
        )
    weights = [(one["model"], one["sha256"]) for one in found]
    if len(set(weights)) < len(weights):
        raise InvalidError("A model is named twice with the same weights. Name each once.", fields=_field("models"))
    return found


def _field(name: str) -> dict[str, list[str]]:
    return {name: ["Cannot be used."]}
