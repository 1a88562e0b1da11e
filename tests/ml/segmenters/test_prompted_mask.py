"""Only the object that the prompt points at is kept."""

import numpy as np
import pytest

from ml.segmenters.prompted_mask import one_object
from ml.types import Prompt


@pytest.fixture
def three() -> np.ndarray:
    """Three separate rectangles: small at the upper left, large in the middle, one at the lower right edge."""
    mask = np.zeros((60, 80), bool)
    mask[5:10, 5:10] = mask[20:40, 30:60] = mask[50:60, 70:80] = True
    return mask


def area_kept(mask: np.ndarray, prompt: Prompt) -> int:
    kept = one_object(mask, prompt)
    assert not (kept & ~mask).any()
    return int(kept.sum())


def test_the_part_under_the_click_is_kept(three: np.ndarray) -> None:
    assert area_kept(three, Prompt(points=((7.5, 7.5, 1),))) == 25
    assert area_kept(three, Prompt(points=((79.5, 59.5, 1),))) == 100


def test_each_positive_point_keeps_its_part(three: np.ndarray) -> None:
    assert area_kept(three, Prompt(points=((7.5, 7.5, 1), (75.0, 55.0, 1)))) == 125


def test_a_negative_point_keeps_nothing(three: np.ndarray) -> None:
    assert area_kept(three, Prompt(points=((7.5, 7.5, 1), (75.0, 55.0, 0)))) == 25


@pytest.mark.parametrize("point", [(0.0, 0.0), (15.0, 15.0), (200.0, -5.0)])
def test_a_click_beside_every_part_keeps_the_largest(three: np.ndarray, point: tuple[float, float]) -> None:
    assert area_kept(three, Prompt(points=((*point, 1),))) == 600


def test_what_lies_outside_the_box_is_left_out(three: np.ndarray) -> None:
    assert area_kept(three, Prompt(box_xyxy=(4, 4, 12, 12))) == 25
    assert area_kept(three, Prompt(box_xyxy=(12, 12, 4, 4))) == 25
    assert area_kept(three, Prompt(box_xyxy=(30, 20, 45, 40))) == 16 * 20  # grown by a pixel to the right


def test_an_empty_mask_stays_empty() -> None:
    empty = np.zeros((8, 8), bool)
    assert not one_object(empty, Prompt(points=((2.0, 2.0, 1),))).any()
    assert not one_object(empty, Prompt(box_xyxy=(-9, -9, -2, -2))).any()
