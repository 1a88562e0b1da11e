"""How far a score would scatter with other images: percentile bootstrap over images."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

Image = TypeVar("Image")

RESAMPLES = 2000


class Interval(NamedTuple):
    """A score and the limits of its confidence interval, in the score's unit."""

    value: float
    low: float
    high: float


def bootstrap(
    images: Sequence[Image],
    statistic: Callable[[Sequence[Image]], float],
    *,
    seed: int = 0,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
) -> Interval:
    """A statistic of all images, with the percentile interval of its value on images drawn with replacement.

    Whole images are drawn, since the objects of one image are not independent (Efron & Tibshirani, An Introduction to
    the Bootstrap, 1993, doi 10.1201/9780429246593, chapter 13). With few images the interval is too narrow: of n
    images the spread is underestimated by about √((n − 1)/n).

    Parameters
    ----------
    images
        One value per image, of whatever kind the statistic takes.
    statistic
        May return NaN, where the drawn images say nothing; such draws are left out.
    seed
        The same seed draws the same images: for models scored on the same frames, the same for each of them.

    Returns
    -------
    NaN limits for fewer than two images and where no draw has a value; a NaN value without images.
    """
    if not images:
        return Interval(float("nan"), float("nan"), float("nan"))
    value = float(statistic(images))
    if len(images) < 2:
        return Interval(value, float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(images), size=(resamples, len(images)))
    values = np.array([statistic([images[index] for index in draw]) for draw in draws])
    values = values[~np.isnan(values)]
    if values.size == 0:
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(values, ((1 - confidence) / 2, (1 + confidence) / 2))
    return Interval(value, float(low), float(high))


def mean(values: Sequence[float]) -> float:
    """Mean of the values that are numbers; NaN where none is."""
    numbers = [value for value in values if value == value]  # noqa: PLR0124
    return sum(numbers) / len(numbers) if numbers else float("nan")
