"""A dataset of divisions run backwards is one of merges: our pipeline must find them, and the reverse."""

from functools import cache

import pytest

from ml.evaluation.lineage import Junction, score_junctions
from ml.lineage import LinkKind
from ml.series import input_range, to_unit
from ml.synthetic import SyntheticSeries, synthesise
from ml.tracking import graticule
from ml.tracking.ledger import Settings
from ml.tracking.objects import of_labels
from ml.tracking.overlap import OverlapTracker

FRAMES = 60


@cache
def dividing() -> SyntheticSeries:
    return synthesise(31, FRAMES, 256, "splitting")


def junctions(series: SyntheticSeries, kind: LinkKind) -> list[Junction]:
    """The series' merges or splits."""
    found: dict[int, Junction] = {}
    for link in series.links:
        if link.kind == kind:
            whole, part = (link.child, link.parent) if kind == "merge" else (link.parent, link.child)
            before = found[whole].parts if whole in found else ()
            found[whole] = Junction(link.frame, whole, (*before, part))
    return list(found.values())


@pytest.mark.parametrize(("was", "now"), [("split", "merge"), ("merge", "split")])
def test_what_has_split_merges_when_time_runs_backwards(was: LinkKind, now: LinkKind) -> None:
    series = dividing()
    images, labels = series.images[::-1], series.labels[::-1]
    truth = [Junction(FRAMES - j.frame, j.whole, j.parts) for j in junctions(series, was)]
    low, high = input_range(images)
    confirmed = list(
        graticule.follow(
            FRAMES,
            lambda frame: to_unit(images[frame], low, high),
            lambda frame, image: of_labels(labels[frame]),
            OverlapTracker(),
            settings=Settings(neck=None),
        )
    )
    events = [event for frame in confirmed for event in frame.events if event.kind == now]
    said = [
        Junction(e.last_frame, *((e.children[0], e.parents) if now == "merge" else (e.parents[0], e.children)))
        for e in events
    ]
    score = score_junctions(
        said, truth, lambda frame: confirmed[frame].labels, lambda frame: labels[frame], kind=now, tolerance=1
    )
    assert score.true >= 3
    assert score.f1 >= 0.9
