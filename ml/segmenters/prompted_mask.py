"""From what a network answers to the one object that a prompt points at."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.types import BoolMask, Instance, Prompt

BOX_MARGIN = 0.05  # of the box's side: people draw boxes a little tight
LEVELS = np.arange(-3.0, 3.25, 0.5)  # of the logits
LEVEL_COST = 0.03  # of a unit of logits, in IoU of boxes: where the network is sure, a sloppy box changes little
IOU_WEIGHT = 0.5  # of the predicted IoU beside the fit to a box
SAME_MASK_IOU = 0.97  # candidates closer than this are one to a person
FIT_SIDE_PX = 128  # larger objects are fitted on every second pixel, or third

BoxXyxy = tuple[float, float, float, float]


def one_object(mask: BoolMask, prompt: Prompt) -> BoolMask:
    """The parts of `mask` (H, W) that the prompt's positive points lie on, or its largest part where they lie on none.

    A network that was trained on few images also marks objects like the one asked for; they are not connected to it.
    What lies outside the prompt's box, grown by a twentieth, is left out. An empty mask stays empty.
    """
    if prompt.box_xyxy is not None:
        inside = around(prompt.box_xyxy, mask.shape)
        cropped = np.zeros_like(mask)
        cropped[inside] = mask[inside]
        mask = cropped
    rows, columns = extent(mask)
    if rows.stop == 0:
        return mask
    parts, count = ndimage.label(mask[rows, columns])
    if count == 1:
        return mask
    pointed = {
        int(parts[int(y) - rows.start, int(x) - columns.start])
        for x, y, label in prompt.points
        if label == 1 and rows.start <= int(y) < rows.stop and columns.start <= int(x) < columns.stop
    } - {0}
    chosen = list(pointed) or [int(np.bincount(parts.ravel())[1:].argmax()) + 1]
    kept = np.zeros_like(mask)
    kept[rows, columns] = np.isin(parts, chosen)
    return kept


def agrees(mask: BoolMask, prompt: Prompt) -> bool:
    """Whether `mask` holds every positive point of the prompt that lies on the frame, and no negative one."""
    height, width = mask.shape
    on_frame = [(int(x), int(y), label) for x, y, label in prompt.points if 0 <= x < width and 0 <= y < height]
    return all(bool(mask[y, x]) == (label == 1) for x, y, label in on_frame)


def score_of(predicted_iou: float, fit: float | None = None) -> float:
    """0 to 1, of the IoU that the network predicts and of how well the mask fills its box."""
    value = predicted_iou if fit is None else (fit + IOU_WEIGHT * predicted_iou) / (1 + IOU_WEIGHT)
    return min(max(value, 0.0), 1.0)


def distinct(found: Sequence[Instance]) -> list[Instance]:
    """Without empty masks and those that a person could not tell from an earlier one."""
    kept: list[Instance] = []
    for instance in found:
        if instance.mask.any() and all(mask_iou(instance.mask, other.mask) < SAME_MASK_IOU for other in kept):
            kept.append(instance)
    return kept


def mask_iou(a: BoolMask, b: BoolMask) -> float:
    """IoU of two masks of one frame; 0 where both are empty."""
    return float((a & b).sum() / max((a | b).sum(), 1))


def around(box_xyxy: BoxXyxy, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a frame of `shape` that a box grown by its margin covers."""
    x0, y0, x1, y1 = _upright(box_xyxy)
    margin_x, margin_y = max(1.0, BOX_MARGIN * (x1 - x0)), max(1.0, BOX_MARGIN * (y1 - y0))
    height, width = shape
    return (
        slice(min(max(int(y0 - margin_y), 0), height), min(max(int(np.ceil(y1 + margin_y)), 0), height)),
        slice(min(max(int(x0 - margin_x), 0), width), min(max(int(np.ceil(x1 + margin_x)), 0), width)),
    )


def level_for_box(logits: NDArray[np.float32], prompt: Prompt) -> tuple[float, float]:
    """Where to cut `logits` (H, W) so that the object fills the prompt's box, and how well it does then.

    A box says how large the object is, which noise and blur hide from the network. The fit is the IoU of the box with
    the object's own, 0 to 1; of `LEVELS` the one with the best fit wins, each unit away from 0 at a cost.
    """
    if prompt.box_xyxy is None:
        raise ValueError("The prompt has no box to fit; cut its logits at 0.")
    rows, columns = around(prompt.box_xyxy, logits.shape)
    inside = logits[rows, columns]
    step = 1 + max(inside.shape) // FIT_SIDE_PX
    x0, y0, x1, y1 = _upright(prompt.box_xyxy)
    top, left = rows.start, columns.start
    box = (
        (max(x0, left) - left) / step,
        (max(y0, top) - top) / step,
        (min(x1, columns.stop) - left) / step,
        (min(y1, rows.stop) - top) / step,
    )
    points = tuple(((x - left) / step, (y - top) / step, label) for x, y, label in prompt.points)
    part, asked = inside[::step, ::step], Prompt(points, box)
    fits = [box_iou(one_object(part >= level, asked), box) for level in LEVELS]
    best = int(np.argmax(fits - LEVEL_COST * np.abs(LEVELS)))
    return float(LEVELS[best]), fits[best]


def box_iou(mask: BoolMask, box_xyxy: BoxXyxy) -> float:
    """IoU of a box with the bounding box of `mask`; 0 where either is empty."""
    rows, columns = extent(mask)
    x0, y0, x1, y1 = box_xyxy
    across, down = min(x1, columns.stop) - max(x0, columns.start), min(y1, rows.stop) - max(y0, rows.start)
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    own = (columns.stop - columns.start) * (rows.stop - rows.start)
    return float(shared / (own + (x1 - x0) * (y1 - y0) - shared))


def _upright(box_xyxy: BoxXyxy) -> BoxXyxy:
    (x0, x1), (y0, y1) = sorted(box_xyxy[0::2]), sorted(box_xyxy[1::2])
    return x0, y0, x1, y1


def extent(mask: BoolMask) -> tuple[slice, slice]:
    """Rows and columns that the mask reaches; both empty where it is empty."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
