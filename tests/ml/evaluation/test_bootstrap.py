"""Intervals over images: exact where they can be, and those of the normal distribution where there are many."""

import math

import numpy as np
import pytest

from ml.evaluation.bootstrap import RESAMPLES, Interval, bootstrap, mean


def test_of_two_images_the_limits_are_their_values() -> None:
    # A quarter of the draws holds the first twice, a quarter the second: both reach beyond 2.5 %.
    assert bootstrap([0.0, 1.0], mean) == Interval(0.5, 0, 1)


def test_many_values_give_the_interval_of_the_normal_distribution() -> None:
    values = np.random.default_rng(0).normal(3, 2, 400).tolist()
    value, low, high = bootstrap(values, mean)
    error = float(np.std(values)) / 20
    # A quantile p of N draws scatters by √(p (1 − p) / N) over the density there; four times that are allowed.
    density = math.exp(-(1.96**2) / 2) / math.sqrt(2 * math.pi)
    allowed = 4 * math.sqrt(0.025 * 0.975 / RESAMPLES) / density * error
    assert low == pytest.approx(value - 1.96 * error, abs=allowed)
    assert high == pytest.approx(value + 1.96 * error, abs=allowed)


def test_equal_seeds_give_equal_intervals() -> None:
    values = np.random.default_rng(0).random(20).tolist()
    assert bootstrap(values, mean, seed=4) == bootstrap(values, mean, seed=4)
    assert bootstrap(values, mean, seed=4) != bootstrap(values, mean, seed=5)


def test_one_image_has_no_interval() -> None:
    value, low, high = bootstrap([0.7], mean)
    assert value == 0.7
    assert math.isnan(low)
    assert math.isnan(high)


def test_values_that_are_no_numbers_are_left_out() -> None:
    assert bootstrap([math.nan, 1.0, 1.0], mean) == Interval(1, 1, 1)
    assert all(math.isnan(number) for number in bootstrap([math.nan, math.nan], mean))
    assert all(math.isnan(number) for number in bootstrap([], mean))
