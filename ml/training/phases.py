"""Phases on their way through crops: an object's phase travels in the high bits of its number.

Crops, turns and scales treat labels as opaque numbers, so that they carry phases without knowing of them.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ml.evaluation.frames import LabelledFrame

_SHIFT = 16
MOST_OBJECTS = (1 << _SHIFT) - 1
MOST_PHASES = 255  # number and phase then fit into float32's 24 bits, in which crops are interpolated

Labels = NDArray[np.int32]


def coded(frame: LabelledFrame) -> LabelledFrame:
    """The frame with the phase of each pixel, less one, above its object's number; unchanged without phases."""
    if frame.classes is None:
        return frame
    objects = int(frame.labels.max(initial=0))
    if objects > MOST_OBJECTS:
        raise ValueError(f"{frame.name} has {objects} objects; with phases {MOST_OBJECTS} are the most. Cut it up.")
    above = (np.maximum(frame.classes, 1).astype(np.int32) - 1) << _SHIFT
    return replace(frame, labels=np.where(frame.labels > 0, frame.labels | above, 0).astype(np.int32))


def decoded(labels: Labels) -> tuple[Labels, NDArray[np.uint8]]:
    """Objects' numbers, and the class of each pixel: 0 background, 1 the first phase."""
    classes = np.where(labels > 0, (labels >> _SHIFT) + 1, 0).astype(np.uint8)
    return labels & MOST_OBJECTS, classes


def phases_of_objects(labels: Labels, classes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The phase, from 0, that most of each object's pixels have, by the object's number; 0 where there is none."""
    inside = labels > 0
    counts = np.zeros((int(labels.max(initial=0)) + 1, int(classes.max(initial=0)) + 1), np.int64)
    np.add.at(counts, (labels[inside], classes[inside]), 1)
    counts[:, 0] = 0  # the background is no phase
    return np.maximum(counts.argmax(axis=1) - 1, 0)
