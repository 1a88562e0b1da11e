import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from ml.formats.contours import rings, single_path


def winding(path: np.ndarray, height: int, width: int) -> np.ndarray:
    """Winding number of a closed path around each pixel's centre: signed crossings of the ray to the right."""
    numbers = np.zeros((height, width), int)
    ys, xs = np.mgrid[:height, :width] + 0.5
    for (x0, y0), (x1, y1) in zip(path, np.roll(path, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crosses = (min(y0, y1) < ys) & (ys < max(y0, y1))
        at = x0 + (ys - y0) * (x1 - x0) / (y1 - y0)
        numbers += crosses & (at > xs) if y1 > y0 else -(crosses & (at > xs)).astype(int)
    return numbers


@settings(max_examples=150, deadline=None)
@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_filling_the_single_path_gives_any_mask_back(mask: np.ndarray) -> None:
    numbers = winding(single_path(rings(mask)), *mask.shape)
    assert np.array_equal(numbers, mask.astype(int))  # 0 or 1: even-odd and non-zero rules agree


def test_rectangle_has_its_four_corners_clockwise() -> None:
    mask = np.zeros((6, 8), bool)
    mask[1:4, 2:7] = True
    assert [ring.tolist() for ring in rings(mask)] == [[[2, 1], [7, 1], [7, 4], [2, 4]]]


def test_hole_runs_the_other_way() -> None:
    mask = np.ones((3, 3), bool)
    mask[1, 1] = False
    outer, hole = rings(mask)
    assert outer.tolist() == [[0, 0], [3, 0], [3, 3], [0, 3]]
    assert hole.tolist() == [[1, 1], [1, 2], [2, 2], [2, 1]]


@pytest.mark.parametrize("mask", [np.eye(2, dtype=bool), ~np.eye(2, dtype=bool)])
def test_pixels_that_touch_at_a_corner_are_two_parts(mask: np.ndarray) -> None:
    assert [len(ring) for ring in rings(mask)] == [4, 4]


def test_empty_mask_has_no_outline() -> None:
    assert rings(np.zeros((3, 3), bool)) == []
    assert single_path([]).shape == (0, 2)
