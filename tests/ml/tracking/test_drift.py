"""The field's shift is found in noise, and none is made up."""

import numpy as np
import pytest
from scipy import ndimage

from ml.tracking.drift import drift, moved
from tests.ml.tracking.scenes import Disc, draw


@pytest.mark.parametrize("shift", [(0, 0), (3, -2), (-11, 17)])
def test_images_and_masks_tell_the_shift(shift: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    discs = [Disc(*rng.uniform(25, 103, 2), rng.uniform(3, 8)) for _ in range(12)]
    before, one = draw(discs, (128, 128))
    after, two = draw([Disc(d.row + shift[0], d.column + shift[1], d.radius) for d in discs], (128, 128))
    noisy = [(f + rng.normal(0, 0.5, f.shape)).astype(np.float32) for f in (before, after)]
    found = drift(noisy[0], noisy[1], one.labels > 0, two.labels > 0)
    assert np.allclose(found, shift, atol=1)
    smooth = [ndimage.gaussian_filter(f, 2) for f in (before, after)]
    assert np.allclose(drift(smooth[0], smooth[1]), shift, atol=1)


def test_one_particle_that_moves_is_no_drift() -> None:
    rest = [Disc(20, 20), Disc(70, 30), Disc(30, 75), Disc(75, 75)]
    before, one = draw([*rest, Disc(50, 45)])
    after, two = draw([*rest, Disc(50, 57)])
    assert drift(before, after, one.labels > 0, two.labels > 0) == (0.0, 0.0)


def test_without_contrast_nothing_has_moved() -> None:
    assert drift(np.zeros((32, 32), np.float32), np.ones((32, 32), np.float32)) == (0.0, 0.0)


def test_what_is_moved_out_of_the_frame_is_gone() -> None:
    mask = np.zeros((6, 8), bool)
    mask[0, 0] = mask[5, 7] = True
    assert np.argwhere(moved(mask, (1.2, -0.6))).tolist() == []
    assert np.argwhere(moved(mask, (0.0, 2.0))).tolist() == [[0, 2]]
    assert not moved(mask, (9.0, 0.0)).any()
