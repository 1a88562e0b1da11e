"""Only the object that the prompt points at is kept."""

import numpy as np
import pytest

from ml.segmenters.prompted_mask import LEVELS, agrees, level_for_box, one_object
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


def cone(side: int, centre: float, slope: float, radius: float) -> np.ndarray:
    """Logits that are 0 at `radius` from the centre and fall by `slope` a pixel outwards."""
    y, x = np.mgrid[:side, :side] + 0.5
    return (slope * (radius - np.hypot(x - centre, y - centre))).astype(np.float32)


@pytest.mark.parametrize("scale", [1, 8])
@pytest.mark.parametrize("wanted", [14.0, 18.0, 20.0, 22.0, 26.0])
def test_an_unsure_mask_is_cut_so_that_it_fills_its_box(scale: int, wanted: float) -> None:
    logits = cone(100 * scale, 50 * scale, 0.25 / scale, 20 * scale)
    box = tuple(float(scale * v) for v in (50 - wanted, 50 - wanted, 50 + wanted, 50 + wanted))
    level, fit = level_for_box(logits, Prompt(box_xyxy=box))
    reached = np.sqrt((logits >= level).sum() / np.pi) / scale
    assert abs(reached - wanted) < 1.1
    assert fit > 0.9


def test_a_sure_mask_stays_as_it_is_in_a_sloppy_box() -> None:
    logits = cone(100, 50, 8.0, 20)
    assert level_for_box(logits, Prompt(box_xyxy=(28, 29, 72, 71)))[0] == 0


def test_of_two_objects_in_the_box_s_reach_the_one_that_is_asked_for_is_fitted() -> None:
    logits = np.maximum(cone(100, 30, 0.25, 12), cone(100, 62, 0.25, 12))
    level, fit = level_for_box(logits, Prompt(points=((30, 30, 1),), box_xyxy=(20, 20, 40, 40)))
    assert level > 0
    assert fit > 0.9


def test_a_box_off_the_frame_or_without_an_object_fits_nothing() -> None:
    logits = cone(40, 20, 1.0, 10)
    assert level_for_box(logits, Prompt(box_xyxy=(100, 100, 120, 120)))[1] == 0
    assert level_for_box(np.full((40, 40), -9, np.float32), Prompt(box_xyxy=(5, 5, 20, 20)))[1] == 0


def test_a_box_that_is_half_off_the_frame_is_filled_to_the_frame_s_edge() -> None:
    logits = cone(40, 0, 1.0, 12)
    assert level_for_box(logits, Prompt(box_xyxy=(-12, -12, 12, 12))) == (0.0, 1.0)


def test_levels_hold_zero_and_a_prompt_without_a_box_has_none() -> None:
    assert 0.0 in LEVELS
    with pytest.raises(ValueError, match="no box"):
        level_for_box(np.zeros((4, 4), np.float32), Prompt(points=((1, 1, 1),)))


def test_a_mask_agrees_with_the_points_that_it_should_hold_and_leave_out(three: np.ndarray) -> None:
    assert agrees(three, Prompt(points=((7.5, 7.5, 1), (15.0, 15.0, 0))))
    assert not agrees(three, Prompt(points=((7.5, 7.5, 1), (8.5, 8.5, 0))))
    assert not agrees(three, Prompt(points=((15.0, 15.0, 1),)))
    assert agrees(three, Prompt(points=((200.0, -5.0, 1),)))
    assert agrees(three, Prompt(box_xyxy=(0, 0, 9, 9)))
