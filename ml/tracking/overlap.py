"""The tracker without a network: objects are where they overlap with what was there, and move as they did."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ml.tracking.drift import Shift, drift
from ml.tracking.traces import Trace, boxes, centre_of, paint
from ml.tracking.votes import Labels, Votes
from ml.types import Grey

Float = NDArray[np.float64]

_REACH = 1.0  # equivalent diameters from where an object is expected
_CUTOFF = 0.9  # of the cost: 1 is an object that neither overlaps nor is near
_PART_CUTOFF = 0.6  # of the share of a part that lies outside of the whole


class OverlapTracker:
    """Frame by frame assignment by overlap and motion, with merges and splits (Jaqaman et al. 2008,
    doi 10.1038/nmeth.1237, by laptrack).

    Objects are expected where their motion and the drift of the field take them. The cost of one and the same object
    is 1 - IoU, or where they do not overlap 1 + their distance in diameters, halved; that of a part in a whole is the
    share of it that lies outside.
    """

    name = "overlap"
    weights_hash = ""

    def __init__(self) -> None:
        self._traces: dict[int, Trace] = {}
        self._frames: list[Grey] = []  # the last one told, and the one voted on
        self._shift = (0.0, 0.0)
        self._shape: tuple[int, int] | None = None
        self._foreground: NDArray[np.bool_] | None = None

    def another(self) -> "OverlapTracker":
        """One that knows nothing yet."""
        return OverlapTracker()

    @property
    def tracks(self) -> set[int]:
        return set(self._traces)

    def start(self, frame: Grey, labels: Labels) -> None:
        self._traces, self._frames, self._shape = {}, [frame], frame.shape
        self._shift = (0.0, 0.0)
        self._learn(labels, new=True)

    def propagate(self, frame: Grey, segmented: Labels | None = None, shift: Shift | None = None) -> Votes:
        if self._shape is None:
            raise ValueError("There is nothing to follow; call start first.")
        if frame.shape != self._shape or (segmented is not None and segmented.shape != self._shape):
            raise ValueError(f"The frame has {frame.shape} px, the series {self._shape}; start anew for another size.")
        if shift is None:
            now = None if segmented is None else segmented > 0
            shift = drift(self._frames[0], frame, self._foreground, now)
        self._shift = shift
        self._frames[1:] = [frame]
        moves = {track: trace.expected(self._shift) for track, trace in self._traces.items()}
        expected = paint(self._shape, self._traces.values(), moves)
        if segmented is None:
            return Votes(expected, {track: float((expected == track).any()) for track in self._traces})
        return self._votes(expected, segmented, moves)

    def update(self, labels: Labels) -> None:
        self._learn(labels, new=False)

    def add(self, frame: Grey, labels: Labels, *, confirmed: bool = False) -> None:
        if not self._frames or self._frames[-1] is not frame:
            self._shift = (0.0, 0.0)
            self._frames, self._shape = [frame], frame.shape
        self._learn(labels, new=True)

    def forget(self, tracks: Iterable[int]) -> None:
        for track in tracks:
            self._traces.pop(track, None)

    def _learn(self, labels: Labels, *, new: bool) -> None:
        if self._shape is None:
            raise ValueError("There is no frame to update; call start and propagate first.")
        if labels.shape != self._shape:
            raise ValueError(f"The label image has {labels.shape} px, the series {self._shape}.")
        present = boxes(labels)
        for track, (place, mask) in present.items():
            if track in self._traces:
                self._traces[track].move(place, mask, self._shift)
            elif new:
                self._traces[track] = Trace.at(track, 0, place, mask, Counter())
        for track, trace in self._traces.items():
            if track not in present:
                trace.carry(trace.expected(self._shift))
        self._foreground = labels > 0
        self._frames = self._frames[-1:]
        self._shift = (0.0, 0.0)

    def _votes(self, expected: Labels, segmented: Labels, moves: dict[int, tuple[float, float]]) -> Votes:
        tracks, segments = list(self._traces), boxes(segmented)
        names = list(segments)
        if not tracks or not names:
            return Votes(expected, dict.fromkeys(tracks, 0.0), {name: {0: 1.0} for name in names})
        areas = np.array([np.count_nonzero(mask) for _, mask in segments.values()], np.float64)
        theirs = np.array([self._traces[track].area for track in tracks], np.float64)
        shared = _shared(expected, segmented, tracks, names)
        here = np.array([np.add(self._traces[track].centre, moves[track]) for track in tracks])
        there = np.array([centre_of(*segment) for segment in segments.values()])
        far = np.linalg.norm(here[:, None] - there, axis=-1)
        reach = _REACH * np.sqrt(4 * np.maximum(theirs, 1) / np.pi)[:, None]
        iou = shared / np.maximum(theirs[:, None] + areas - shared, 1)
        same = np.where(shared > 0, 1 - iou, 0.5 + far / (2 * reach))
        inside = 1 - shared / np.maximum(np.minimum(theirs[:, None], areas), 1)
        labels = np.zeros_like(expected)
        shares: dict[int, dict[int, float]] = {name: {0: 1.0} for name in names}
        confidence = dict.fromkeys(tracks, 0.0)
        for row, columns in _assigned(same, inside).items():
            track = tracks[row]
            for column in columns:
                share = max(shared[row, column] / areas[column], 1 - same[row, column], 0.0)
                shares[names[column]][track] = min(float(share), 1.0)
                confidence[track] = max(confidence[track], float(1 - min(same[row, column], inside[row, column], 1.0)))
        for name, found in shares.items():
            total = sum(share for track, share in found.items() if track)
            found[0] = max(0.0, 1 - total)
            if total > 1:
                shares[name] = {track: share / total if track else 0.0 for track, share in found.items()}
            best = max(found, key=lambda track: (found[track], track))
            if best:
                place, mask = segments[name]
                labels[place][mask] = best
        free = labels == 0
        labels[free & (segmented == 0)] = expected[free & (segmented == 0)]
        return Votes(labels, confidence, shares)


def _shared(expected: Labels, segmented: Labels, tracks: list[int], names: list[int]) -> Float:
    """Pixels that each track and each segment share."""
    both = (expected > 0) & (segmented > 0)
    rows, columns = (
        np.argsort(numbers)[np.searchsorted(np.sort(numbers), labels[both])]
        for numbers, labels in ((tracks, expected), (names, segmented))
    )
    found: Float = coo_matrix((np.ones(len(rows)), (rows, columns)), (len(tracks), len(names))).toarray()
    return found


def _assigned(same: Float, inside: Float) -> dict[int, list[int]]:
    """The columns of each row: one as a rule, several where it splits, one column of several rows where they merge."""
    found: dict[int, list[int]] = {}
    rows, columns = np.nonzero((same < _CUTOFF) | (inside < _PART_CUTOFF))
    count = len(same)
    nodes = sum(same.shape)
    _, group_of = connected_components(coo_matrix((np.ones(len(rows)), (rows, columns + count)), (nodes, nodes)))
    for group in np.unique(group_of[rows]):
        members = np.flatnonzero(group_of == group)
        some_rows, some_columns = members[members < count], members[members >= count] - count
        if len(some_rows) == len(some_columns) == 1:
            found[int(some_rows[0])] = [int(some_columns[0])]
        else:
            within = np.ix_(some_rows, some_columns)
            for row, column in _linked(same[within], inside[within]):
                found.setdefault(int(some_rows[row]), []).append(int(some_columns[column]))
    return found


def _linked(same: Float, inside: Float) -> list[tuple[int, int]]:
    """laptrack's links between the objects of two frames, merges and splits among them."""
    from laptrack import LapTrack

    def cost_of(matrix: Float) -> Any:
        def cost(one: Float, two: Float) -> float:
            (first, row), (second, column) = one, two
            if first == second:
                return np.inf
            row, column = (row, column) if first < second else (column, row)
            return float(matrix[int(row), int(column)])

        return cost

    settings: dict[str, Any] = {
        "metric": cost_of(same),
        "cutoff": _CUTOFF,
        "gap_closing_cutoff": False,
        "splitting_metric": cost_of(inside),
        "splitting_cutoff": _PART_CUTOFF,
        "merging_metric": cost_of(inside),
        "merging_cutoff": _PART_CUTOFF,
    }
    objects = [
        np.array([(frame, index) for index in range(count)], np.float64) for frame, count in enumerate(same.shape)
    ]
    tree = LapTrack(**settings).predict(objects)
    return [(int(min(edge)[1]), int(max(edge)[1])) for edge in tree.edges]


def load(**_options: Any) -> OverlapTracker:
    """Build it; there are no weights, and the device is the CPU."""
    return OverlapTracker()
