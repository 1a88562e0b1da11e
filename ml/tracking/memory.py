"""Long-term memory of frames whose masks are known, bounded for any length of a series."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ml.modeling.deaot.gated_propagation import Held

MOST_FRAMES = 10


@dataclass(frozen=True)
class Kept:
    """A frame in memory; what is `pinned` gives way last."""

    frame: int
    pinned: bool


Thinning = Callable[[Sequence[Kept], int], int]


def thinned(kept: Sequence[Kept], now: int) -> int:
    """Which of the frames gives way to `now`: the one whose neighbours in time are the nearest for its age.

    So what is kept lies the denser the more recent it is. Pinned frames give way only to pinned ones, the first never.
    """
    order = sorted(range(len(kept)), key=lambda index: kept[index].frame)
    times = [kept[index].frame for index in order] + [now]
    candidates = [place for place in range(1, len(order)) if not kept[order[place]].pinned]
    if not candidates:
        candidates = list(range(1, len(order))) or [0]
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
        if most_frames < 1:
            raise ValueError(f"A memory of {most_frames} frames remembers nothing; it needs 1 or more.")
        self.most_frames, self.thinning = most_frames, thinning
        self.kept: list[Kept] = []
        self.layers: list[Held] = []

    def add(self, frame: int, held: Sequence[Held], *, pinned: bool = False) -> None:
        """Keep a frame; where there is no room, another one gives way, and its place is written over."""
        new = Kept(frame, pinned)
        if not self.kept:
            self.kept, self.layers = [new], [Held(*(part.clone() for part in each)) for each in held]
        elif len(self.kept) < self.most_frames:
            self.kept.append(new)
            self.layers = [old.followed_by(each) for old, each in zip(self.layers, held, strict=True)]
        else:
            place = self.thinning(self.kept, frame)
            self.kept[place] = new
            for olds, parts in zip(self.layers, held, strict=True):
                for old, part in zip(olds, parts, strict=True):
                    tokens = part.shape[1]
                    old[:, place * tokens : (place + 1) * tokens] = part
