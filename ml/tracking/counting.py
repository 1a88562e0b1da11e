"""From the groups' logits to whose each pixel is, and whose each segmented object."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ml.segmenters.pieces import finished
from ml.tracking.votes import LEAST, Labels, Votes


def probabilities(logits: Sequence[Tensor], size: tuple[int, int]) -> tuple[Tensor, Callable[[], Iterator[Tensor]]]:
    """The background's probability [H, W], and each group's ten [10, H, W] in turn, which are made when asked for.

    `logits` [11, h, w] of each group. With several groups, whose backgrounds each hold the other groups' objects, odds
    are compared: p / (1 - p) of each object and of the product of the backgrounds' probabilities, as in the official
    code. Beyond that a group is a softmax.
    """

    def seen(group: Tensor) -> Tensor:
        large = F.interpolate(group[None].float(), size, mode="bilinear", align_corners=True)
        return large[0].softmax(dim=0)

    if not logits:
        return torch.ones(size), lambda: iter(())
    if len(logits) == 1:
        alone = seen(logits[0])
        return alone[0], lambda: iter([alone[1:]])
    background = torch.ones(size, device=logits[0].device)
    total = torch.zeros_like(background)
    for group in logits:
        probability = seen(group)
        background *= probability[0]
        total += _odds(probability[1:]).sum(dim=0)
    background = _odds(background)
    total += background
    return background / total, lambda: (_odds(seen(group)[1:]) / total for group in logits)


def _odds(probability: Tensor) -> Tensor:
    probability = probability.clamp(LEAST, 1 - LEAST)
    return probability / (1 - probability)


def count(
    logits: Sequence[Tensor],
    tracks: Sequence[Mapping[int, int]],
    size: tuple[int, int],
    segmented: Labels | None = None,
) -> Votes:
    """Whose the pixels and the segmented objects are; `tracks` has the track of each channel (from 0) of each group.

    `segmented` uint32 (H, W) has the size of the frame; 0 is no object.
    """
    return finished(count_steps(logits, tracks, size, segmented))


def count_steps(
    logits: Sequence[Tensor],
    tracks: Sequence[Mapping[int, int]],
    size: tuple[int, int],
    segmented: Labels | None = None,
) -> Generator[None, None, Votes]:
    """`count` a group at a time."""
    background, groups = probabilities(logits, size)
    best, winner = background.clone(), torch.zeros_like(background, dtype=torch.int64)
    ballot = _Ballot(np.zeros(size, np.uint32) if segmented is None else segmented, background)
    for group, named in zip(groups(), tracks, strict=True):
        for channel, track in sorted(named.items()):
            theirs = group[channel]
            ahead = theirs > best
            best, winner = torch.where(ahead, theirs, best), winner.masked_fill(ahead, track)
            ballot.cast(track, theirs)
        yield None
    followed = [track for named in tracks for track in named.values()]
    labels = winner.cpu().numpy().astype(np.uint32)
    return Votes(labels, _confidence(labels, best.cpu().numpy(), followed), ballot.shares())


class _Ballot:
    """Sums of probabilities over the pixels of each segmented object."""

    def __init__(self, segmented: Labels, background: Tensor) -> None:
        flat = torch.from_numpy(segmented.astype(np.int64)).to(background.device).flatten()
        self.pixels = flat.nonzero()[:, 0]
        self.segments, self.index, self.areas = flat[self.pixels].unique(return_inverse=True, return_counts=True)
        self.sums: dict[int, Tensor] = {}
        self.cast(0, background)

    def cast(self, track: int, probability: Tensor) -> None:
        there = probability.flatten()[self.pixels]
        self.sums[track] = torch.zeros(len(self.segments), device=there.device).index_add_(0, self.index, there)

    def shares(self) -> dict[int, dict[int, float]]:
        found: dict[int, dict[int, float]] = {int(segment): {} for segment in self.segments.tolist()}
        for track, sums in self.sums.items():
            for segment, share in zip(found, (sums / self.areas).tolist(), strict=True):
                if share >= LEAST or track == 0:
                    found[segment][track] = share
        return found


def _confidence(labels: Labels, probability: NDArray[np.float32], followed: Sequence[int]) -> dict[int, float]:
    present, index = np.unique(labels, return_inverse=True)
    means = np.bincount(index.ravel(), probability.ravel()) / np.bincount(index.ravel())
    found = dict(zip(present.tolist(), means.tolist(), strict=True))
    return {track: found.get(track, 0.0) for track in followed}
