"""Boxes of a label image, whatever its numbers are."""

import numpy as np
import pytest

from ml.tracking.traces import boxes


@pytest.mark.parametrize("numbers", [(1, 2), (7, 2), (4_000_000_000, 5)])
def test_every_number_has_its_box_and_mask(numbers: tuple[int, int]) -> None:
    labels = np.zeros((6, 8), np.uint32)
    labels[1:3, 2:5], labels[2, 3], labels[5, 7] = numbers[0], 0, numbers[1]
    found = boxes(labels)
    assert found.keys() == set(numbers)
    place, mask = found[numbers[0]]
    assert place == (slice(1, 3), slice(2, 5))
    assert mask.tolist() == [[True, True, True], [True, False, True]]
    assert found[numbers[1]][0] == (slice(5, 6), slice(7, 8))


def test_a_frame_may_be_full_or_empty() -> None:
    assert boxes(np.full((2, 3), 9, np.uint32)).keys() == {9}
    assert boxes(np.zeros((2, 3), np.uint32)) == {}
