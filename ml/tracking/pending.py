"""What may have happened and awaits confirmation: the frames since then are held back."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ml.lineage import LinkKind
from ml.tracking.traces import Trace
from ml.tracking.votes import Labels
from ml.types import BoolMask


@dataclass
class Joining:
    """Two tracks that lie in one segment. The score is a cumulative sum: + 1 a frame together, - 1 a frame apart."""

    onset: int
    score: int = 0


@dataclass
class Parting:
    """A track that lies in several segments, its `parts`, which are followed as tracks of their own meanwhile."""

    parent: Trace
    parts: set[int]
    onset: int
    score: int = 0


@dataclass
class Info:
    """What is said of a track on a held frame."""

    score: float
    confidence: float
    bridged: bool = False


@dataclass
class Held:
    """A frame that is not confirmed yet. The pixels of `known` tracks stay as a person has accepted them.

    `behind` has the tracks on which others are painted, 0 elsewhere; None where there are none.
    """

    frame: int
    labels: Labels
    infos: dict[int, Info] = field(default_factory=dict)
    known: frozenset[int] = frozenset()
    behind: Labels | None = None

    def cover(self, track: int, mask: BoolMask) -> None:
        """Paint a track, on others too: these get their pixels back if it goes."""
        if self.labels[mask].any():
            self.behind = np.zeros_like(self.labels) if self.behind is None else self.behind
            self.behind[mask] = self.labels[mask]
        self.labels[mask] = track

    def rename(self, names: dict[int, int]) -> None:
        """Give pixels of some tracks to others; 0 is nobody's."""
        ours = {old: new for old, new in names.items() if old in self.infos and old not in self.known}
        here = {old: 0 if new in self.known else new for old, new in ours.items()}
        if not here:
            return
        highest = max(int(self.labels.max()), *here, 0 if self.behind is None else int(self.behind.max()))
        table: NDArray[np.uint32] = np.arange(highest + 1, dtype=np.uint32)
        for old, new in here.items():
            table[old] = new
        if self.behind is not None:
            gone = np.isin(self.labels, [old for old, new in here.items() if not new])
            self.labels = np.where(gone, self.behind, self.labels)
            self.behind = table[self.behind]
        self.labels = table[self.labels]
        for old, new in here.items():
            info = self.infos.pop(old)
            if new and new in self.infos:
                other = self.infos[new]
                self.infos[new] = Info(
                    min(other.score, info.score),
                    min(other.confidence, info.confidence),
                    bridged=other.bridged and info.bridged,
                )
            elif new:
                self.infos[new] = info


@dataclass(frozen=True)
class Change:
    """A confirmed merge or split, by the tracks' numbers under way; `frame` is the children's first."""

    kind: LinkKind
    frame: int
    parents: tuple[int, ...]
    children: tuple[int, ...]
    confidence: float


@dataclass(frozen=True)
class Ending:
    """A track that is there no more."""

    track: int
    last_frame: int
    kind: Literal["dissolution", "exit"]
    confidence: float
