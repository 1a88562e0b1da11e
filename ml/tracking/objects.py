"""The objects of one frame as a label image: what a segmenter found, or what a folder of labels says."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.tracking.votes import Labels
from ml.types import BoolMask, Instance

LEAST_PX = 6  # what is smaller is no object
UNDER = 0.5  # of an object's pixels under accepted masks: it is one of theirs
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
    known
        which track an object is, of those whose masks a person has accepted.
    """

    labels: Labels
    scores: tuple[float, ...]
    phases: tuple[int, ...]
    known: Mapping[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.scores)


class HiddenMaskError(ValueError):
    """An accepted mask without a pixel of its own."""


@dataclass(frozen=True)
class Known:
    """A mask, bool (H, W), that a person has accepted as this track's."""

    track: int
    phase: int
    mask: BoolMask


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


def with_known(segmented: Segmented, known: Sequence[Known]) -> Segmented:
    """Lay accepted masks over what was segmented; they come first, smaller ones lie on larger ones.

    An object of which half or more lies under them is left out; of others the rest remains.

    Raises
    ------
    HiddenMaskError
    """
    order = sorted(known, key=lambda each: -np.count_nonzero(each.mask))
    labels = np.zeros_like(segmented.labels)
    for number, each in enumerate(order, start=1):
        labels[each.mask] = number
    visible = np.bincount(labels.ravel(), minlength=len(order) + 1)
    if hidden := [each.track for number, each in enumerate(order, start=1) if not visible[number]]:
        raise HiddenMaskError(
            f"Track {hidden[0]} has no pixel of its own: its mask is empty or lies under other accepted ones. "
            "Mend or delete one of them."
        )
    taken = labels > 0
    scores, phases = [math.nan] * len(order), [each.phase for each in order]
    areas = np.bincount(segmented.labels.ravel(), minlength=len(segmented) + 1)
    under = np.bincount(segmented.labels[taken], minlength=len(segmented) + 1)
    for number, box in enumerate(ndimage.find_objects(segmented.labels.astype(np.int32)), start=1):
        if box is None or under[number] >= UNDER * areas[number]:
            continue
        mask = segmented.labels[box] == number
        for part in parts(mask & ~taken[box]) if under[number] else [mask]:
            scores.append(segmented.scores[number - 1])
            phases.append(segmented.phases[number - 1])
            labels[box][part] = len(scores)
    tracks = {number: each.track for number, each in enumerate(order, start=1)}
    return Segmented(labels, tuple(scores), tuple(phases), tracks)


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
