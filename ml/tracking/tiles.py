"""Small particles on large frames: the field in tiles that overlap, each followed at full resolution."""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ml.segmenters.pieces import finished
from ml.tracking.drift import Shift
from ml.tracking.traces import boxes, centre_of
from ml.tracking.tracker import Tracker, in_pieces
from ml.tracking.votes import Labels, Votes
from ml.types import Grey

SMALL_PX = 10.0  # the diameter below which an object is lost when the frame is shrunk to the network's input
OVERLAP = 0.25  # of a tile's side
Tile = tuple[slice, slice]
Steps = Generator[float | None, None, None]


def tiles(shape: tuple[int, int], side: int) -> list[Tile]:
    """Tiles of at most `side` px that overlap by a quarter and cover a frame evenly."""
    step = max(1, int(side * (1 - OVERLAP)))
    sides = []
    for length in shape:
        count = 1 if length <= side else -(-(length - side) // step) + 1
        starts = np.linspace(0, max(length - side, 0), count).round().astype(int)
        sides.append([slice(int(start), min(int(start) + side, length)) for start in starts])
    return [(rows, columns) for rows in sides[0] for columns in sides[1]]


def fitted(tracker: Tracker, labels: Labels) -> Tracker:
    """The tracker, or one in tiles if the typical object of a frame would be too small for its network's input.

    A tracker that shrinks frames has `longest`, to how many px, and `another`, which makes one of the same network.
    """
    longest, make = getattr(tracker, "longest", None), getattr(tracker, "another", None)
    areas = [np.count_nonzero(mask) for _, mask in boxes(labels).values()]
    if longest is None or make is None or not areas:
        return tracker
    scale = longest / max(labels.shape)
    if scale >= 1 or float(np.sqrt(4 * np.median(areas) / np.pi)) * scale >= SMALL_PX:
        return tracker
    return TiledTracker(make, (labels.shape[0], labels.shape[1]), longest)


@dataclass(eq=False)
class _Part:
    tile: Tile
    tracker: Tracker
    started: bool = False


class TiledTracker:
    """A tracker for each tile; an object is followed where it lies deepest, and handed over when that changes.

    `make` gives a new tracker; those of one network share it.
    """

    def __init__(self, make: Callable[[], Tracker], shape: tuple[int, int], side: int) -> None:
        self._parts = [_Part(tile, make()) for tile in tiles(shape, side)]
        self.name, self.weights_hash = self._parts[0].tracker.name, self._parts[0].tracker.weights_hash
        self._last: Grey | None = None
        self._cropped: Grey | None = None
        self._crops: list[Grey] = []

    @property
    def tracks(self) -> set[int]:
        return {track for part in self._parts for track in part.tracker.tracks}

    def start(self, frame: Grey, labels: Labels) -> None:
        finished(self.start_steps(frame, labels))

    def start_steps(self, frame: Grey, labels: Labels) -> Steps:
        """`start` a tile at a time, and these in pieces."""
        for part, own in self._divided(labels):
            yield from in_pieces(part.tracker, "start", self._crop(frame, part), own)
            part.started = True
            yield None
        self._last = frame

    def propagate(self, frame: Grey, segmented: Labels | None = None, shift: Shift | None = None) -> Votes:
        return finished(self.propagate_steps(frame, segmented, shift))

    def propagate_steps(
        self, frame: Grey, segmented: Labels | None = None, shift: Shift | None = None
    ) -> Generator[float | None, None, Votes]:
        """`propagate` a tile at a time, and these in pieces."""
        self._last = frame
        labels = np.zeros(frame.shape, np.uint32)
        confidence: dict[int, float] = {}
        segments: dict[int, dict[int, float]] = {}
        homes = {} if segmented is None else self._homes(segmented)
        for index, part in enumerate(self._parts):
            if not part.tracker.tracks:
                continue
            crop = None if segmented is None else np.ascontiguousarray(segmented[part.tile])
            votes: Votes = yield from in_pieces(part.tracker, "propagate", self._crop(frame, part), crop, shift)
            yield None
            place = labels[part.tile]
            place[(place == 0) & (votes.labels > 0)] = votes.labels[(place == 0) & (votes.labels > 0)]
            confidence |= votes.confidence
            for segment, shares in votes.segments.items():
                # An object is cut at the edge of a tile: its own tile's vote counts, others' where that is silent.
                known = segments.setdefault(segment, {0: 1.0})
                for track, share in shares.items():
                    if track and (share > known.get(track, 0.0) or homes.get(segment) == index):
                        known[track] = share
        for shares in segments.values():
            total = sum(share for track, share in shares.items() if track)
            shares[0] = max(0.0, 1 - total)
            if total > 1:
                shares |= {track: share / total for track, share in shares.items() if track}
        for segment in homes.keys() - segments.keys():
            segments[segment] = {0: 1.0}
        return Votes(labels, confidence, segments)

    def update(self, labels: Labels) -> None:
        finished(self.update_steps(labels))

    def update_steps(self, labels: Labels) -> Steps:
        """`update` a tile at a time, and these in pieces."""
        if self._last is None:
            raise ValueError("There is no frame to update; call start and propagate first.")
        yield from self._accept(self._last, labels, new=set(), confirmed=False)

    def add(self, frame: Grey, labels: Labels, *, confirmed: bool = False) -> None:
        finished(self.add_steps(frame, labels, confirmed=confirmed))

    def add_steps(self, frame: Grey, labels: Labels, *, confirmed: bool = False) -> Steps:
        """`add` a tile at a time, and these in pieces."""
        self._last = frame
        new = {int(track) for track in np.unique(labels) if track} - self.tracks
        yield from self._accept(frame, labels, new=new, confirmed=confirmed)

    def forget(self, tracks: Iterable[int]) -> None:
        gone = set(tracks)
        for part in self._parts:
            part.tracker.forget(gone & part.tracker.tracks)

    def _accept(self, frame: Grey, labels: Labels, *, new: set[int], confirmed: bool) -> Steps:
        followed = self.tracks | new
        for part, own in self._divided(np.where(np.isin(labels, list(followed)), labels, 0).astype(np.uint32)):
            here = {int(track) for track in np.unique(own) if track}
            left = part.tracker.tracks - here
            elsewhere = {track for track in left if (labels == track).any()}
            part.tracker.forget(elsewhere)
            if not part.started:
                yield from in_pieces(part.tracker, "start", self._crop(frame, part), own)
                part.started = True
            elif confirmed or here - part.tracker.tracks:
                yield from in_pieces(part.tracker, "add", self._crop(frame, part), own, confirmed=confirmed)
            elif part.tracker.tracks:
                yield from in_pieces(part.tracker, "update", own)
            yield None

    def _divided(self, labels: Labels) -> Iterator[tuple[_Part, Labels]]:
        homes = self._homes(labels)
        for index, part in enumerate(self._parts):
            crop = labels[part.tile]
            theirs = [track for track, home in homes.items() if home == index]
            yield part, np.where(np.isin(crop, theirs), crop, 0).astype(np.uint32)

    def _homes(self, labels: Labels) -> dict[int, int]:
        """The tile in which each object lies deepest."""
        homes = {}
        for track, here in boxes(labels).items():
            row, column = centre_of(*here)
            depths = [
                min(row - rows.start, rows.stop - row, column - columns.start, columns.stop - column)
                for rows, columns in (part.tile for part in self._parts)
            ]
            homes[track] = int(np.argmax(depths))
        return homes

    def _crop(self, frame: Grey, part: _Part) -> Grey:
        """One array for each frame and tile: trackers know a frame again by its identity."""
        if self._cropped is not frame:
            self._cropped, self._crops = frame, [np.ascontiguousarray(frame[each.tile]) for each in self._parts]
        return self._crops[self._parts.index(part)]
