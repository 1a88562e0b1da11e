"""Merges and splits are scored by time and by all of their parts."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.evaluation.lineage import Junction, JunctionScore, junctions, score_junctions
from ml.lineage import Link, LinkKind


def strip(*numbers: int) -> NDArray[np.uint32]:
    """One row, ten pixels for each number."""
    return np.repeat(np.array([numbers], np.uint32), 10, axis=1)


def score(
    said: list[Junction], real: list[Junction], *, kind: LinkKind = "merge", tolerance: int = 3, **labels: object
) -> JunctionScore:
    mine = labels.get("mine", strip(1, 2, 3, 4))
    true = labels.get("true", strip(11, 12, 13, 14))
    return score_junctions(said, real, lambda t: mine, lambda t: true, kind=kind, tolerance=tolerance)  # type: ignore[arg-type,return-value]


def test_links_of_one_child_are_one_merge_and_those_of_one_parent_one_split() -> None:
    links = [
        Link(1, 3, "merge", 4, 5, 1.0),
        Link(2, 3, "merge", 4, 5, 1.0),
        Link(3, 4, "split", 7, 8, 1.0),
        Link(3, 5, "split", 7, 8, 1.0),
        Link(6, 7, "merge", 1, 2, 1.0),
    ]
    assert junctions(links, "merge") == [Junction(5, 3, (1, 2))]
    assert junctions(links, "split") == [Junction(8, 3, (4, 5))]


@pytest.mark.parametrize(("frame", "tolerance", "hits"), [(10, 1, 1), (11, 1, 1), (12, 1, 0), (13, 3, 1), (14, 3, 0)])
def test_a_merge_is_found_within_the_tolerance(frame: int, tolerance: int, hits: int) -> None:
    found = score([Junction(frame, 9, (1, 2))], [Junction(10, 19, (11, 12))], tolerance=tolerance)
    assert found == JunctionScore(hits, 1, 1)


@pytest.mark.parametrize("parts", [(1, 3), (1, 2, 3), (1,)])
def test_a_partial_set_of_parents_is_an_error(parts: tuple[int, ...]) -> None:
    assert score([Junction(10, 9, parts)], [Junction(10, 19, (11, 12))]).hits == 0


def test_a_merge_is_matched_once() -> None:
    found = score([Junction(9, 9, (1, 2)), Junction(11, 8, (1, 2))], [Junction(10, 19, (11, 12))])
    assert (found.hits, found.precision, found.recall, found.f1) == (1, 0.5, 1.0, pytest.approx(2 / 3))


def test_parents_have_to_lie_on_the_true_ones_by_half() -> None:
    shifted = np.roll(strip(1, 2, 3, 4), 4, axis=1)
    assert score([Junction(10, 9, (1, 2))], [Junction(10, 19, (11, 12))], mine=shifted).hits == 0
    barely = np.roll(strip(1, 2, 3, 4), 3, axis=1)
    assert score([Junction(10, 9, (1, 2))], [Junction(10, 19, (11, 12))], mine=barely).hits == 1


def test_a_merge_is_compared_before_and_a_split_after() -> None:
    asked: list[int] = []

    def labels(t: int) -> NDArray[np.uint32]:
        asked.append(t)
        return strip(1, 2)

    for kind in ("merge", "split"):
        score_junctions([Junction(9, 5, (1, 2))], [Junction(11, 5, (1, 2))], labels, labels, kind=kind, tolerance=3)  # type: ignore[arg-type]
    assert asked == [8, 8, 11, 11]


def test_nothing_said_of_nothing_has_no_score() -> None:
    assert math.isnan(JunctionScore(0, 0, 0).f1)
    assert JunctionScore(0, 2, 0).f1 == 0 and math.isnan(JunctionScore(0, 2, 0).recall)
