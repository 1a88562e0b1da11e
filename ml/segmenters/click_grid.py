"""Every object of a frame by a grid of clicks, for networks that answer prompts and know no other way."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from segment_anything.utils.amg import build_point_grid, calculate_stability_score
from torch import Tensor

from ml.instance_sequence import InstanceSequence
from ml.segmenters.prompted_mask import extent, one_object, score_of
from ml.types import BoolMask, Embedding, Grey, Instance, Prompt

SURE_SCORE = 0.9  # a click inside so sure a mask would only find it again
MOST_SHARED = 0.5  # of the smaller mask, before two masks are one object
MOST_OF_FRAME = 0.5  # a larger mask is background


class Clickable(Protocol):
    """A network that answers many clicks at once."""

    def encode_steps(self, frame: Grey) -> Generator[float | None, None, Embedding]: ...

    def decode_many(self, embedding: Embedding, prompts: list[Prompt]) -> tuple[Tensor, Tensor]:
        """Low-res logits (Q, N, h, w) and scores (Q, N), best score first, for Q prompts."""
        ...

    def full_size(self, logits: Tensor, embedding: Embedding) -> Tensor:
        """Low-res logits (N, h, w) → logits (N, H, W) of the frame."""
        ...


@dataclass(frozen=True)
class Clicked:
    """An object by the part of the frame that it reaches: whole masks of thousands would fill the memory."""

    rows: slice
    columns: slice
    part: BoolMask
    area: int
    score: float

    def shared(self, other: "Clicked") -> int:
        """Pixels that both have."""
        top, left = max(self.rows.start, other.rows.start), max(self.columns.start, other.columns.start)
        bottom, right = min(self.rows.stop, other.rows.stop), min(self.columns.stop, other.columns.stop)
        if top >= bottom or left >= right:
            return 0
        own, others = (
            each.part[
                top - each.rows.start : bottom - each.rows.start, left - each.columns.start : right - each.columns.start
            ]
            for each in (self, other)
        )
        return int((own & others).sum())


class ClickedObjects(InstanceSequence):
    """Objects of a frame of `size` (height, width)."""

    def __init__(self, found: Sequence[Clicked], size: tuple[int, int]) -> None:
        self._found, self._size = found, size

    def __len__(self) -> int:
        return len(self._found)

    def _at(self, index: int) -> Instance:
        found = self._found[index]
        mask = np.zeros(self._size, bool)
        mask[found.rows, found.columns] = found.part
        return Instance(mask, found.score)


def click_grid_steps(
    network: Clickable, frame: Grey, settings: Mapping[str, Any], clicks_at_once: int
) -> Generator[float | None, None, Sequence[Instance]]:
    """The objects of the frame, some clicks a piece; yields the fraction that is done.

    Masks with a low score, a small area, or an unsteady edge (IoU of the mask at logits +1 and -1 below
    `min_stability`) are dropped, then of masks that share most of the smaller one's area the better scored one is
    kept. A mask over half the frame is background, not an object.
    """
    embedding = yield from network.encode_steps(frame)
    grid = build_point_grid(int(settings["grid"])) * [embedding.width, embedding.height]
    clicks = [Prompt(points=((x, y, 1),)) for x, y in grid.tolist()]
    taken = np.zeros((embedding.height, embedding.width), bool)
    found: list[Clicked] = []
    for start in range(0, len(clicks), clicks_at_once):
        batch = [
            c for c in clicks[start : start + clicks_at_once] if not taken[int(c.points[0][1]), int(c.points[0][0])]
        ]
        if batch:
            for each in _objects(network, embedding, batch, settings):
                found.append(each)
                if each.score >= SURE_SCORE:
                    taken[each.rows, each.columns] |= each.part
        yield min(start + clicks_at_once, len(clicks)) / len(clicks)
    return ClickedObjects(_without_overlaps(found, taken.shape), taken.shape)


@torch.inference_mode()
def _objects(
    network: Clickable, embedding: Embedding, clicks: list[Prompt], settings: Mapping[str, Any]
) -> list[Clicked]:
    logits, scores = network.decode_many(embedding, clicks)
    logits, scores = logits[:, 0], scores[:, 0]
    steady = calculate_stability_score(logits, 0.0, 1.0)
    good = (scores >= settings["min_score"]) & (steady >= settings["min_stability"])
    most = MOST_OF_FRAME * embedding.height * embedding.width
    found = []
    for click, each, score, is_good in zip(clicks, logits, scores.tolist(), good.tolist(), strict=True):
        if is_good:
            mask = one_object((network.full_size(each[None], embedding)[0] >= 0).cpu().numpy(), click)
            rows, columns = extent(mask)
            part = mask[rows, columns].copy()
            if settings["min_area_px"] <= (area := int(part.sum())) <= most:
                found.append(Clicked(rows, columns, part, area, score_of(score)))
    return found


def _without_overlaps(found: list[Clicked], size: tuple[int, int]) -> list[Clicked]:
    """Of objects that share more than half of the smaller one's area, the better scored one."""
    kept: list[Clicked] = []
    covered = np.zeros(size, bool)
    for each in sorted(found, key=lambda each: each.score, reverse=True):
        under = covered[each.rows, each.columns]
        shared = int((each.part & under).sum())
        if shared <= MOST_SHARED * each.area and not any(
            each.shared(other) > MOST_SHARED * min(each.area, other.area) for other in kept if shared
        ):
            kept.append(each)
            under |= each.part
    return kept
