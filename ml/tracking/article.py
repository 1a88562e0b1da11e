"""The article's loop: what the tracker says, plus the objects of the segmenter that it lacks.

It is here to be compared with. Masks are bytes, as in the code that the article used: 255 objects and no more.
"""

from collections.abc import Iterator

import numpy as np

from ml.lineage import Event
from ml.tracking.confirmed import Before, Confirmed, Observed, ReadFrame, Segment
from ml.tracking.objects import Segmented
from ml.tracking.tracker import Tracker
from ml.tracking.votes import Labels

MOST_OBJECTS = 255
NEW = 0.8  # of an object's pixels that are nobody's: so it is new


def follow(
    frames: int, read: ReadFrame, segment: Segment, tracker: Tracker, before: Before | None = None
) -> Iterator[Confirmed]:
    """Follow a series; each frame stands at once.

    Frame 0: the segmenter's objects are the tracker's reference. Every later frame: the tracker's masks, plus the
    segmenter's objects of which they cover less than a fifth, are the result and a reference again.
    """
    first = 0 if before is None else before.next_frame
    known: set[int] = set() if before is None else set(before.first_frames)
    if before is not None and first:
        tracker.start(read(first - 1), before.last())
    for frame in range(first, frames):
        image = read(frame)
        segmented = segment(frame, image)
        if frame == 0:
            mask = with_new(np.zeros(segmented.labels.shape, np.uint32), segmented)
            tracker.start(image, mask)
        else:
            votes = tracker.propagate(image, segmented.labels)
            mask = with_new(votes.labels, segmented)
            tracker.add(image, mask, confirmed=True)
        present = [int(track) for track in np.unique(mask) if track]
        new = [track for track in present if track not in known]
        known |= set(new)
        births = [Event("birth", frame - 1, frame, (), (track,), 1.0, "article") for track in new if frame]
        objects = tuple(Observed(track, 0, float("nan"), 1.0) for track in present)
        yield Confirmed(frame, mask, objects, (), tuple(births))


def with_new(track: Labels, segmented: Segmented) -> Labels:
    """The tracker's masks and the segmenter's new objects, numbered on from the highest that is there."""
    mask = track.copy()
    areas = np.bincount(segmented.labels.ravel(), minlength=len(segmented) + 1)
    free = np.bincount(segmented.labels[track == 0], minlength=len(segmented) + 1)
    number = int(track.max(initial=0))
    for label in range(1, len(segmented) + 1):
        if free[label] >= NEW * areas[label] and number < MOST_OBJECTS:
            number += 1
            mask[(segmented.labels == label) & (track == 0)] = number
    return mask
