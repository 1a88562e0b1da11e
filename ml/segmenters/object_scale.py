"""How large the objects of a frame are, and whether they are dark or bright: read off the image itself."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.types import BoolMask, Grey

_FINEST_SIGMA = 1.0
_STEP = math.sqrt(2)
_COARSEST_SHARE = 1 / 6  # of the frame's shorter side
_SIGMA_AT_LEVEL = 2.8  # coarser scales are computed on halved frames
_MOST_PIXELS = 1024  # per side and level; a window in the middle stands for the rest
_FIRST_PEAK_SHARE = 0.4
_MAIN_PEAK_SHARE = 0.7
_FIRST_RESPONSE_SHARE = 0.12
_NEXT_SCALE_SHARE = 0.4  # dead and hot pixels answer at the finest scale alone
_LEAST_SKEWNESS = (0.4, 0.7)
_LEAST_SKEWNESS_BY_RADIUS = 2.1  # px
_PEAK_ONSET = 0.9
_NORMAL_THIRD = 2 * math.sqrt(2 / math.pi)  # mean of |x|³ of a standard normal x
_DISC_RESPONSE = 2 / math.e  # of a disc of contrast 1 at its own scale


@dataclass(frozen=True)
class ObjectScale:
    """What `estimate_objects` found.

    Attributes
    ----------
    radius_px
        typical radius of the objects.
    bright
        objects are brighter than what surrounds them.
    contrast
        rough difference between objects and surroundings, in the frame's grey values.
    skewness, skewness_deviation
        of the response at the objects' scale, positive, and the deviation that noise alone would give it: √(6/n) of n
        responses a blob apart.
    near
        bool, the frame's shape: the objects' cores with a rim of background. Objects and background are of like
        extent here however few the objects are, which is where Otsu's threshold works.
    away
        bool, the frame's shape: without the objects' cores.
    """

    radius_px: float
    bright: bool
    contrast: float
    skewness: float
    skewness_deviation: float
    near: BoolMask
    away: BoolMask


def least_skewness(radius_px: float) -> float:
    """What objects of a radius have at least: shot noise is skewed as well, the less the larger the scale."""
    return min(max(_LEAST_SKEWNESS_BY_RADIUS / radius_px, _LEAST_SKEWNESS[0]), _LEAST_SKEWNESS[1])


def estimate_noise(frame: Grey) -> float:
    """Standard deviation of the pixel noise, in grey values.

    Median absolute response to Immerkær's mask, which is blind to planes and linear gradients (Computer Vision and
    Image Understanding 64, 1996, doi 10.1006/cviu.1996.0060); the median keeps edges out. Correlated noise is
    underestimated.
    """
    second = np.array([1, -2, 1], np.float32)
    response = ndimage.correlate1d(ndimage.correlate1d(frame, second, 0), second, 1)[1:-1, 1:-1]
    return float(np.median(np.abs(response)) / 0.6745 / 6) if response.size else 0.0


def estimate_objects(frame: Grey, bright: bool | None = None) -> ObjectScale | None:
    """Find the objects' size and polarity from the skewness of the Laplacian of Gaussian over scales.

    Noise and texture give as many positive as negative responses at any scale, and slopes give none. Compact objects
    on a wider background give few, strong responses of one sign, strongest where the scale fits (Lindeberg,
    International Journal of Computer Vision 30, 1998, doi 10.1023/A:1008045108935: radius = √2 sigma). So the
    skewness of the scale-normalised response has a peak at the objects' scale, and its sign is their polarity. Of
    several peaks the one at the finest scale counts, as supports and clumps are coarser than what lies on them; large
    objects weigh more than their number in skewness, hence the peak's onset.

    Parameters
    ----------
    frame
        (height, width).
    bright
        Look for bright or for dark objects; None decides. When the frame speaks for the other kind, only responses of
        the wanted sign are counted, and their main peak: the other kind's rims are finer.

    Returns
    -------
    None for a constant frame and for one smaller than 6 pixels.
    """
    levels = list(_responses(frame))
    if not levels or frame.min() == frame.max():
        return None
    found = _peak(levels, None, _FIRST_PEAK_SHARE)
    if bright is not None and (found is None or (found.sign > 0) != bright):
        found = _peak(levels, 1.0 if bright else -1.0, _MAIN_PEAK_SHARE)
    if found is None:
        return None
    core = found.level.whole() * found.sign > found.typical
    radius_at_level = found.radius_px / found.level.factor
    distance = ndimage.distance_transform_edt(~core) if core.any() else np.full(core.shape, np.inf)
    return ObjectScale(
        radius_px=found.radius_px,
        bright=found.sign > 0,
        contrast=2 * found.typical / _DISC_RESPONSE,
        skewness=found.skewness,
        skewness_deviation=math.sqrt(6 * math.pi * found.level.sigma**2 / frame.size),
        near=_enlarged(distance <= 1.5 * radius_at_level, found.level.factor, frame.shape),
        away=_enlarged(distance > 0.9 * radius_at_level, found.level.factor, frame.shape),
    )


@dataclass(frozen=True)
class _Level:
    sigma: float  # px of the frame
    factor: int  # px of the frame a px of this level
    frame: NDArray[Any]

    def whole(self) -> NDArray[Any]:
        """Scale-normalised Laplacian of Gaussian, positive on bright blobs."""
        return _response(self.frame, self.sigma / self.factor)

    def window(self) -> NDArray[Any]:
        """The same within a window, without the margin: lines along a frame's edge would pass for objects."""
        sigma = self.sigma / self.factor
        sides = []
        for size in self.frame.shape:
            first = max(0, (size - _MOST_PIXELS) // 2)
            sides.append(slice(first, first + min(size, _MOST_PIXELS)))
        response = _response(self.frame[sides[0], sides[1]], sigma)
        margin = min(math.ceil(2 * sigma), min(response.shape) // 6)
        return response[margin : response.shape[0] - margin, margin : response.shape[1] - margin]


def _responses(frame: Grey) -> Iterator[_Level]:
    sigma, factor, level = _FINEST_SIGMA, 1, frame
    while sigma <= min(frame.shape) * _COARSEST_SHARE:
        while sigma / factor >= _SIGMA_AT_LEVEL:
            height, width = (side // 2 * 2 for side in level.shape)
            level = level[:height, :width].reshape(height // 2, 2, width // 2, 2).mean((1, 3))
            factor *= 2
        yield _Level(sigma, factor, level)
        sigma *= _STEP


def _response(frame: NDArray[Any], sigma: float) -> NDArray[Any]:
    # A sampled Laplacian of Gaussian would answer to the mean grey value; the Laplacian of the blurred frame does not.
    blurred = ndimage.gaussian_filter(frame, sigma, truncate=3.0)
    response: NDArray[Any] = -(sigma**2) * ndimage.laplace(blurred)
    return response


@dataclass(frozen=True)
class _Peak:
    level: _Level
    radius_px: float
    sign: float
    skewness: float
    typical: float  # response-weighted mean response: between that of the noise and that of the objects' centres


def _peak(levels: list[_Level], sign: float | None, least_share: float) -> _Peak | None:
    moments = [_moments(level, sign) for level in levels]
    skewness = np.array([third / second**1.5 if second > 0 else 0.0 for second, third in moments])
    typical = np.array([abs(third) / second if second > 0 else 0.0 for second, third in moments])
    strength = np.abs(skewness)
    if not strength.any():
        return None
    at = _first_peak(levels, skewness, typical, least_share)
    radius = levels[at].sigma * math.sqrt(2) * _STEP ** (_onset(strength, at) - at)
    return _Peak(
        level=levels[at],
        # Rounded, as the last bits depend on how the frame lies in memory, and equal frames shall give equal masks.
        radius_px=round(radius, 2),
        sign=float(np.sign(skewness[at])) if sign is None else sign,
        skewness=float(strength[at]),
        typical=float(np.float32(typical[at])),
    )


def _moments(level: _Level, sign: float | None) -> tuple[float, float]:
    """Second and third moment of the response.

    With a sign, of that side as though the other mirrored it: the third absolute moment beyond that of noise.
    """
    response = level.window()
    if sign is not None:
        response = np.maximum(sign * response, 0)
    squared = response * response
    second = float(squared.mean(dtype=np.float64))
    third = float((squared * response).mean(dtype=np.float64))
    if sign is None:
        return second, third
    return 2 * second, max(0.0, 2 * third - _NORMAL_THIRD * (2 * second) ** 1.5)


def _first_peak(
    levels: list[_Level], skewness: NDArray[np.float64], typical: NDArray[np.float64], least_share: float
) -> int:
    """Index of the finest local maximum that is minor neither in skewness nor, as ringing is, in grey values.

    A blob answers at the next coarser scale as well; a maximum that does not is of single pixels. One that shot noise
    may have counts where there is no other.
    """
    strength = np.abs(skewness)
    padded = np.concatenate(([-np.inf], strength, [-np.inf]))
    peaks = (strength >= padded[:-2]) & (strength > padded[2:]) & (strength >= least_share * strength.max())
    peaks &= typical >= _FIRST_RESPONSE_SHARE * typical.max()
    peaks[:-1] &= skewness[1:] * np.sign(skewness[:-1]) >= _NEXT_SCALE_SHARE * strength[:-1]
    least = np.array([least_skewness(level.sigma * math.sqrt(2)) for level in levels])
    if (peaks & (strength >= least)).any():
        peaks &= strength >= least
    found = np.flatnonzero(peaks & (strength > 0))
    return int(found[0]) if found.size else int(strength.argmax())


def _onset(strength: NDArray[np.float64], peak: int) -> float:
    """Where, in steps of scale, the flank rising to the peak reaches nine tenths of it."""
    wanted = _PEAK_ONSET * strength[peak]
    for index in range(peak - 1, -1, -1):
        if strength[index] < wanted:
            return index + float((wanted - strength[index]) / (strength[index + 1] - strength[index]))
    return 0.0


def _enlarged(mask: BoolMask, factor: int, shape: tuple[int, ...]) -> BoolMask:
    large = mask.repeat(factor, 0).repeat(factor, 1)
    rest = [(0, max(0, side - have)) for side, have in zip(shape, large.shape, strict=True)]
    return np.pad(large, rest, mode="edge")[: shape[0], : shape[1]]
