"""Annotations of one series as every annotation format takes them, frame by frame."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ml.lineage import Event
from ml.rle import Rle

MOST_TRACKS = (1 << 32) - 1


class Phase(NamedTuple):
    """A label class; `colour` is "#rrggbb"."""

    name: str
    colour: str


@dataclass(frozen=True)
class LabelledInstance:
    """One object on one frame.

    Attributes
    ----------
    track
        number of its track, from 1: the object's ID on screen and through time.
    phase
        index into the dataset's phases.
    mask
        of the whole frame.
    z_order
        drawing order: larger lies on top.
    score, model
        the model's estimate of the mask's IoU and its name, None for a hand-drawn mask.
    confidence
        the tracker's, that it is this track, 0 to 1; None where none tracked.
    """

    track: int
    phase: int
    mask: Rle
    z_order: int = 0
    score: float | None = None
    model: str | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class AnnotationDataset:
    """One series' annotations.

    Attributes
    ----------
    name
        of the series.
    frames, height, width
        size of the series.
    phases
        the label classes, in the order that indices refer to.
    instances
        gives the instances of a frame, 0 ≤ t < frames; called once a frame by a writer, in order, so that a dataset
        larger than memory can be written.
    highest_track
        no track has a higher number: a format that must number anew goes on from there.
    events
        what happened to tracks: merges and splits are their lineage. Confidence NaN: a person's word.
    """

    name: str
    frames: int
    height: int
    width: int
    phases: Sequence[Phase]
    instances: Callable[[int], Sequence[LabelledInstance]]
    highest_track: int
    events: Sequence[Event] = ()

    def drawn(self, t: int) -> list[LabelledInstance]:
        """A frame's instances from the lowest to the topmost, checked against the dataset."""
        found = sorted(self.instances(t), key=lambda one: (one.z_order, one.track, one.phase, one.mask.counts))
        for one in found:
            if one.mask.size != (self.height, self.width):
                raise InvalidDatasetError(
                    f"{self.name}: track {one.track} on frame {t} has a mask of {one.mask.size[0]}×{one.mask.size[1]} "
                    f"pixels; the frames are {self.height}×{self.width}. Masks cover the whole frame."
                )
            if not 0 <= one.phase < len(self.phases):
                raise InvalidDatasetError(
                    f"{self.name}: track {one.track} on frame {t} has phase {one.phase} of {len(self.phases)}; "
                    "list every phase."
                )
            if not 1 <= one.track <= min(self.highest_track, MOST_TRACKS):
                raise InvalidDatasetError(
                    f"{self.name}: a track numbered {one.track} on frame {t}; numbers run from 1 to "
                    f"{min(self.highest_track, MOST_TRACKS)}."
                )
        return found


class InvalidDatasetError(ValueError):
    """A dataset that contradicts itself, or an annotation file that cannot be read."""


def frame_stem(t: int) -> str:
    """Name of a frame in every format, without ending: images put beside the labels go by it."""
    return f"frame_{t:06d}"


@dataclass(frozen=True)
class AnnotationFormat:
    """What a module of `ml/formats/annotations` offers as its `FORMAT`.

    `write` puts files into an existing folder and returns them; the same dataset gives the same bytes. `read`, where
    there is one, takes such a folder.
    """

    name: str
    title: str
    write: Callable[[AnnotationDataset, Path], list[Path]]
    read: Callable[[Path], AnnotationDataset] | None = None
