"""What a tracker says of a frame."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

LEAST = 1e-5  # probabilities of several groups stay this far from 0 and 1

Labels = NDArray[np.uint32]


@dataclass(frozen=True)
class Votes:
    """What a tracker says of a frame.

    Attributes
    ----------
    labels
        uint32 (H, W): the track that each pixel most likely belongs to, 0 background.
    confidence
        of each track that is followed: the mean probability over the pixels that it got; 0 where it got none.
    segments
        of each segmented object: each track's mean probability over its pixels, under 0 the background's. They add up
        to 1; tracks below `LEAST` are left out.
    """

    labels: Labels
    confidence: dict[int, float]
    segments: dict[int, dict[int, float]] = field(default_factory=dict)
