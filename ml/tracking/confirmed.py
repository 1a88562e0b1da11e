"""What a pipeline gives: frames whose masks, tracks and links stand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from ml.lineage import Event, Link
from ml.tracking.objects import Segmented
from ml.tracking.tracker import Tracker
from ml.tracking.votes import Labels
from ml.types import Grey

ReadFrame = Callable[[int], Grey]
Segment = Callable[[int, Grey], Segmented]


@dataclass(frozen=True)
class Observed:
    """A track on a frame.

    Attributes
    ----------
    score
        the segmenter's, NaN where it has none.
    confidence
        0 to 1: how much the tracker's vote and the overlap speak for this identity.
    bridged
        the segmenter has not found it here; the mask is what the tracker expects.
    """

    track: int
    phase: int
    score: float
    confidence: float
    bridged: bool = False


@dataclass(frozen=True)
class Confirmed:
    """A frame that stands: uint32 labels (H, W) of tracks, and who is there.

    `links` are those whose child begins here, `events` those that have become certain since the frame before.
    """

    frame: int
    labels: Labels
    objects: tuple[Observed, ...]
    links: tuple[Link, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Before:
    """What is known of a series whose frames 0 to `next_frame` - 1 are confirmed: for going on from there.

    Attributes
    ----------
    labels
        the label image of a confirmed frame, None of frames that are not at hand; the last one has to be.
    phase_of, first_frames
        of each track.
    """

    next_frame: int
    labels: Callable[[int], Labels | None]
    phase_of: dict[int, int]
    first_frames: dict[int, int]

    def last(self) -> Labels:
        """The label image of the last confirmed frame, or ValueError."""
        labels = self.labels(self.next_frame - 1)
        if labels is None:
            raise ValueError(f"Of frame {self.next_frame - 1}, the last one that is confirmed, there are no labels.")
        return labels


class Pipeline(Protocol):
    """Follows a series from segmented frames; gives each frame in order, as soon as it stands."""

    def __call__(
        self, frames: int, read: ReadFrame, segment: Segment, tracker: Tracker, before: Before | None = None
    ) -> Iterator[Confirmed]: ...
