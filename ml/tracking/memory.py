"""Long-term memory of frames whose masks are known, bounded for any length of a series."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from ml.modeling.deaot.gated_propagation import Held

MOST_FRAMES = 10


@dataclass(frozen=True)
class Kept:
    """A frame in memory; what is `pinned` gives way last. `numbers` [groups, H, W] says whose its pixels are."""

    frame: int
    pinned: bool
    numbers: Tensor


Thinning = Callable[[Sequence[Kept], int], int]


def thinned(kept: Sequence[Kept], now: int) -> int:
    """Which of the frames gives way to `now`: the one whose neighbours in time are the nearest for its age.

    So what is kept lies the denser the more recent it is. Pinned frames give way only to pinned ones, the first never.
    """
    order = sorted(range(len(kept)), key=lambda index: kept[index].frame)
    times = [kept[index].frame for index in order] + [now]
    later = range(1, len(order))
    candidates = [place for place in later if not kept[order[place]].pinned] or list(later)
    least = min(candidates, key=lambda i: (times[i + 1] - times[i - 1]) / (now - times[i] + 1))
    return order[least]


class Memory:
    """What each layer holds of the kept frames, as one stretch of tokens that attention reads as it is.

    Attributes
    ----------
    kept
        the frames, in the order of their tokens.
    layers
        keys and values [B, frames · N, C] of each layer.
    """

    def __init__(self, most_frames: int = MOST_FRAMES, thinning: Thinning = thinned) -> None:
        if most_frames < 2:
            raise ValueError(f"A memory of {most_frames} frames has no room beside the first; it needs 2 or more.")
        self.most_frames, self.thinning = most_frames, thinning
        self.kept: list[Kept] = []
        self.layers: list[Held] = []

    def add(self, new: Kept, held: Sequence[Held]) -> None:
        """Keep a frame; where there is no room, another one gives way, and its place is written over."""
        if not self.kept:
            self.kept, self.layers = [new], [each.apart() for each in held]
        elif len(self.kept) < self.most_frames:
            self.kept.append(new)
            self.layers = [old.followed_by(each) for old, each in zip(self.layers, held, strict=True)]
        else:
            place = self.thinning(self.kept, new.frame)
            self.kept[place] = new
            for old, each in zip(self.layers, held, strict=True):
                old.write(place, each)
