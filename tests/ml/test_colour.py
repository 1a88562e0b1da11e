"""Colour as grey."""

import numpy as np

from ml.colour import luminance


def test_pure_colours_have_their_weights_wherever_the_channels_lie() -> None:
    pixels = np.eye(3, dtype=np.uint8)[None] * 100  # (1, 3 pixels, channels)
    np.testing.assert_allclose(luminance(pixels, axis=-1), [[21.26, 71.52, 7.22]])
    np.testing.assert_allclose(luminance(np.moveaxis(pixels, -1, 0), axis=0), [[21.26, 71.52, 7.22]])


def test_grey_stays_the_value_it_was_and_opacity_does_not_count() -> None:
    pixels = np.full((2, 2, 4), 40_000, np.uint16)
    pixels[..., 3] = 7
    np.testing.assert_allclose(luminance(pixels, axis=-1), np.full((2, 2), 40_000.0))
