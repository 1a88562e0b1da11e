"""The input range of a series: one linear mapping of its grey values to 0..1, which every network sees."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ml.colour import luminance
from ml.types import Grey

LOW_PERCENT, HIGH_PERCENT = 0.1, 99.9
MOST_FRAMES = 32
MOST_PIXELS_PER_FRAME = 1 << 18


class Frames(Protocol):
    """A list of frames, a T×Y×X array, a zarr array or a series reader."""

    def __len__(self) -> int: ...

    def __getitem__(self, t: int, /) -> Any: ...


def input_range(frames: Frames) -> tuple[float, float]:
    """The 0.1 and 99.9 percentile of a series' grey values.

    Up to 32 frames are used, evenly spaced with the first and the last among them, and of each the whole frame or
    262,144 of its pixels drawn with a fixed seed (a regular grid could fall in step with lattice fringes). So the
    memory is at most 8.4 million values however long the series is, the answer is exact for small ones, and the same
    series always gets the same range.

    Parameters
    ----------
    frames
        Frames of shape (height, width) or (height, width, channels), of any real dtype. NaN and infinities are left
        out.

    Returns
    -------
    (low, high), always low < high: where both percentiles coincide (few bright pixels on an empty ground) least and
    greatest value are taken, and a constant series gets (value, value + 1), or the next float where that is too small
    a step. A series without a finite value gets (0, 1).

    Raises
    ------
    ValueError
        When there is no frame.
    """
    count = len(frames)
    if count == 0:
        raise ValueError("A series of 0 frames has no input range; give at least one frame.")
    values = np.concatenate(list(_samples(frames, count)))
    if values.size == 0:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(values, (LOW_PERCENT, HIGH_PERCENT)))
    if low >= high:
        low, high = float(values.min()), float(values.max())
    if low >= high:
        high = max(low + 1.0, float(np.nextafter(np.float32(low), np.float32(np.inf))))
    return low, high


def to_unit(frame: NDArray[Any], low: float, high: float) -> Grey:
    """Map low..high to 0..1 as float32 of the same shape, clipped.

    NaN becomes 0. A range without extent (low >= high) gives zeros.
    """
    if not low < high:
        return np.zeros(frame.shape, np.float32)
    # In float64 first: float32 cannot hold every difference of large integers.
    unit = (frame.astype(np.float64) - low) / (high - low)
    return np.clip(np.nan_to_num(unit, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0).astype(np.float32)


def grey_reader(frames: Frames) -> Callable[[int], Grey]:
    """What reads a frame as grey float32 (height, width), the series' input range mapped to 0..1."""
    low, high = input_range(frames)

    def read(frame: int) -> Grey:
        pixels = frames[frame]
        return to_unit(pixels if pixels.ndim == 2 else luminance(pixels, axis=-1), low, high)

    return read


def _samples(frames: Frames, count: int) -> Iterator[NDArray[Any]]:
    rng = np.random.default_rng(0)
    for t in np.unique(np.linspace(0, count - 1, min(count, MOST_FRAMES)).round().astype(int)):
        values = np.asarray(frames[int(t)]).ravel()
        if values.size > MOST_PIXELS_PER_FRAME:
            values = values[rng.integers(0, values.size, MOST_PIXELS_PER_FRAME)]
        yield values[np.isfinite(values)] if values.dtype.kind == "f" else values
