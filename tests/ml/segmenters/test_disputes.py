"""Objects that were found twice, and pixels that several hold."""

import numpy as np
import pytest

from ml.segmenters.disputes import Claim, settled
from ml.segmenters.instances import Boxed

SHAPE = (100, 120)


def boxed(mask: np.ndarray, score: float, phase: int = 0) -> Boxed:
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    place = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    return Boxed(place, mask[place], score, phase)


def disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    return np.asarray(np.hypot(columns - x, rows - y) <= radius)


def claim(
    refined: np.ndarray, score: float, found: np.ndarray | None = None, sureness: float = 1.0, phase: int = 0
) -> Claim:
    now = boxed(refined, score, phase)
    before = now if found is None else boxed(found, score, phase)
    return Claim(now, before, np.full(now.mask.shape, sureness, np.float16))


def whole(one: Boxed) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[one.place] = one.mask
    return mask


def test_an_object_that_was_found_twice_stays_once_as_the_better_scored() -> None:
    claims = [claim(disc(40, 50, 20), 0.6), claim(disc(42, 50, 20), 0.9), claim(disc(90, 50, 10), 0.3)]
    assert [each.score for each in settled(claims, 1)] == [0.9, 0.3]


def test_objects_of_different_phases_may_lie_on_each_other() -> None:
    shell, core = disc(50, 50, 30), disc(50, 50, 28)
    found = settled([claim(shell, 0.9, phase=0), claim(core, 0.8, phase=1)], 1)
    assert [int(each.mask.sum()) for each in found] == [shell.sum(), core.sum()]


def test_a_part_that_was_found_within_a_whole_is_left_out() -> None:
    claims = [claim(disc(50, 50, 30), 0.9), claim(disc(40, 50, 8), 0.8)]
    assert [each.score for each in settled(claims, 1)] == [0.9]


@pytest.mark.parametrize("scores", [(0.9, 0.8), (0.8, 0.9)])
def test_a_mask_that_ran_over_its_neighbour_gives_it_back(scores: tuple[float, float]) -> None:
    left, right = disc(40, 50, 18), disc(76, 50, 18)
    claims = [claim(left | right, scores[0], found=left, sureness=1.0), claim(right, scores[1], sureness=2.0)]
    found = {each.score: whole(each) for each in settled(claims, 1)}
    assert np.array_equal(found[scores[1]], right)
    assert np.array_equal(found[scores[0]], left & ~right)


@pytest.mark.parametrize("seed", range(5))
def test_no_two_masks_of_a_phase_share_a_pixel_and_none_gains_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    claims = []
    for score in rng.uniform(0.1, 1, 25):
        one = claim(disc(*rng.uniform(5, 95, 2), rng.uniform(4, 22)), float(score))
        claims.append(Claim(one.object, one.found, rng.normal(size=one.object.mask.shape).astype(np.float16)))
    found = settled(claims, 4)
    assert sum(whole(each).astype(int) for each in found).max() == 1
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    before = {each.object.score: whole(each.object) for each in claims}
    assert all((whole(each) <= before[each.score]).all() and each.mask.sum() >= 4 for each in found)


def test_of_what_falls_to_pieces_the_largest_stays_if_it_is_large_enough() -> None:
    bar = np.zeros(SHAPE, bool)
    bar[48:52, 10:110] = True
    disc_on_it = disc(40, 50, 10)
    claims = [claim(bar, 0.9, sureness=0.0), claim(disc_on_it, 0.5, sureness=1.0)]
    found = {each.score: whole(each) for each in settled(claims, 1)}
    rest = bar & ~disc_on_it
    rest[:, :40] = False
    assert np.array_equal(found[0.9], rest)
    assert [each.score for each in settled(claims, int(rest.sum()) + 1)] == [0.5]


def test_nothing_gives_nothing() -> None:
    assert settled([], 1) == []
