"""How wide the neck between two touching particles is: by it, and not by where a segmenter cuts, a merge is told."""

import math
from itertools import combinations

import numpy as np

from ml.tracking.traces import Place, centre_of
from ml.types import BoolMask

_CLOSED_PX = 2.5  # the point spread and the networks close gaps that are narrower: they fill the notch beside a neck
_MOST_CLOSED = 0.45  # of the smaller diameter squared: a neck of 0.9 of it is wide, however small the particles are
_SMOOTHED_PX = 3
_SEAM_PX = 2  # the neck is so near to where one particle ends and the other begins


def neck_ratio(one: tuple[Place, BoolMask], two: tuple[Place, BoolMask]) -> float:
    """Width of the neck between two particles in equivalent diameters of the smaller one.

    The width W of both together is taken across the line between their centres, where it is the least around their
    seam; it is 0 where they do not touch. Between discs of the diameters d and D the gap at W / 2 from the line is
    (W² - w²) / 4 · (1 / d + 1 / D) if their neck is w wide: closed gaps are so accounted for.

    A core and the shell around it have no neck: 0.

    Parameters
    ----------
    one, two
        box on the frame and mask therein; neither mask is empty.
    """
    if _surrounds(one, two) or _surrounds(two, one):
        return 0.0
    first, second = centre_of(*one), centre_of(*two)
    distance = math.dist(first, second)
    if distance < 1:
        return 1.0
    direction = np.subtract(second, first) / distance
    length = int(distance)
    profiles, areas = [], []
    for place, mask in (one, two):
        pixels = np.argwhere(mask) + [side.start for side in place]
        along = np.rint((pixels - first) @ direction).astype(np.int64)
        profiles.append(np.bincount(along[(along >= 0) & (along <= length)], minlength=length + 1))
        areas.append(len(pixels))
    seam = int(np.cumsum(profiles[0] - profiles[1]).argmax())
    reach = _SEAM_PX + _SMOOTHED_PX // 2
    widths = (profiles[0] + profiles[1])[max(seam - reach, 0) : seam + reach + 2]
    if not widths.all():
        return 0.0
    if len(widths) > _SMOOTHED_PX:
        widths = np.convolve(widths, np.full(_SMOOTHED_PX, 1 / _SMOOTHED_PX), "valid")
    smaller, larger = sorted(math.sqrt(4 * area / math.pi) for area in areas)
    closed = min(4 * _CLOSED_PX * smaller * larger / (smaller + larger), _MOST_CLOSED * smaller**2)
    return math.sqrt(max(float(widths.min()) ** 2 - closed, 0.0)) / smaller


def _surrounds(shell: tuple[Place, BoolMask], core: tuple[Place, BoolMask]) -> bool:
    """Whether the centre of one lies not in itself but in the other."""
    centre = [round(at) for at in centre_of(*shell)]

    def holds(place: Place, mask: BoolMask) -> bool:
        row, column = (at - side.start for at, side in zip(centre, place, strict=True))
        return 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1] and bool(mask[row, column])

    return not holds(*shell) and holds(*core)


def hang_together(tracks: list[int], together: set[frozenset[int]]) -> bool:
    """Whether all of the tracks are joined with one another, by way of others too."""
    reached, left = set(tracks[:1]), set(tracks[1:])
    while more := {track for track in left if any(frozenset({track, other}) in together for other in reached)}:
        reached |= more
        left -= more
    return not left


def pairs(tracks: list[int]) -> set[frozenset[int]]:
    """All pairs."""
    return {frozenset(pair) for pair in combinations(tracks, 2)}
