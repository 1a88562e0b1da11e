"""Scores of merges and splits: was each found, at the right time, with the right parents and children?"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ml.lineage import Link, LinkKind

LEAST_IOU = 0.5

ReadLabels = Callable[[int], NDArray[np.uint32]]


@dataclass(frozen=True)
class Junction:
    """A merge (`whole` is the child, `parts` are its parents) or a split (the parent, its children).

    `frame` is the children's first.
    """

    frame: int
    whole: int
    parts: tuple[int, ...]


@dataclass(frozen=True)
class JunctionScore:
    """How many were found (`hits`), of how many that were said (`predicted`) and that there are (`true`)."""

    hits: int
    predicted: int
    true: int

    @property
    def precision(self) -> float:
        """NaN where none was said."""
        return self.hits / self.predicted if self.predicted else float("nan")

    @property
    def recall(self) -> float:
        """NaN where there is none."""
        return self.hits / self.true if self.true else float("nan")

    @property
    def f1(self) -> float:
        """NaN where there is none and none was said."""
        both = self.predicted + self.true
        return 2 * self.hits / both if both else float("nan")


def junctions(links: Iterable[Link], kind: LinkKind) -> list[Junction]:
    """Links of a kind, those that belong together as one; single links of a part are none."""
    parts: dict[int, list[int]] = {}
    frames: dict[int, int] = {}
    for link in links:
        if link.kind == kind:
            whole, part = (link.child, link.parent) if kind == "merge" else (link.parent, link.child)
            parts.setdefault(whole, []).append(part)
            frames[whole] = min(frames.get(whole, link.last_frame), link.last_frame)
    return [Junction(frames[w], w, tuple(sorted(p))) for w, p in sorted(parts.items()) if len(p) > 1]


def score_junctions(
    predicted: Sequence[Junction],
    true: Sequence[Junction],
    predicted_labels: ReadLabels,
    true_labels: ReadLabels,
    *,
    kind: LinkKind,
    tolerance: int,
) -> JunctionScore:
    """Match junctions one to one.

    Two match if their frames differ by `tolerance` at most and their parts match one to one, all of them, with a mask
    IoU of 0.5 or more: of a merge on the last frame before either, of a split on the first frame after both.
    """
    possible = np.zeros((len(predicted), len(true)))
    for row, said in enumerate(predicted):
        for column, real in enumerate(true):
            if abs(said.frame - real.frame) <= tolerance and len(said.parts) == len(real.parts):
                frame = min(said.frame, real.frame) - 1 if kind == "merge" else max(said.frame, real.frame)
                if frame >= 0 and _alike(predicted_labels(frame), said.parts, true_labels(frame), real.parts):
                    possible[row, column] = 1
    rows, columns = linear_sum_assignment(possible, maximize=True)
    return JunctionScore(int(possible[rows, columns].sum()), len(predicted), len(true))


def _alike(one: NDArray[np.uint32], some: Sequence[int], two: NDArray[np.uint32], others: Sequence[int]) -> bool:
    ious = np.zeros((len(some), len(others)))
    for row, part in enumerate(some):
        mask = one == part
        for column, other in enumerate(others):
            theirs = two == other
            union = np.count_nonzero(mask | theirs)
            ious[row, column] = np.count_nonzero(mask & theirs) / union if union else 0
    good = ious >= LEAST_IOU
    rows, columns = linear_sum_assignment(good, maximize=True)
    return bool(good[rows, columns].all())
