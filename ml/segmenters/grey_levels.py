"""Grey values in units of the frame's own two classes, so that gain and offset of the detector do not count."""

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from ml.types import Grey

BLUR_PX = 4.0  # noise would widen the classes
MOST_PX = 1024  # a side; of larger frames the means of 2 × 2, 3 × 3 … pixels are looked at
LEAST_DISTANCE = 1e-4


def standardised(frame: Grey) -> Grey:
    """0 half way between the two classes of the frame (H, W), -1 and 1 at their means.

    A mean and a deviation would depend on how much of the frame is covered; where the grey of an object ends does
    not. A frame of one class has, like any noise, a darker and a brighter half.
    """
    middle, distance = two_classes(frame)
    return (frame - np.float32(middle)) * np.float32(2 / distance)


def two_classes(frame: Grey) -> tuple[float, float]:
    """Middle and distance of the means of Otsu's two classes (doi 10.1109/TSMC.1979.4310076) of the blurred frame."""
    blurred = ndimage.gaussian_filter(*_reduced(frame))
    if not np.isfinite(blurred).all() or np.ptp(blurred) < LEAST_DISTANCE:
        return float(np.nanmean(frame)), 1.0
    limit = threshold_otsu(blurred)
    dark = blurred <= limit
    low, high = float(blurred[dark].mean()), float(blurred[~dark].mean())
    return (low + high) / 2, max(high - low, LEAST_DISTANCE)


def _reduced(frame: Grey) -> tuple[Grey, float]:
    """The frame, or means of its blocks, and the blur that is left to be done on it, in its own pixels."""
    step = max(1, -(-max(frame.shape) // MOST_PX))
    rows, columns = (max(length // step, 1) for length in frame.shape)
    if step == 1 or min(frame.shape) < step:
        return np.asarray(frame, np.float32), BLUR_PX
    blocks = np.asarray(frame[: rows * step, : columns * step], np.float32).reshape(rows, step, columns, step)
    return blocks.mean((1, 3)), BLUR_PX / step
