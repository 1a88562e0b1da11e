"""Grey values in units of a frame's two classes."""

import numpy as np
import pytest

from ml.segmenters.grey_levels import standardised, two_classes


def field(covered: float, seed: int = 0) -> np.ndarray:
    """Dark on bright, noisy, a share of it covered."""
    rng = np.random.default_rng(seed)
    image = np.full((256, 256), 0.7, np.float32)
    image[:, : round(256 * covered)] = 0.3
    return (image + rng.normal(0, 0.05, image.shape)).astype(np.float32)


@pytest.mark.parametrize("covered", [0.1, 0.3, 0.6])
def test_objects_and_background_lie_at_the_same_grey_however_much_is_covered(covered: float) -> None:
    found = standardised(field(covered))
    assert abs(found[:, :20].mean() + 1) < 0.2
    assert abs(found[:, -60:].mean() - 1) < 0.2


def test_gain_and_offset_do_not_count() -> None:
    image = field(0.2)
    assert np.allclose(standardised(image), standardised(0.3 * image + 5), atol=1e-3)


def test_an_even_frame_stays_finite() -> None:
    assert np.abs(standardised(np.full((40, 60), 0.4, np.float32))).max() < 1e-6
    assert np.isfinite(standardised(np.zeros((1, 1), np.float32))).all()


def test_small_objects_count_as_much_in_a_frame_that_is_looked_at_in_blocks() -> None:
    y, x = np.mgrid[:1024, :1024]
    image = np.where((y % 40 - 20) ** 2 + (x % 40 - 20) ** 2 < 64, 0.3, 0.7).astype(np.float32)
    image += np.random.default_rng(0).normal(0, 0.05, image.shape).astype(np.float32)
    larger = np.pad(image, ((0, 1), (0, 1)), mode="edge")
    assert two_classes(larger) == pytest.approx(two_classes(image), abs=0.03)
