"""The tracks that are under way: where each was last seen, how it moves, and where it is expected next."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from ml.tracking.drift import Shift
from ml.tracking.objects import numbered
from ml.tracking.votes import Labels
from ml.types import BoolMask

Place = tuple[slice, slice]

_FASTEST = 0.5  # equivalent diameters per frame, beyond the drift
_INERTIA = 0.5
_A_PERSONS_WORD = 1_000_000  # frames on which it was segmented so


@dataclass
class Trace:
    """A track under way.

    Attributes
    ----------
    place, mask
        its box on the frame and its mask therein.
    apart
        box and mask as it was last segmented by itself, None while it is.
    centre
        (row, column), px.
    velocity
        of the centre beyond the drift, px per frame.
    seen
        on how many frames it was segmented.
    missing, absent
        since which frame it has not been, or None; and for how many frames on which others were.
    sure
        it has lasted long enough to be believed in.
    alive_until
        the frame until which it is known to live, -1 where nothing is known.
    lapsed
        it lives and has been missing for so long that it is not said any more where.
    """

    track: int
    first: int
    place: Place
    mask: BoolMask
    centre: tuple[float, float]
    phases: Counter[int]
    velocity: tuple[float, float] = (0.0, 0.0)
    seen: int = 1
    missing: int | None = None
    absent: int = 0
    sure: bool = False
    largest_px: int = 0
    alive_until: int = -1
    lapsed: bool = False
    apart: tuple[Place, BoolMask] | None = None

    @classmethod
    def at(cls, track: int, first: int, place: Place, mask: BoolMask, phases: Counter[int]) -> Self:
        """A track that is here."""
        return cls(track, first, place, mask, centre_of(place, mask), phases, largest_px=int(np.count_nonzero(mask)))

    @property
    def here(self) -> tuple[Place, BoolMask]:
        return self.place, self.mask

    @property
    def area(self) -> int:
        return int(np.count_nonzero(self.mask))

    @property
    def diameter(self) -> float:
        """Of the disc of equal area, px."""
        return float(np.sqrt(4 * max(self.area, 1) / np.pi))

    @property
    def phase(self) -> int:
        """What it was segmented as most often."""
        return self.phases.most_common(1)[0][0]

    def move(self, place: Place, mask: BoolMask, shift: Shift, *, shared: bool = False) -> None:
        """It is here now, while the field moved by `shift`; `shared`: its mask is a part of a segment."""
        self.apart = (self.apart or self.here) if shared else None
        centre = centre_of(place, mask)
        own = [
            0.0 if not self.seen else now - was - by for now, was, by in zip(centre, self.centre, shift, strict=True)
        ]
        limit = _FASTEST * self.diameter
        row, column = (
            float(np.clip(_INERTIA * old + (1 - _INERTIA) * new, -limit, limit))
            for old, new in zip(self.velocity, own, strict=True)
        )
        self.put(place, mask)
        self.velocity = row, column

    def put(self, place: Place, mask: BoolMask) -> None:
        """It is here, which says nothing of its motion."""
        self.place, self.mask, self.centre = place, mask, centre_of(place, mask)
        self.largest_px = max(self.largest_px, self.area)

    def found(self, phase: int) -> None:
        """It was segmented."""
        self.seen += 1
        self.phases[phase] += 1
        self.missing, self.absent, self.lapsed = None, 0, False

    def told(self, phase: int) -> None:
        """A person says of what phase it is, which outweighs whatever is segmented."""
        self.phases = Counter({phase: _A_PERSONS_WORD})

    def wait(self, frame: int, *, ageing: bool) -> None:
        """It was not; without `ageing` nothing could have been."""
        self.missing = frame if self.missing is None else self.missing
        self.absent += ageing

    def carry(self, by: tuple[float, float]) -> None:
        """It has moved unseen, by so many px."""
        rows, columns = (
            slice(side.start + round(step), side.stop + round(step)) for side, step in zip(self.place, by, strict=True)
        )
        self.place, self.centre = (rows, columns), (self.centre[0] + by[0], self.centre[1] + by[1])

    def expected(self, shift: Shift) -> tuple[float, float]:
        """How far it moves until the next frame, px."""
        return shift[0] + self.velocity[0], shift[1] + self.velocity[1]


def at_border(place: Place, shape: tuple[int, ...]) -> bool:
    """Whether a box touches the border of a frame."""
    return any(side.start <= 1 or side.stop >= length - 1 for side, length in zip(place, shape, strict=True))


def centre_of(place: Place, mask: BoolMask) -> tuple[float, float]:
    """Mean row and column of a mask on the frame."""
    rows, columns = np.nonzero(mask)
    return float(rows.mean()) + place[0].start, float(columns.mean()) + place[1].start


def boxes(labels: Labels) -> dict[int, tuple[Place, BoolMask]]:
    """Box and mask of each number of a label image."""
    present, places = numbered(labels)
    found = ndimage.find_objects(places.astype(np.int32), max_label=len(present))
    return {
        number: (box, places[box] == place)
        for place, (number, box) in enumerate(zip(present, found, strict=True), start=1)
        if box is not None
    }


def paint(
    shape: tuple[int, int], traces: Iterable[Trace], moves: Mapping[int, tuple[float, float]] | None = None
) -> Labels:
    """Traces where they are, or moved by so many px each; the smaller on the larger ones."""
    labels = np.zeros(shape, np.uint32)
    for trace in sorted(traces, key=lambda trace: -trace.area):
        row, column = (moves or {}).get(trace.track, (0.0, 0.0))
        put(labels, trace.track, trace.place, trace.mask, (round(row), round(column)))
    return labels


def put(labels: Labels | BoolMask, number: int, place: Place, mask: BoolMask, by: tuple[int, int] = (0, 0)) -> None:
    """Paint a mask, moved by whole px; what lies outside the frame is left out."""
    height, width = labels.shape
    top, left = place[0].start + by[0], place[1].start + by[1]
    rows = slice(max(top, 0), min(top + mask.shape[0], height))
    columns = slice(max(left, 0), min(left + mask.shape[1], width))
    if rows.start < rows.stop and columns.start < columns.stop:
        part = mask[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        labels[rows, columns][part] = number


def outlines(place: Place, traces: Iterable[Trace], moves: Mapping[int, tuple[float, float]]) -> Labels:
    """Traces as they were last segmented by themselves, where they are expected in a box.

    Where they overlap, equal ones are parted in the middle and small ones lie on large ones: a pixel is the one's in
    which it lies the deepest, in parts of that one's greatest depth cubed.
    """
    labels = np.zeros([side.stop - side.start for side in place], np.uint32)
    deepest = np.zeros(labels.shape)
    for trace in traces:
        there, mask = trace.apart or trace.here
        was, (row, column) = centre_of(there, mask), moves[trace.track]
        by = trace.centre[0] - was[0] + row - place[0].start, trace.centre[1] - was[1] + column - place[1].start
        own = np.zeros(labels.shape, bool)
        put(own, True, there, mask, (round(by[0]), round(by[1])))
        depth = ndimage.distance_transform_edt(own)
        depth /= max(float(depth.max()), 1.0) ** 3
        labels[depth > deepest] = trace.track
        deepest = np.maximum(deepest, depth)
    return labels


def divide(mask: BoolMask, expected: Labels, owners: Iterable[int]) -> NDArray[np.uint32]:
    """A mask (h, w) as labels: each pixel to the nearest of the owners, as they are expected in the same crop.

    Of what so comes in several parts an owner keeps the one that it is expected in the most; neighbours get the others.
    """
    theirs = np.where(np.isin(expected, list(owners)), expected, 0)
    if not theirs.any():
        return np.where(mask, np.uint32(next(iter(owners))), np.uint32(0)).astype(np.uint32)
    rows, columns = ndimage.distance_transform_edt(theirs == 0, return_distances=False, return_indices=True)
    shares = np.where(mask, theirs[rows, columns], 0).astype(np.uint32)
    kept = np.zeros_like(shares)
    for owner, (place, share) in boxes(shares).items():
        parts, count = ndimage.label(share, np.ones((3, 3)))
        inside = np.bincount(parts[(parts > 0) & (theirs[place] == owner)], minlength=count + 1)
        if inside.any():
            kept[place][parts == inside.argmax()] = owner
        else:
            kept[place][share] = owner
    if np.array_equal(kept > 0, mask):
        return shares
    grown = watershed(np.zeros(mask.shape, np.uint8), kept, connectivity=2, mask=mask).astype(np.uint32)
    return np.where(grown > 0, grown, shares)
