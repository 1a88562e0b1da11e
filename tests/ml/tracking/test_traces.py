"""Boxes of a label image, whatever its numbers are, and what tracks share."""

import numpy as np
import pytest
from scipy import ndimage

from ml.tracking.traces import boxes, divide


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


def test_a_share_of_a_segment_is_in_one_piece() -> None:
    """The far tip of a horseshoe is nearer to who lies at the other tip, but hangs on who lies at the bend."""
    mask = np.zeros((15, 40), bool)
    mask[1:5], mask[10:14], mask[:, 30:] = True, True, True
    expected = np.zeros(mask.shape, np.uint32)
    expected[1:5, :8], expected[5:10, 32:] = 1, 2
    shares = divide(mask, expected, [1, 2])
    assert np.array_equal(shares > 0, mask)
    assert [ndimage.label(shares == owner)[1] for owner in (1, 2)] == [1, 1]
    assert set(np.unique(shares[10:14, :8])) == {2}
    halves = divide(mask & (np.arange(40) < 20), expected, [1])
    assert np.array_equal(halves > 0, mask & (np.arange(40) < 20))  # what hangs on nobody is the nearest one's
