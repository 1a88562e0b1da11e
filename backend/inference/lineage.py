"""What a model version has seen of a series, by itself or through the version that its training started from."""

from collections.abc import Iterator
from typing import NamedTuple

from backend.inference.model_files import SETTINGS_MODELS
from backend.inference.models import ModelVersion
from backend.series.models import Series


class Seen(NamedTuple):
    """Frames that weights were fitted to, and others by whose scores the epoch that was kept was chosen."""

    trained_on: set[int]
    chosen_by: set[int]


def seen(version: ModelVersion, series: Series) -> Seen:
    """Of the series, or of another one that shows the same images."""
    same = [str(pk) for pk in Series.objects.filter(pixels=series.pixels_id).values_list("pk", flat=True)]
    trained, chosen = set[int](), set[int]()
    for each in _lineage(version):
        places = each.provenance.get("places", {})
        for pk in same:
            trained.update(places.get("training", {}).get(pk, []))
            if each.model not in SETTINGS_MODELS:  # fitted to the training frames alone
                chosen.update(places.get("validation", {}).get(pk, []))
    return Seen(trained, chosen - trained)


def _lineage(version: ModelVersion) -> Iterator[ModelVersion]:
    """The version, the one that it started from, and so on."""
    found: ModelVersion | None = version
    while found is not None:
        yield found
        start = found.provenance.get("recipe", {}).get("start")
        found = ModelVersion.objects.filter(project=version.project_id, pk=start["id"]).first() if start else None
