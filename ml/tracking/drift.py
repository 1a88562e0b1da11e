"""How far the whole field has moved from one frame to the next."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage
from skimage.registration import phase_cross_correlation

from ml.types import BoolMask, Grey

Shift = tuple[float, float]  # (rows, columns), px

_SMOOTHED_PX = 2.0  # noise would correlate with itself at no shift
_LEAST_GAIN = 0.02  # of the foreground's overlap: less is no reason to believe in a move
_MOST = 0.5  # of the frame: what moved farther has nothing in common with it


def drift(before: Grey, after: Grey, was: BoolMask | None = None, now: BoolMask | None = None) -> Shift:
    """The shift that takes the frame before onto the one after.

    The images and, where they are given, the masks of everything in them (bool, same shape) are correlated; of what
    both say and of no shift at all that one is taken under which the masks overlap the most. Without masks the images'
    word is taken.

    Returns
    -------
    (rows, columns) in px, (0, 0) where either frame has no contrast.
    """
    if before.std() < 1e-6 or after.std() < 1e-6:
        return 0.0, 0.0
    window = np.outer(*(np.hanning(side + 2)[1:-1] for side in before.shape))
    smooth = [
        window * (image - image.mean()) for image in (ndimage.gaussian_filter(f, _SMOOTHED_PX) for f in (before, after))
    ]
    found, *_ = phase_cross_correlation(smooth[1], smooth[0], upsample_factor=4, normalization=None)
    image_shift: Shift = (float(found[0]), float(found[1]))
    if was is None or now is None or not was.any() or not now.any():
        return image_shift
    shifts = [(0.0, 0.0), image_shift, _masks_shift(was, now)]
    limits = [_MOST * side for side in was.shape]
    allowed = [shift for shift in shifts if all(abs(s) <= limit for s, limit in zip(shift, limits, strict=True))]
    shared = [np.count_nonzero(moved(was, shift) & now) for shift in allowed]
    best = int(np.argmax(shared))
    return allowed[best] if shared[best] > shared[0] * (1 + _LEAST_GAIN) else (0.0, 0.0)


def moved(mask: BoolMask, shift: Shift) -> BoolMask:
    """The mask moved by whole pixels; what leaves the frame is gone."""
    rows, columns = (round(value) for value in shift)
    out = np.zeros_like(mask)
    height, width = mask.shape
    if abs(rows) < height and abs(columns) < width:
        to = (slice(max(rows, 0), height + min(rows, 0)), slice(max(columns, 0), width + min(columns, 0)))
        of = (slice(max(-rows, 0), height - max(rows, 0)), slice(max(-columns, 0), width - max(columns, 0)))
        out[to] = mask[of]
    return out


def _masks_shift(was: BoolMask, now: BoolMask) -> Shift:
    shape = [fft.next_fast_len(2 * side) for side in was.shape]
    one, two = (fft.rfft2(mask.astype(np.float32), shape) for mask in (was, now))
    correlation: NDArray[np.float32] = fft.irfft2(two * one.conj(), shape)
    peak = np.unravel_index(int(correlation.argmax()), correlation.shape)
    row, column = (int(at) if at < side // 2 else int(at) - side for at, side in zip(peak, shape, strict=True))
    return float(row), float(column)
