"""Of masks that were found one by one: which are the same object, and whose the pixels are that several hold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.segmenters.instances import Boxed
from ml.types import BoolMask

SAME_OBJECT_IOU = 0.7
MOST_SHARED = 0.5  # of the smaller one's area, before two are one object

Place = tuple[slice, slice]


@dataclass(frozen=True)
class Claim:
    """A refined object.

    Attributes
    ----------
    object
        as it is now.
    found
        as it was found, before it was refined.
    sureness
        float16, of every pixel in the object's place: the larger, the surer it is part of the object.
    """

    object: Boxed
    found: Boxed
    sureness: NDArray[np.float16]


def settled(claims: Sequence[Claim], min_area_px: int) -> list[Boxed]:
    """Each object once, the better scored one, and each pixel in one object of a phase: where it is surest.

    Masks that share much although what was found did not are neighbours of which one ran over the other: both stay,
    and the pixels are parted. Objects of different phases may overlap: a core lies in its shell. What an object loses
    may leave it in pieces; the largest stays, if it has `min_area_px`. The result is ordered by score.
    """
    order = sorted(claims, key=lambda each: each.object.score, reverse=True)
    neighbours = _neighbours([claim.object for claim in order])
    masks: dict[int, BoolMask] = {}
    for number, claim in enumerate(order):
        if not any(at in masks and _same(claim, order[at]) for at in neighbours[number]):
            masks[number] = claim.object.mask.copy()
    for number, mask in masks.items():
        for at in neighbours[number]:
            if at in masks:
                _part(order[number], mask, order[at], masks[at])
    whole = [replace(order[number].object, mask=_largest(mask)) for number, mask in masks.items()]
    return [each for each in whole if np.count_nonzero(each.mask) >= max(min_area_px, 1)]


def _neighbours(objects: Sequence[Boxed]) -> list[list[int]]:
    """For each object the earlier ones of its phase whose places meet its own."""
    sides = np.array([[(side.start, side.stop) for side in each.place] for each in objects]).reshape(-1, 2, 2)
    phases = np.array([each.phase for each in objects])
    starts, stops = sides[..., 0], sides[..., 1]
    found = []
    for number in range(len(objects)):
        meets = ((starts[:number] < stops[number]) & (starts[number] < stops[:number])).all(axis=1)
        found.append(np.flatnonzero(meets & (phases[:number] == phases[number])).tolist())
    return found


def _same(one: Claim, other: Claim) -> bool:
    shared, smaller, union = _shared(one.object, other.object)
    if shared > SAME_OBJECT_IOU * union:
        return True
    if shared <= MOST_SHARED * smaller:
        return False
    shared, smaller, _ = _shared(one.found, other.found)
    return shared > MOST_SHARED * smaller


def _shared(one: Boxed, other: Boxed) -> tuple[int, int, int]:
    """Pixels in both masks, in the smaller one, in either."""
    here, there = _common(one.place, other.place)
    shared = int(np.count_nonzero(one.mask[here] & other.mask[there]))
    areas = int(np.count_nonzero(one.mask)), int(np.count_nonzero(other.mask))
    return shared, min(areas), sum(areas) - shared


def _part(one: Claim, mask: BoolMask, other: Claim, other_mask: BoolMask) -> None:
    """Take from both masks, of which `other` is the better scored one, the pixels that are rather the other's."""
    here, there = _common(one.object.place, other.object.place)
    disputed = mask[here] & other_mask[there]
    ours = one.sureness[here] > other.sureness[there]
    other_mask[there] &= ~(disputed & ours)
    mask[here] &= ~(disputed & ~ours)


def _common(one: Place, other: Place) -> tuple[Place, Place]:
    """Where two places meet, as parts of the one and of the other; empty where they do not."""
    sides = []
    for a, b in zip(one, other, strict=True):
        start, stop = max(a.start, b.start), min(a.stop, b.stop)
        stop = max(start, stop)
        sides.append((slice(start - a.start, stop - a.start), slice(start - b.start, stop - b.start)))
    (rows, other_rows), (columns, other_columns) = sides
    return (rows, columns), (other_rows, other_columns)


def _largest(mask: BoolMask) -> BoolMask:
    parts, count = ndimage.label(mask)
    if count < 2:
        return mask
    largest: BoolMask = parts == np.bincount(parts.ravel())[1:].argmax() + 1
    return largest
