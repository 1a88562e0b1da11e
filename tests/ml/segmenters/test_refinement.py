"""A mask that a prompt refines: what a network is told of it, and what is made of the answer."""

import tracemalloc

import numpy as np
import pytest
import torch

from ml.segmenters.refinement import edited, logits_of, refined, with_inner_points
from ml.types import Instance, Prompt


def disc(x: float, y: float, radius: float, shape: tuple[int, int] = (100, 140)) -> np.ndarray:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return np.hypot(columns + 0.5 - x, rows + 0.5 - y) <= radius


def inner(mask: np.ndarray, *points: tuple[float, float, int], count: int = 3) -> list[tuple[float, float]]:
    points = points or ((0.5, 0.5, 0),)
    prompt = with_inner_points(Prompt(points, mask=mask), count)
    assert prompt.points[: len(points)] == points
    assert all(label == 1 for *_, label in prompt.points[len(points) :])
    return [(x, y) for x, y, _ in prompt.points[len(points) :]]


@pytest.mark.parametrize("shape", [(100, 140), (140, 100), (64, 64)])
def test_logits_say_where_the_mask_is_in_the_network_s_square(shape: tuple[int, int]) -> None:
    mask = disc(40, 30, 20, shape)
    scale = 256 / max(shape)
    size = tuple(round(length * scale) for length in shape)
    logits = logits_of(torch.from_numpy(mask), size, 256, 64)[0].numpy()
    assert logits.shape == (64, 64)
    assert np.abs(logits).max() == pytest.approx(np.log(999), abs=1e-4)
    rows, columns = np.nonzero(logits > 0)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((40 * scale / 4, 30 * scale / 4), abs=0.3)
    assert (logits > 0).sum() == pytest.approx(mask.sum() * (scale / 4) ** 2, rel=0.05)
    below, beside = size[0] // 4, size[1] // 4
    assert (logits[below:] < -6).all() and (logits[:, beside:] < -6).all()


def test_inner_points_are_deep_in_the_mask_and_apart() -> None:
    mask = np.zeros((60, 140), bool)
    mask[20:40, 10:130] = True
    points = inner(mask)
    assert len(points) == 3
    assert all(mask[int(y - 6) : int(y + 6), int(x - 6) : int(x + 6)].all() for x, y in points)
    assert min(np.hypot(a - c, b - d) for a, b in points for c, d in points if (a, b) != (c, d)) > 15


def test_inner_points_keep_away_from_what_a_negative_point_takes_out() -> None:
    merged = disc(40, 50, 25) | disc(95, 50, 25) | disc(67, 50, 8)
    assert all(x < 70 for x, _ in inner(merged, (95.5, 50.5, 0)))
    assert any(x > 70 for x, _ in inner(merged))


def test_each_part_of_a_mask_gets_an_inner_point_and_a_large_one_is_no_slower() -> None:
    mask = np.zeros((1500, 2000), bool)
    mask[100:700, 100:700] = mask[800:1400, 1300:1900] = True
    points = inner(mask)
    assert {x < 1000 for x, _ in points} == {True, False}
    assert all(mask[int(y), int(x)] for x, y in points)


@pytest.mark.parametrize("prompt", [Prompt(((1.0, 2.0, 1),)), Prompt(mask=np.ones((4, 4), bool))])
def test_a_prompt_without_a_mask_or_of_a_mask_alone_stays_as_it_is(prompt: Prompt) -> None:
    assert with_inner_points(prompt) is prompt


def test_of_one_pixel_there_is_one_inner_point() -> None:
    mask = np.zeros((9, 9), bool)
    mask[3, 5] = True
    assert inner(mask) == [(5.5, 3.5)]


def test_a_positive_point_adds_what_the_answer_has_there_and_nothing_else() -> None:
    half = disc(60, 50, 30) & (np.arange(140) < 60)
    answer = disc(60, 50, 30) | disc(120, 20, 10)
    assert np.array_equal(edited(half, answer, [(75.0, 50.0, 1)]), disc(60, 50, 30))


def test_a_negative_point_takes_away_what_the_answer_lacks_there_and_nothing_else() -> None:
    merged = disc(40, 50, 25) | disc(100, 50, 25) | disc(120, 10, 5)
    answer = disc(40, 50, 25)
    assert np.array_equal(edited(merged, answer, [(100.0, 50.0, 0)]), disc(40, 50, 25) | disc(120, 10, 5))


def test_points_that_say_nothing_new_or_lie_off_the_frame_change_nothing() -> None:
    mask = disc(40, 50, 25)
    points = [(40.0, 50.0, 1), (130.0, 90.0, 0), (-5.0, 10.0, 1), (10.0, 500.0, 0)]
    assert np.array_equal(edited(mask, disc(45, 50, 25), points), mask)


def test_an_edit_in_a_large_frame_takes_memory_for_the_object() -> None:
    shape = (3000, 4000)
    mask, answer = disc(2000, 1500, 40, shape), disc(2020, 1500, 40, shape)
    tracemalloc.start()
    try:
        changed = edited(mask, answer, [(2050.0, 1500.0, 1)])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert np.array_equal(changed, mask | answer)
    assert peak < 2.2 * mask.nbytes  # the result, and where the two differ


def test_an_answer_that_sees_the_object_there_changes_only_what_was_asked_for() -> None:
    truth = disc(60, 50, 30)
    half, rough = truth & (np.arange(140) < 70), disc(60, 50, 29)
    prompt = Prompt(((80.0, 50.0, 1),), mask=half)
    first, second = refined([Instance(rough, 0.8)], prompt, half)
    assert np.array_equal(first.mask, half | rough)
    assert (first.score, second.mask is rough) == (0.8, True)


def test_an_answer_that_sees_the_object_elsewhere_takes_the_mask_s_place() -> None:
    shifted, answer = disc(40, 50, 25), disc(65, 50, 25)
    prompt = Prompt(((80.0, 50.0, 1),), mask=shifted)
    assert [each.mask is answer for each in refined([Instance(answer, 0.8)], prompt, shifted)] == [True]


def test_candidates_that_hold_to_the_points_come_first_then_those_that_score_well_and_are_like_the_mask() -> None:
    mask, point = disc(40, 50, 25), Prompt(((40.0, 50.0, 1),))
    small, alike, other = disc(40, 50, 8), disc(40, 50, 20), disc(110, 50, 20)
    found = [Instance(other, 0.9), Instance(small, 0.6), Instance(alike, 0.6)]
    order = [each.mask for each in refined(found, point, mask)]
    assert len(order) == 3
    assert all(a is b for a, b in zip(order, (alike, small, other), strict=True))
    assert refined([], point, mask) == []
