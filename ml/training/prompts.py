"""Prompts drawn from a label image as a person would give them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.modeling.efficient_sam.prompt_encoder import BOTTOM_RIGHT, NEGATIVE, PAD, POSITIVE, TOP_LEFT
from ml.types import BoolMask

TOKENS = 6
BOXES = 0.45  # of the prompts
LOOSE_BOXES = 0.25  # of the boxes; with more of them a network learns to distrust every box


@dataclass(frozen=True)
class PromptBatch:
    """Q prompts of one crop: `xy` float32 (Q, 6, 2) in crop pixels (-1 padding), `labels` (Q, 6), `ids` (Q,)."""

    xy: NDArray[np.float32]
    labels: NDArray[np.int64]
    ids: NDArray[np.int64]


def sample_prompts(
    rng: np.random.Generator, labels: NDArray[np.int32], count: int, min_area_px: int = 16
) -> PromptBatch | None:
    """`count` prompts on random objects of at least `min_area_px`, or None where there is no such object."""
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    ids = np.flatnonzero(areas >= min_area_px)
    if len(ids) == 0:
        return None
    chosen = rng.choice(ids, count, replace=len(ids) < count)
    boxes = ndimage.find_objects(labels)
    xy, kinds = np.full((count, TOKENS, 2), -1, np.float32), np.full((count, TOKENS), PAD, np.int64)
    for i, object_id in enumerate(chosen):
        points = _prompt(rng, labels, int(object_id), boxes[object_id - 1])
        for j, (x, y, label) in enumerate(points[:TOKENS]):
            xy[i, j], kinds[i, j] = (x, y), label
    return PromptBatch(xy, kinds, chosen.astype(np.int64))


def _prompt(
    rng: np.random.Generator, labels: NDArray[np.int32], object_id: int, box: tuple[slice, slice]
) -> list[tuple[float, float, int]]:
    rows, columns = box
    mask = labels[box] == object_id
    kind = rng.random()
    points: list[tuple[float, float, int]] = []
    if kind < BOXES:  # with or without points
        height, width = mask.shape
        jitter = rng.normal(0, 0.04, 4) * (rng.random() < LOOSE_BOXES) * np.array([width, height, width, height])
        points += [
            (columns.start + jitter[0], rows.start + jitter[1], TOP_LEFT),
            (columns.stop + jitter[2], rows.stop + jitter[3], BOTTOM_RIGHT),
        ]
        if kind < 0.8 * BOXES:
            return points
    positives = 1 if kind < 0.85 else int(rng.integers(2, 5))
    points += [(columns.start + x, rows.start + y, POSITIVE) for x, y in _inside(rng, mask, positives)]
    if kind > 0.8 or (kind < BOXES and rng.random() < 0.5):
        points += _negatives(rng, labels, object_id, box, int(rng.integers(1, 3)))
    return points


def _inside(rng: np.random.Generator, mask: BoolMask, count: int) -> list[tuple[float, float]]:
    """Clicks inside: people aim at the middle, so depth weighs."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1].ravel()
    if count == 1 and rng.random() < 0.4:
        picks = np.array([int(np.argmax(depth))])
    else:
        weights = depth ** float(rng.choice([0.5, 1.5]))
        picks = rng.choice(len(depth), count, p=weights / weights.sum())
    y, x = np.divmod(picks, mask.shape[1])
    return [(float(a) + 0.5, float(b) + 0.5) for a, b in zip(x, y, strict=True)]


def _negatives(
    rng: np.random.Generator, labels: NDArray[np.int32], object_id: int, box: tuple[slice, slice], count: int
) -> list[tuple[float, float, int]]:
    """Clicks beside the object, within its box grown by half."""
    height, width = labels.shape
    margin_y, margin_x = (box[0].stop - box[0].start) // 2 + 4, (box[1].stop - box[1].start) // 2 + 4
    y0, x0 = max(box[0].start - margin_y, 0), max(box[1].start - margin_x, 0)
    near = labels[y0 : min(box[0].stop + margin_y, height), x0 : min(box[1].stop + margin_x, width)]
    outside = np.flatnonzero(near != object_id)
    if len(outside) == 0:
        return []
    y, x = np.divmod(rng.choice(outside, count), near.shape[1])
    return [(float(x0 + a) + 0.5, float(y0 + b) + 0.5, NEGATIVE) for a, b in zip(x, y, strict=True)]
