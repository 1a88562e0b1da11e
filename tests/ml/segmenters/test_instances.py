import math

import numpy as np
import pytest

from ml.segmenters.instances import LabelInstances, split_touching, without_small
from tests.ml.segmenters.discs import draw


def discs(*centres: tuple[float, float], radius: float = 20, size: int = 128) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size] + 0.5
    mask = np.zeros((size, size), bool)
    for x, y in centres:
        mask |= np.hypot(columns - x, rows - y) <= radius
    return mask


@pytest.mark.parametrize("radius", [3, 6, 20, 50])
def test_touching_pair_is_cut_at_its_neck(radius: float) -> None:
    size = int(radius * 6)
    pair = discs((1.6 * radius, size / 2), (3.4 * radius, size / 2), radius=radius, size=size)
    labels = split_touching(pair, 0.15)
    assert labels.max() == 2
    assert np.array_equal(labels > 0, pair)
    neck = 2.5 * radius
    columns = np.arange(size) + 0.5
    assert set(np.unique(labels[:, columns < neck - 1])) == {0, 1}
    assert set(np.unique(labels[:, columns > neck + 1])) == {0, 2}


@pytest.mark.parametrize("radius", [1, 2, 2.5, 3, 4.3, 7, 15.5, 40])
@pytest.mark.parametrize("shift", [0, 0.3, 0.5])
def test_a_single_disc_stays_whole(radius: float, shift: float) -> None:
    assert split_touching(discs((50 + shift, 50 + shift / 2), radius=radius, size=100), 0.15).max() == 1


def test_less_depth_splits_more() -> None:
    pair = discs((54, 64), (74, 64))  # half width at the neck 0.87 of the radius
    assert split_touching(pair, 0.05).max() == 2
    assert split_touching(pair, 0.3).max() == 1
    assert split_touching(discs((46, 64), (82, 64)), 1.0).max() == 1


def test_parts_are_numbered_from_the_top_left_without_gaps() -> None:
    labels = split_touching(discs((30, 30), (64, 30), (100, 100), radius=18), 0.15)
    assert [labels[30, 30], labels[30, 64], labels[100, 100]] == [1, 2, 3]


def test_pieces_that_fill_or_leave_the_frame() -> None:
    assert split_touching(np.zeros((9, 9), bool), 0.15).max() == 0
    assert np.array_equal(split_touching(np.ones((9, 9), bool), 0.15), np.ones((9, 9), int))
    cut_by_the_edge = discs((0, 64), radius=30)
    assert np.array_equal(split_touching(cut_by_the_edge, 0.15), cut_by_the_edge.astype(int))


def test_more_objects_than_sixteen_bits_hold() -> None:
    mask = np.zeros((600, 600), bool)
    mask[::2, ::2] = True
    assert len(np.unique(split_touching(mask, 0.15))) == 90_001


def test_small_ones_are_left_out_and_the_rest_renumbered() -> None:
    labels = np.array([[1, 1, 0, 2], [0, 0, 3, 3], [3, 0, 0, 0]], np.int32)
    assert without_small(labels, 2).tolist() == [[1, 1, 0, 0], [0, 0, 2, 2], [2, 0, 0, 0]]
    assert np.array_equal(without_small(labels, 0), labels)


def test_instances_are_the_labels_one_by_one() -> None:
    labels = draw([(20, 20), (60, 50), (0, 100)], 12, 128).labels.astype(np.int32)
    instances = LabelInstances(labels)
    assert len(instances) == 3
    for number, instance in enumerate(instances, start=1):
        assert np.array_equal(instance.mask, labels == number)
        assert instance.mask.dtype == np.bool_
        assert math.isnan(instance.score)
    assert np.array_equal(instances[-1].mask, labels == 3)
    assert len(instances[1:]) == 2
    with pytest.raises(IndexError):
        instances[3]
