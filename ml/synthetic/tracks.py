"""Tracks and links from what is visible: label images hold keys of particles, the truth holds tracks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .dynamics import Change

SMALLEST_VISIBLE_PX = 6
"""Less of a particle than this inside the field is not labelled."""


@dataclass(frozen=True)
class Track:
    """One object through time, visible on every frame from the first to the last; `parents` are track ids."""

    track: int
    phase: int
    first_frame: int
    last_frame: int
    parents: tuple[int, ...] = ()


@dataclass(frozen=True)
class Link:
    """A parent and a child; `frame` is the child's first. A merge has a link per parent, a split one per child."""

    parent: int
    child: int
    kind: Literal["merge", "split"]
    frame: int


@dataclass
class _Open:
    phase: int
    first: int
    last: int
    parents: tuple[int, ...] = ()


@dataclass
class Recorder:
    """Gives tracks to keys, frame by frame.

    What is out of sight for a frame and comes back is a new track, as nobody could tell. A merge or split of which
    only one side is in sight continues the one visible track.
    """

    links: list[Link] = field(default_factory=list)
    _tracks: dict[int, _Open] = field(default_factory=dict)
    _track_of: dict[int, int] = field(default_factory=dict)

    def record(
        self, frame: int, keys: NDArray[np.int32], phase_of_key: dict[int, int], changes: Sequence[Change]
    ) -> NDArray[np.uint32]:
        """Turn a label image of keys into one of tracks, uint32."""
        areas = np.bincount(keys.ravel())
        visible = [int(key) for key in np.flatnonzero(areas >= SMALLEST_VISIBLE_PX) if key]
        for change in changes:
            self._apply(frame, change, visible)
        table = np.zeros(len(areas), np.uint32)
        for key in visible:
            track = self._track_of.get(key)
            if track is None or self._tracks[track].last < frame - 1:
                track = self._begin(key, phase_of_key[key], frame)
            self._tracks[track].last = frame
            table[key] = track
        return table[keys]

    def _begin(self, key: int, phase: int, frame: int, parents: tuple[int, ...] = ()) -> int:
        track = len(self._tracks) + 1
        self._tracks[track] = _Open(phase, frame, frame - 1, parents)
        self._track_of[key] = track
        return track

    def _apply(self, frame: int, change: Change, visible: list[int]) -> None:
        parents = [
            track
            for key in change.before
            if (track := self._track_of.get(key)) is not None and self._tracks[track].last == frame - 1
        ]
        children = [key for key in change.after if key in visible]
        if not parents or not children:
            return
        if max(len(parents), len(children)) == 1:
            self._track_of[children[0]] = parents[0]
            return
        for child in children:
            track = self._begin(child, self._tracks[parents[0]].phase, frame, tuple(parents))
            self.links += [Link(parent, track, change.kind, frame) for parent in parents]

    def tracks(self) -> list[Track]:
        """All tracks, by id."""
        return [Track(track, item.phase, item.first, item.last, item.parents) for track, item in self._tracks.items()]
