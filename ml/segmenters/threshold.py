"""Blur, threshold, split: no network, and the baseline of every comparison. Settings not given come from the image."""

import hashlib
import json
import math
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.morphology import remove_small_holes

from ml.segmenters.instances import LabelInstances, split_touching, without_small
from ml.segmenters.object_scale import ObjectScale, estimate_noise, estimate_objects, least_skewness
from ml.segmenters.parameters import THRESHOLD_PARAMETERS, resolve
from ml.segmenters.pieces import finished
from ml.segmenters.threshold_settings import read_settings
from ml.types import BoolMask, Grey, Instance

VERSION = 2  # raise it with every change that changes masks
_BLUR_OF_RADIUS = (0.16, 0.4)  # least and most; between them as much as the noise asks for
_NOISE_AFTER_BLUR = 1 / 8  # of the contrast
_WINDOW_OF_RADIUS = 7.0
_UNEVEN = 0.25  # of the contrast
_WELL_PARTED = 5.0  # a slope cut in two has 3.5, with objects on it up to 4.5
_LEAST_AREA_OF_DISC = 0.1
_LEAST_AREA_PX = 5
# Otsu cuts a normal distribution into halves whose means differ by 2.65 of their standard deviation.
_LEAST_SEPARATION = 2.8
# Without blobs of one sign more is asked for: pure noise reached 3.2, with a skewness of 2 deviations.
_LEAST_SKEWNESS_DEVIATIONS = 3
_LEAST_SEPARATION_UNSKEWED = 4.0
# A fainter phase stands out by this share of the contrast and by so many deviations of the background.
_FAINT = (0.25, 4)
_FAINT_CUT_DEVIATIONS = 3
_UNFITTED = resolve(THRESHOLD_PARAMETERS, {})


class ThresholdSegmenter:
    """Gaussian blur, Otsu's threshold of the frame or of its difference to the local background, watershed split.

    Parameters of `segment` are listed in `ml.segmenters.parameters.THRESHOLD_PARAMETERS`. Those that are left out, and
    were not fitted to labels before, are chosen from the frame: polarity and radius by `estimate_objects`; the blur
    0.16 of the radius, or more (up to 0.4) where the noise would exceed an eighth of the contrast; Otsu or local by how
    much the background varies. Where fainter objects of like size are left (a second phase), each object is cut at
    half its own height.
    """

    name = "threshold"

    def __init__(self, defaults: Mapping[str, Any] | None = None) -> None:
        """`defaults`: settings that were fitted to labels; `segment` uses them where it is given none."""
        self.defaults = resolve(THRESHOLD_PARAMETERS, defaults or {})
        fitted = {name: value for name, value in self.defaults.items() if value != _UNFITTED[name]}
        version = f"threshold {VERSION}" + (f" {json.dumps(fitted, sort_keys=True)}" if fitted else "")
        self.weights_hash = hashlib.sha256(version.encode()).hexdigest()

    def segment(self, frame: Grey, parameters: Mapping[str, Any] | None = None) -> Sequence[Instance]:
        """Find the objects of a frame.

        Parameters
        ----------
        frame
            (height, width), any real dtype without NaN; float32 from 0 to 1 as a rule.
        parameters
            Settings by name. `offset` counts in the frame's grey values; it is added to the threshold between dark
            and bright, so that a positive one enlarges dark objects and shrinks bright ones.

        Returns
        -------
        Instances without overlap from top left to bottom right, scores NaN. None at all on a constant frame, on one
        smaller than 6 pixels, and, with `method` auto, where the grey values are hardly better parted than those of
        pure noise cut in two.

        Raises
        ------
        ParameterError
            An unknown name or a value out of range.
        """
        return finished(self.segment_steps(frame, parameters))

    def segment_steps(
        self, frame: Grey, parameters: Mapping[str, Any] | None = None
    ) -> Generator[None, None, Sequence[Instance]]:
        """`segment` in pieces, between which the engine answers clicks."""
        given = resolve(THRESHOLD_PARAMETERS, {**self.defaults, **(parameters or {})})
        if frame.ndim != 2:
            raise ValueError(f"A frame has the shape (height, width); this one has {frame.shape}. Give one channel.")
        grey = np.asarray(frame, np.float32)
        bright = None if given["polarity"] == "auto" else given["polarity"] == "bright"
        objects = estimate_objects(grey, bright)
        yield
        if objects is None:
            return []
        mask = self._foreground(grey, objects, given)
        yield
        least = given["min_area_px"]
        if least is None:
            least = max(_LEAST_AREA_PX, round(_LEAST_AREA_OF_DISC * math.pi * objects.radius_px**2))
        mask = remove_small_holes(mask, max_size=least)
        labels = split_touching(mask, given["split_depth"]) if given["split"] else _components(mask)
        yield
        return LabelInstances(without_small(labels, least))

    def _foreground(self, grey: Grey, objects: ObjectScale, given: Mapping[str, Any]) -> BoolMask:
        sigma = _blur_px(grey, objects) if given["sigma_px"] is None else given["sigma_px"]
        blurred = ndimage.gaussian_filter(grey if objects.bright else -grey, sigma)
        offset = given["offset"] if objects.bright else -given["offset"]
        cut = _otsu(blurred, objects)
        local = given["method"] == "local" or (given["method"] == "auto" and _is_uneven(blurred, objects, cut))
        if local:
            window = given["window_px"] or int(_WINDOW_OF_RADIUS * objects.radius_px)
            blurred, cut = _level(blurred, objects, cut, window)
        least = _LEAST_SEPARATION if _has_blobs(objects) else _LEAST_SEPARATION_UNSKEWED
        if given["method"] == "auto" and cut.separation < least:
            return np.zeros(grey.shape, np.bool_)
        foreground: BoolMask = blurred > cut.threshold + offset
        if given["method"] == "auto" and (faint := _faint_threshold(blurred, objects, cut)) is not None:
            return _above_half_of_each(blurred, foreground, faint + offset, objects, given["split_depth"])
        return foreground


class _Cut(NamedTuple):
    threshold: float
    contrast: float  # between the classes' means
    separation: float  # the contrast in standard deviations within the classes


def load(*, weights: Path | None = None, **_options: Any) -> ThresholdSegmenter:
    """Build it, with the settings of a file that `ml.training.threshold` wrote or with none; the device is the CPU."""
    return ThresholdSegmenter(read_settings(weights) if weights else None)


def _blur_px(grey: Grey, objects: ObjectScale) -> float:
    """White noise of deviation n is n / (2 √π sigma) after a Gaussian blur."""
    needed = estimate_noise(grey) / (_NOISE_AFTER_BLUR * objects.contrast * 2 * math.sqrt(math.pi))
    least, most = (share * objects.radius_px for share in _BLUR_OF_RADIUS)
    return round(min(max(needed, least), most), 2)


def _has_blobs(objects: ObjectScale) -> bool:
    least = max(least_skewness(objects.radius_px), _LEAST_SKEWNESS_DEVIATIONS * objects.skewness_deviation)
    return objects.skewness >= least


def _otsu(blurred: Grey, objects: ObjectScale) -> _Cut:
    """Otsu's threshold of the whole frame or of the surroundings of objects, whichever parts the classes better.

    The first is what Otsu means; where objects are few, it cuts the background's noise in two instead. Where there are
    objects of the other polarity, it may cut them off: then the background lies on our objects' side, and what is on
    that side is cut again.
    """
    away = blurred[objects.away]
    background = float(np.median(away)) if away.size else -math.inf
    cuts = []
    for values in (blurred.ravel(), blurred[objects.near]):
        cut = _otsu_of(values, objects.bright)
        if cut.threshold < background:
            cut = _otsu_of(values[values > cut.threshold], objects.bright)
        cuts.append(cut)
    return max(cuts, key=lambda cut: cut.separation)


def _otsu_of(values: NDArray[np.float32], bright: bool) -> _Cut:
    if values.size == 0 or values.min() == values.max():
        return _Cut(math.inf, 0.0, 0.0)
    # On the frame's own grey values, not the negated ones: histogram bins have no mirror symmetry.
    threshold = float(threshold_otsu(values)) if bright else -float(threshold_otsu(-values))
    low, high = values[values <= threshold], values[values > threshold]
    contrast = float(high.mean() - low.mean())
    within = math.sqrt((low.var() * low.size + high.var() * high.size) / values.size)
    return _Cut(threshold, contrast, contrast / within if within > 0 else math.inf)


def _faint_threshold(blurred: Grey, objects: ObjectScale, cut: _Cut) -> float | None:
    """Half the height of fainter objects in what the cut left as background; None where there are none.

    Objects have the size of those above the cut: smaller ones are texture, larger ones support. Where texture makes
    up half of what the lower threshold would add, it is not lowered.
    """
    strong = blurred > cut.threshold
    sizes = _object_sizes(strong, objects)
    rest = ~ndimage.maximum_filter(strong, 2 * max(2, round(0.5 * objects.radius_px)) + 1)
    values = blurred[rest]
    if values.size < 100 or sizes is None:
        return None
    background = float(np.median(values))
    # Of a normal distribution, from its lower and upper fifth, the wider one: faint objects are fewer than that, and
    # vacuum beside a support, cut off at the detector's lower limit, hides what varies on the other side.
    low, high = np.percentile(values, (20, 80))
    deviation = float(max(background - low, high - background)) / 0.8416
    share, deviations = _FAINT
    standing_out = rest & (blurred > background + max(share * cut.contrast, deviations * deviation))
    of_size, _ = _of_size(standing_out, sizes)
    if not of_size.any():
        return None
    height = float(np.median(blurred[of_size])) - background
    threshold = background + max(height / 2, _FAINT_CUT_DEVIATIONS * deviation)
    added = rest & (blurred > threshold)
    of_size, _ = _of_size(added, sizes)
    return threshold if 2 * np.count_nonzero(of_size) >= np.count_nonzero(added) else None


def _above_half_of_each(
    blurred: Grey, strong: BoolMask, faint: float, objects: ObjectScale, split_depth: float
) -> BoolMask:
    """What lies above the faint threshold, each part cut anew at half its own height above the background.

    Components too large for an object keep what is strong in them.
    """
    found = blurred > faint
    sizes = _object_sizes(strong, objects)
    if sizes is None or found.all():
        return strong
    _, large = _of_size(found, sizes)
    parts = split_touching(found & ~large, split_depth)
    background = float(np.median(blurred[~found]))
    heights = np.asarray(ndimage.median(blurred, parts, np.arange(1, parts.max() + 1)))
    halves = np.concatenate(([math.inf], np.maximum(faint, (background + heights) / 2)))
    foreground: BoolMask = (blurred > halves[parts]) | (strong & large)
    return foreground


def _object_sizes(mask: BoolMask, objects: ObjectScale) -> tuple[float, float] | None:
    """Least and largest area, px, that a further object of the mask's kind may have."""
    labels, _ = ndimage.label(mask)
    areas = np.bincount(labels.ravel())[1:]
    areas = areas[areas >= math.pi / 2 * objects.radius_px**2]
    return (float(np.median(areas)) / 2, 2.0 * float(areas.max())) if areas.size else None


def _of_size(mask: BoolMask, sizes: tuple[float, float]) -> tuple[BoolMask, BoolMask]:
    """The components within the sizes, and those above."""
    labels, _ = ndimage.label(mask)
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    return ((areas >= sizes[0]) & (areas <= sizes[1]))[labels], (areas > sizes[1])[labels]


def _is_uneven(blurred: Grey, objects: ObjectScale, cut: _Cut) -> bool:
    """Does the background away from objects vary, over their size, by a good part of their contrast?

    Where the cut parts the frame well, the inside of objects much larger than the estimate's is no background.
    """
    size = max(3, int(objects.radius_px))
    elsewhere = ~objects.near
    if cut.separation >= _WELL_PARTED:
        elsewhere &= ~ndimage.maximum_filter(blurred > cut.threshold, size)
    background = ndimage.uniform_filter(blurred, size)[elsewhere]
    if background.size < 100:
        return False
    low, high = np.percentile(background, (5, 95))
    return bool((high - low) / 2 > _UNEVEN * cut.contrast)


def _level(blurred: Grey, objects: ObjectScale, cut: _Cut, window_px: int) -> tuple[Grey, _Cut]:
    """The difference to the mean of the background within a window, objects left out, and its threshold.

    The first round leaves out what the estimate took for objects, and where the frame's own cut parts it well what
    lies above that: objects much larger than the others. The second leaves out what the first found.
    """
    rim = 2 * round(0.3 * objects.radius_px) + 1
    background = objects.away
    well_parted = cut.separation >= _WELL_PARTED
    if well_parted:
        background = background & ~ndimage.maximum_filter(blurred > cut.threshold, rim)
    for _ in range(2):
        flat = blurred - _background_mean(blurred, background, window_px, widen=well_parted)
        cut = _otsu(flat, objects)
        background = ~ndimage.maximum_filter(flat > cut.threshold, rim)
    return flat, cut


def _background_mean(blurred: Grey, background: BoolMask, window_px: int, *, widen: bool) -> NDArray[np.float32]:
    """Mean of the background in a window; where that lies within one object, in a wider one or of the object."""
    share = ndimage.uniform_filter(background.astype(np.float32), window_px)
    total = ndimage.uniform_filter(np.where(background, blurred, np.float32(0)), window_px)
    enough = share > 0.02
    mean: NDArray[np.float32] = total / np.where(enough, share, 1)
    if enough.all():
        return mean
    if widen and 3 * window_px < max(blurred.shape):
        return np.where(enough, mean, _background_mean(blurred, background, 3 * window_px, widen=True))
    return np.where(enough, mean, ndimage.uniform_filter(blurred, window_px))


def _components(mask: BoolMask) -> NDArray[np.int32]:
    labels, _ = ndimage.label(mask)
    return labels.astype(np.int32)
