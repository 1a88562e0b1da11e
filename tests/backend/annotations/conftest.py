"""What holds after every test of annotations: a series' counts are those of its heads."""

from collections.abc import Iterator

import pytest

from backend.annotations.models import MaskHead
from backend.series.models import Series


@pytest.fixture(autouse=True)
def _series_count_their_masks(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("django_db") is None:
        yield
        return
    request.getfixturevalue("_django_db_marker")
    yield
    for series in Series.objects.select_related("changed_by"):
        heads = MaskHead.objects.filter(series=series)
        annotated = heads.filter(shown="accepted").values("frame").distinct().count()
        assert (series.proposals, series.annotated_frames) == (heads.filter(shown="proposal").count(), annotated)
        last = series.changesets.order_by("-version").first()
        changed = (series.changed_at, series.changed_by)
        assert changed == ((last.created_at, last.author) if last is not None else (None, None))
