"""Every object of a frame by a grid of clicks, for networks that answer prompts and know no other way."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from segment_anything.utils.amg import build_point_grid, calculate_stability_score
from torch import Tensor

from ml.segmenters.prompted_mask import one_object, score_of
from ml.types import Embedding, Grey, Instance, Prompt

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
    found: list[Instance] = []
    for start in range(0, len(clicks), clicks_at_once):
        batch = [
            c for c in clicks[start : start + clicks_at_once] if not taken[int(c.points[0][1]), int(c.points[0][0])]
        ]
        if batch:
            for instance in _objects(network, embedding, batch, settings):
                found.append(instance)
                if instance.score >= SURE_SCORE:
                    taken |= instance.mask
        yield min(start + clicks_at_once, len(clicks)) / len(clicks)
    return _without_overlaps(found)


@torch.inference_mode()
def _objects(
    network: Clickable, embedding: Embedding, clicks: list[Prompt], settings: Mapping[str, Any]
) -> list[Instance]:
    logits, scores = network.decode_many(embedding, clicks)
    logits, scores = logits[:, 0], scores[:, 0]
    steady = calculate_stability_score(logits, 0.0, 1.0)
    good = (scores >= settings["min_score"]) & (steady >= settings["min_stability"])
    if not good.any():
        return []
    asked = [click for click, found in zip(clicks, good.tolist(), strict=True) if found]
    full = (network.full_size(logits[good], embedding) >= 0).cpu().numpy()
    masks = [one_object(mask, click) for mask, click in zip(full, asked, strict=True)]
    return [
        Instance(mask, score_of(score))
        for mask, score in zip(masks, scores[good].tolist(), strict=True)
        if settings["min_area_px"] <= int(mask.sum()) <= MOST_OF_FRAME * mask.size
    ]


def _without_overlaps(found: list[Instance]) -> list[Instance]:
    """Of instances that share more than half of the smaller one's area, the better scored one."""
    kept: list[Instance] = []
    covered = np.zeros(found[0].mask.shape, bool) if found else np.zeros((0, 0), bool)
    for instance in sorted(found, key=lambda i: i.score, reverse=True):
        shared = int((instance.mask & covered).sum())
        if shared <= MOST_SHARED * int(instance.mask.sum()) and not any(
            (instance.mask & other.mask).sum() > MOST_SHARED * min(instance.mask.sum(), other.mask.sum())
            for other in kept
            if shared
        ):
            kept.append(instance)
            covered |= instance.mask
    return kept
