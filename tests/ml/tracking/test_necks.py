"""The neck between two particles, from masks whose notches a segmenter has filled."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from ml.tracking.necks import neck_ratio
from ml.tracking.traces import boxes
from tests.ml.tracking.scenes import Disc, draw

SIDE = 120
WHOLE = (slice(0, SIDE), slice(0, SIDE))
Mask = NDArray[np.bool_]


def discs(radii: tuple[float, float], neck: float) -> tuple[Mask, Mask]:
    """Two discs that meet on a chord of so many of the smaller one's diameters, cut apart on it."""
    half = neck * min(radii)
    first, second = (math.sqrt(radius**2 - half**2) for radius in radii)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    one = (rows - 60) ** 2 + (columns - 60 + first) ** 2 <= radii[0] ** 2
    two = (rows - 60) ** 2 + (columns - 60 - second) ** 2 <= radii[1] ** 2
    return one & (columns <= 60), two & (columns > 60)


def filled(one: Mask, two: Mask) -> tuple[Mask, Mask]:
    """Gaps of up to 2.5 px between them closed, and divided as before."""
    rows, columns = np.mgrid[-4:5, -4:5]
    whole = np.kron(one | two, np.ones((4, 4), bool))
    closed = ndimage.binary_closing(whole, rows**2 + columns**2 <= 5**2)[2::4, 2::4]
    left = np.arange(SIDE) <= 60
    return closed & left, closed & ~left


def ratio(one: Mask, two: Mask) -> float:
    return neck_ratio((WHOLE, one), (WHOLE, two))


@pytest.mark.parametrize("radii", [(14, 14), (8, 20), (10, 16), (20, 20)])
@pytest.mark.parametrize("neck", [0.6, 0.75])
def test_a_filled_notch_does_not_widen_the_neck(radii: tuple[float, float], neck: float) -> None:
    assert ratio(*filled(*discs(radii, neck))) == pytest.approx(neck, abs=0.13)  # 2 px of the smallest


def test_the_neck_is_at_the_seam_and_not_where_a_particle_is_narrow() -> None:
    one, two = discs((18, 18), 0.8)
    waist = one.copy()
    waist[:52, 47:51] = waist[69:, 47:51] = False  # between the centres, but of one particle alone
    assert ratio(waist, two) == pytest.approx(ratio(one, two), abs=0.03)


def test_small_particles_can_merge_too() -> None:
    assert ratio(*discs((4, 4), 0.95)) >= 0.6


def test_there_is_no_neck_across_a_gap() -> None:
    found = boxes(draw([Disc(40, 30), Disc(40, 44)])[1].labels)
    assert neck_ratio(found[1], found[2]) == 0.0


@pytest.mark.parametrize("off", [0, 3])
def test_a_core_has_no_neck_to_its_shell(off: int) -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    core = (rows - 60) ** 2 + (columns - 60 - off) ** 2 <= 12**2
    shell = ((rows - 60) ** 2 + (columns - 60) ** 2 <= 20**2) & ~core
    assert ratio(core, shell) == ratio(shell, core) == 0.0
