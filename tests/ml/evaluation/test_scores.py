"""Pixel, instance and prompt scores against values worked out by hand."""

import numpy as np
import pytest

from ml.evaluation.instances import average_precision, match
from ml.evaluation.pixels import dice, iou
from ml.evaluation.prompted import deepest_point, prompted_ious
from ml.segmenters.fake import load
from ml.types import Instance


def rectangle(y0: int, x0: int, y1: int, x1: int, size: int = 40) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    mask[y0:y1, x0:x1] = True
    return mask


def test_iou_and_dice_of_two_rectangles() -> None:
    a, b = rectangle(0, 0, 10, 10), rectangle(0, 5, 10, 15)
    assert iou(a, b) == pytest.approx(50 / 150)
    assert dice(a, b) == pytest.approx(100 / 200)


def test_two_empty_masks_agree() -> None:
    empty = np.zeros((4, 4), bool)
    assert iou(empty, empty) == dice(empty, empty) == 1
    assert iou(empty, ~empty) == dice(empty, ~empty) == 0


def test_each_object_is_found_once_and_by_the_best_scored() -> None:
    truth = rectangle(0, 0, 10, 10).astype(np.int32) + 2 * rectangle(20, 20, 30, 30)
    found = [
        Instance(rectangle(0, 0, 10, 10), 0.6),
        Instance(rectangle(0, 0, 10, 9), 0.9),
        Instance(rectangle(20, 20, 30, 24), 0.8),
    ]
    matched = match(found, truth)
    assert matched.scores.tolist() == [0.9, 0.8, 0.6]
    assert matched.hits.tolist() == [True, False, False]
    # Precision 1 at recall 1/2, and no second object: the area is 1/2.
    assert average_precision([matched]) == pytest.approx(0.5)


def test_average_precision_falls_with_false_finds_above_true_ones() -> None:
    truth = rectangle(0, 0, 10, 10).astype(np.int32)
    found = [Instance(rectangle(20, 20, 30, 30), 0.9), Instance(rectangle(0, 0, 10, 10), 0.5)]
    assert average_precision([match(found, truth)]) == pytest.approx(0.5)


def test_scores_that_are_not_known_count_alike() -> None:
    truth = rectangle(0, 0, 10, 10).astype(np.int32)
    assert average_precision([match([Instance(truth > 0, float("nan"))], truth)]) == 1


def test_the_order_of_equal_scores_does_not_matter() -> None:
    truth = rectangle(0, 0, 10, 10).astype(np.int32)
    hit, miss = Instance(truth > 0, 0.7), Instance(rectangle(20, 20, 30, 30), 0.7)
    # One point of the curve: precision 1/2 at recall 1.
    for found in ([hit, miss], [miss, hit]):
        assert average_precision([match(found, truth)]) == pytest.approx(0.5)


def test_nothing_found_is_zero_and_nothing_to_find_is_not_a_number() -> None:
    empty, truth = np.zeros((40, 40), np.int32), rectangle(0, 0, 10, 10).astype(np.int32)
    assert average_precision([match([], truth)]) == 0
    assert np.isnan(average_precision([match([], empty)]))


def test_the_deepest_point_lies_in_the_thick_part() -> None:
    mask = rectangle(10, 2, 13, 38) | rectangle(5, 5, 20, 20)
    x, y = deepest_point(mask)
    assert abs(x - 12.5) <= 1
    assert abs(y - 12.5) <= 1


def test_prompted_scores_skip_small_objects_and_cover_every_large_one() -> None:
    y, x = np.mgrid[:64, :64] + 0.5
    labels = np.zeros((64, 64), np.int32)
    labels[(x - 20) ** 2 + (y - 20) ** 2 <= 12**2] = 1
    labels[50:59, 50:61] = 2  # 99 px
    labels[40:60, 2:22] = 3
    ious = prompted_ious(load(), [(np.zeros((64, 64), np.float32), labels)], "point")
    assert len(ious) == 2
    assert ious[0] > 0.9  # the fake segmenter's disc has radius 12
    assert ious[1] < ious[0]
