"""Which frames of a tracked series a figure shows, and which region it magnifies."""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

from ml.evaluation.figures.masks import Region, region
from ml.evaluation.lineage import Junction
from ml.tracking.traces import boxes, centre_of
from ml.tracking.votes import Labels

_ROOM = 0.4  # around a merge, of its own extent
_LEAST, _QUARTER = 1 / 8, 1 / 4  # of the frame's shorter side


def key_frames(frames: int, merge: tuple[int, int] | None, count: int) -> list[int]:
    """So many frames in order: the first, the last, the two that a merge lies between, others far from these.

    Parameters
    ----------
    frames
        how many there are, at least 1; where there are fewer than `count`, all are chosen.
    merge
        the last frame before and the first after it.
    """
    chosen = {0, frames - 1, *(merge or ())}
    while len(chosen) < min(count, frames):
        inside = sorted(chosen)
        start, stop = max(pairwise(inside), key=lambda gap: (gap[1] - gap[0], -gap[0]))
        chosen.add((start + stop) // 2)
    return sorted(chosen)


def merge_to_show(merges: Iterable[Junction], frames: Collection[int]) -> Junction | None:
    """The first merge after the first of the frames and until the last; without such a one the first of all."""
    ordered = sorted(merges, key=lambda merge: (merge.frame, merge.whole))
    within = [merge for merge in ordered if frames and min(frames) < merge.frame <= max(frames)]
    return next(iter(within or ordered), None)


def region_of(tracks: Collection[int], labels: Sequence[Labels]) -> Region:
    """The square that holds the tracks on every frame, with some room; within the frame.

    Tracks that are larger than the frame's shorter side are cut. Without any, it is a quarter of that side wide and
    lies on the middle frame around the object that has the most others near it; where none is so small that it fits,
    at the most boundary.
    """
    height, width = labels[0].shape
    shorter = min(height, width)
    seen = np.zeros((height, width), bool)
    for image in labels:
        seen |= np.isin(image, list(tracks))
    if not seen.any():
        return _crowd(labels[len(labels) // 2], max(round(shorter * _QUARTER), 1))
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    extent = max(np.ptp(rows), np.ptp(columns)) + 1
    side = min(max(round(extent * (1 + _ROOM)), round(shorter * _LEAST), 1), shorter)
    return _around((rows[0] + rows[-1]) / 2, side, height), _around((columns[0] + columns[-1]) / 2, side, width)


def _crowd(labels: Labels, side: int) -> Region:
    found = [here for here in boxes(labels).values() if max(here[1].shape) <= side]
    if not found:
        return region(labels > 0, [])
    centres = np.array([centre_of(*here) for here in found])
    areas = np.array([np.count_nonzero(mask) for _, mask in found])
    near = cKDTree(centres).query_ball_point(centres, side / 2, p=np.inf, return_length=True)
    row, column = centres[int(np.lexsort((areas, near))[-1])]  # of equals the larger one
    return _around(float(row), side, labels.shape[0]), _around(float(column), side, labels.shape[1])


def _around(centre: float, side: int, length: int) -> slice:
    start = min(max(round(centre - (side - 1) / 2), 0), length - side)
    return slice(start, start + side)
