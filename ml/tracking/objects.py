"""The objects of one frame as a label image: what a segmenter found, or what a folder of labels says."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.tracking.votes import Labels
from ml.types import BoolMask, Instance

LEAST_PX = 6  # what is smaller is no object
_LEAST_PART = 0.1  # of an object's largest part: smaller parts are specks


@dataclass(frozen=True)
class Segmented:
    """Objects 1..n of a frame.

    Attributes
    ----------
    labels
        uint32 (H, W), 0 background.
    scores, phases
        of each object, from label 1; scores are NaN where the segmenter has none.
    """

    labels: Labels
    scores: tuple[float, ...]
    phases: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.scores)


def nothing(shape: tuple[int, int]) -> Segmented:
    """A frame without objects."""
    return Segmented(np.zeros(shape, np.uint32), (), ())


def of_instances(instances: Sequence[Instance], shape: tuple[int, int]) -> Segmented:
    """Flatten instances, which may overlap: smaller ones lie on larger ones.

    Parts that do not hang together are objects of their own; specks are left out.
    """
    masks = [(int(instance.mask.sum()), index) for index, instance in enumerate(instances)]
    painted = np.zeros(shape, np.int32)
    for _, index in sorted(masks, key=lambda mask: -mask[0]):
        painted[instances[index].mask] = index + 1
    labels = np.zeros(shape, np.uint32)
    scores: list[float] = []
    phases: list[int] = []
    for number, box in enumerate(ndimage.find_objects(painted), start=1):
        if box is None:
            continue
        instance = instances[number - 1]
        for part in parts(painted[box] == number):
            scores.append(float(instance.score))
            phases.append(instance.phase)
            labels[box][part] = len(scores)
    return Segmented(labels, tuple(scores), tuple(phases))


def parts(mask: BoolMask) -> list[BoolMask]:
    """The parts of a mask that hang together, without specks."""
    components, count = ndimage.label(mask, np.ones((3, 3)))
    areas = np.bincount(components.ravel())[1:]
    if count == 1:
        return [mask] if areas[0] >= LEAST_PX else []
    least = max(LEAST_PX, _LEAST_PART * areas.max(initial=0))
    return [components == number for number, area in enumerate(areas, start=1) if area >= least]


def of_labels(labels: NDArray[Any], phase_of: dict[int, int] | None = None) -> Segmented:
    """The objects of a label image of any whole numbers, as they are; `phase_of` has their phases, 0 if left out."""
    named, places = numbered(labels)
    phases = tuple((phase_of or {}).get(number, 0) for number in named)
    return Segmented(places, (math.nan,) * len(named), phases)


def numbered(labels: NDArray[Any]) -> tuple[list[int], Labels]:
    """The numbers of a label image but 0, rising, and the image with their places among them, from 1."""
    if labels.dtype.kind == "u" and labels.max(initial=0) <= labels.size:  # counting is much faster than sorting
        there = np.bincount(labels.ravel().astype(np.int64)) > 0
        there[:1] = False
        return np.flatnonzero(there).tolist(), np.cumsum(there, dtype=np.uint32)[labels]
    numbers, places = np.unique(labels, return_inverse=True)
    table = np.cumsum(numbers != 0, dtype=np.uint32)
    table[numbers == 0] = 0
    return numbers[numbers != 0].tolist(), table[places].reshape(labels.shape)
