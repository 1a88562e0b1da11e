"""From a mask of everything to single objects: split what touches, leave out what is too small."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

from ml.instance_sequence import InstanceSequence
from ml.types import BoolMask, Instance

Labels = NDArray[np.int32]  # (height, width), 0 background

_LEAST_DROP_PX = 0.75  # the distance map of a digital disc ripples by less
_LEAST_AREA_TO_CUT_PX = 18  # two squares of nine: a smaller part has no depth to speak of


def split_touching(mask: BoolMask, depth: float) -> Labels:
    """Label the parts of a mask, cut at their necks by a watershed on the distance map.

    Two parts are cut where the way from one centre to the other narrows by more than `depth` of the smaller one's
    half width: distance d is mapped to f with df = dd / max(depth * d, 0.75 px), and maxima of f that rise by less
    than 1 above the saddle to a higher one are merged. So the criterion is relative for large objects, and the pixel
    grid's ripple does not cut small ones.

    Parameters
    ----------
    mask
        bool (height, width).
    depth
        0 to 1; less splits more.

    Returns
    -------
    int32 (height, width) labels from 1, numbered from the top left; zeros for an empty mask.
    """
    components, count = ndimage.label(mask)
    areas = np.bincount(components.ravel())
    parts_of = np.ones(count + 1, np.int32)
    parts_of[0] = 0
    cut: list[tuple[tuple[slice, slice], BoolMask, Labels, int]] = []
    for number, box in enumerate(ndimage.find_objects(components), start=1):
        if areas[number] < _LEAST_AREA_TO_CUT_PX:
            continue
        # With a rim of background, except where the frame ends: objects go on there.
        rows, columns = (slice(max(0, side.start - 1), side.stop + 1) for side in box)
        single = components[rows, columns] == number
        parts = _parts(single, depth)
        parts_of[number] = parts.max()
        if parts_of[number] > 1:
            cut.append(((rows, columns), single, parts, number))
    first = np.cumsum(parts_of) - parts_of + 1
    first[0] = 0
    labels = first.astype(np.int32)[components]
    for place, single, parts, number in cut:
        labels[place][single] = first[number] - 1 + parts[single]
    return labels


def _parts(single: BoolMask, depth: float) -> Labels:
    whole = single.astype(np.int32)
    if single.all():
        return whole
    distance = ndimage.distance_transform_edt(single)
    height = distance / _LEAST_DROP_PX
    turn = _LEAST_DROP_PX / depth if depth > 0 else math.inf
    above = distance > turn
    height[above] = (1 + np.log(distance[above] / turn)) / depth
    merged = reconstruction(height - 1, height)
    markers, number = ndimage.label(local_maxima(merged) & single, np.ones((3, 3)))
    if number < 2:
        return whole
    parts: Labels = watershed(-height, markers, mask=single).astype(np.int32)
    return parts


def without_small(labels: Labels, min_area_px: int) -> Labels:
    """The labels of at least `min_area_px` pixels, numbered anew from 1 in their order."""
    areas = np.bincount(labels.ravel())
    kept = areas >= max(min_area_px, 1)
    kept[0] = False
    numbers = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    return numbers[labels]


class LabelInstances(InstanceSequence):
    """Objects of a label image."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._boxes = ndimage.find_objects(labels)

    def __len__(self) -> int:
        return len(self._boxes)

    def _at(self, index: int) -> Instance:
        place = self._boxes[index]
        mask = np.zeros(self._labels.shape, np.bool_)
        mask[place] = self._labels[place] == index + 1
        return Instance(mask, math.nan)


@dataclass(frozen=True)
class Boxed:
    """An object by the part of its mask that lies in its box (rows, columns) of the frame."""

    place: tuple[slice, slice]
    mask: BoolMask
    score: float
    phase: int


class BoxedInstances(InstanceSequence):
    """Objects by their boxes, which may overlap."""

    def __init__(self, shape: tuple[int, int], objects: Sequence[Boxed]) -> None:
        self._shape, self._objects = shape, objects

    def __len__(self) -> int:
        return len(self._objects)

    def _at(self, index: int) -> Instance:
        found = self._objects[index]
        mask = np.zeros(self._shape, np.bool_)
        mask[found.place] = found.mask
        return Instance(mask, found.score, found.phase)
