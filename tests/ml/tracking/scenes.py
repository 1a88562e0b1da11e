"""Drawn series: discs that move, touch and vanish, segmented without error, and a tracker that sees what is bright."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.tracking import article, graticule
from ml.tracking.confirmed import Confirmed
from ml.tracking.drift import Shift
from ml.tracking.objects import Segmented, nothing, of_labels
from ml.tracking.overlap import OverlapTracker
from ml.tracking.tracker import Tracker
from ml.tracking.votes import Labels, Votes
from ml.types import Grey

SIZE = (96, 96)


@dataclass(frozen=True)
class Disc:
    row: float
    column: float
    radius: float = 6.0
    phase: int = 0


def draw(discs: Iterable[Disc], size: tuple[int, int] = SIZE) -> tuple[Grey, Segmented]:
    """A frame and its objects; discs of one phase that overlap are one object."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    masks: dict[int, NDArray[np.bool_]] = {}
    for disc in discs:
        mask = (rows - disc.row) ** 2 + (columns - disc.column) ** 2 <= disc.radius**2
        masks[disc.phase] = masks.get(disc.phase, np.zeros(size, bool)) | mask
    labels, phase_of = np.zeros(size, np.uint32), {}
    for phase, mask in masks.items():
        parts, count = ndimage.label(mask & (labels == 0))
        first = len(phase_of)
        labels[parts > 0] = parts[parts > 0] + first
        phase_of |= {first + number: phase for number in range(1, count + 1)}
    image = np.where(labels > 0, np.float32(0.9), np.float32(0.1))
    return image, of_labels(labels, phase_of) if phase_of else nothing(size)


Scene = Sequence[tuple[Grey, Segmented]]


class Seeing:
    """A tracker that follows what is bright: each bright pixel is the track's whose known mask is the nearest.

    It stands in for a network: it knows no more than the masks that it was told last, and where it sees nothing, nobody
    is.
    """

    name, weights_hash = "seeing", ""

    def __init__(self) -> None:
        self.known: Labels = np.zeros(SIZE, np.uint32)
        self.references = 0

    @property
    def tracks(self) -> set[int]:
        return {int(track) for track in np.unique(self.known) if track}

    def start(self, frame: Grey, labels: Labels) -> None:
        self.add(frame, labels)

    def propagate(self, frame: Grey, segmented: Labels | None = None, shift: Shift | None = None) -> Votes:
        if not self.known.any():
            return Votes(np.zeros(frame.shape, np.uint32), {})
        rows, columns = ndimage.distance_transform_edt(self.known == 0, return_distances=False, return_indices=True)
        labels = np.where(frame > 0.5, self.known[rows, columns], 0).astype(np.uint32)
        return Votes(labels, {track: float((labels == track).any()) for track in self.tracks})

    def update(self, labels: Labels) -> None:
        self.known = labels.copy()

    def add(self, frame: Grey, labels: Labels, *, confirmed: bool = False) -> None:
        self.references += 1
        self.known = labels.copy()

    def forget(self, tracks: Iterable[int]) -> None:
        self.known[np.isin(self.known, list(tracks))] = 0


def run(
    scene: Scene, pipeline: str = "graticule", tracker: Tracker | None = None, **options: object
) -> list[Confirmed]:
    """All confirmed frames of a scene."""
    follow: Callable[..., Iterable[Confirmed]] = {"graticule": graticule, "article": article}[pipeline].follow
    chosen = OverlapTracker() if tracker is None else tracker
    return list(follow(len(scene), lambda t: scene[t][0], lambda t, image: scene[t][1], chosen, **options))


def track_at(confirmed: Confirmed, row: float, column: float) -> int:
    return int(confirmed.labels[round(row), round(column)])


def events(frames: Iterable[Confirmed], kind: str) -> list[tuple[int, tuple[int, ...], tuple[int, ...]]]:
    """(last_frame, parents, children) of each event of a kind."""
    return [(e.last_frame, e.parents, e.children) for c in frames for e in c.events if e.kind == kind]
