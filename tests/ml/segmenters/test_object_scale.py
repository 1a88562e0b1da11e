import numpy as np
import pytest
from scipy import ndimage

from ml.segmenters.object_scale import estimate_noise, estimate_objects
from tests.ml.segmenters.discs import draw, scattered


@pytest.mark.parametrize("bright", [False, True])
@pytest.mark.parametrize(("radius", "count", "size"), [(3, 40, 256), (8, 40, 384), (20, 15, 512), (50, 5, 512)])
def test_radius_and_polarity_are_read_off_the_image(radius: float, count: int, size: int, bright: bool) -> None:
    frame = draw(scattered(count, radius, size), radius, size, bright=bright).frame
    found = estimate_objects(frame)
    assert found is not None
    assert found.bright is bright
    # Scales are half an octave apart and the peak's onset lies up to one step below the disc's own scale.
    assert radius / 2 <= found.radius_px <= radius * 1.3
    assert found.contrast == pytest.approx(0.3, rel=0.4)


def test_a_slope_is_no_object_and_changes_nothing() -> None:
    centres = scattered(15, 20, 512)
    level, tilted = (estimate_objects(draw(centres, 20, 512, tilt=tilt).frame) for tilt in (0, 0.5))
    assert level is not None
    assert tilted is not None
    assert tilted.radius_px == pytest.approx(level.radius_px, rel=0.02)


def test_a_bright_line_along_the_edge_does_not_pass_for_objects() -> None:
    frame = draw(scattered(15, 20, 512), 20, 512, bright=True, contrast=0.2).frame
    frame[-2:] = 1
    found = estimate_objects(frame)
    assert found is not None
    assert found.radius_px > 10


def test_asked_polarity_is_kept() -> None:
    frame = draw(scattered(15, 20, 512), 20, 512).frame
    for bright in (False, True):
        found = estimate_objects(frame, bright)
        assert found is not None
        assert found.bright is bright


def test_near_holds_objects_and_background_alike() -> None:
    drawn = draw(scattered(3, 6, 512), 6, 512, noise=0.02)
    found = estimate_objects(drawn.frame)
    assert found is not None
    assert found.near[drawn.labels > 0].mean() > 0.99
    assert 0.15 < (drawn.labels > 0)[found.near].mean() < 0.7
    assert not found.away[ndimage.binary_erosion(drawn.labels > 0, iterations=2)].any()


@pytest.mark.parametrize("frame", [np.zeros((64, 64)), np.full((64, 64), 0.3), np.zeros((5, 200)), np.eye(4)])
def test_constant_and_tiny_frames_hold_nothing(frame: np.ndarray) -> None:
    assert estimate_objects(frame.astype(np.float32)) is None


@pytest.mark.parametrize("sigma", [0.01, 0.1])
def test_noise_is_measured_in_spite_of_objects_and_slope(sigma: float) -> None:
    frame = draw(scattered(15, 20, 512), 20, 512, noise=sigma, tilt=0.5).frame
    assert estimate_noise(frame) == pytest.approx(sigma, rel=0.1)
