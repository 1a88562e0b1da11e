"""The loss of YOLOv8n-seg: ultralytics' own, on crops with instance labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn

from ml.modeling.yolo import classes_of, in_float32, library

Labels = NDArray[np.int32]
Phases = NDArray[np.integer[Any]]

LEAST_AREA_PX = 9  # a smaller part of an object in a crop teaches nothing of its shape
PARTS = ("box", "mask", "class", "distance", "semantic")  # in the library's order; the last is 0 in this network


def yolo_loss(
    model: nn.Module,
    images: Tensor,
    labels: Sequence[Labels],
    phases: Sequence[Phases | None],
    *,
    mask_stride: int = 2,
) -> tuple[Tensor, dict[str, float]]:
    """Loss per crop with the official gains, and its parts: box, mask, class, distance (of the box's sides).

    Parameters
    ----------
    model
        as `ml.modeling.yolo.build` gives it, in training mode as a rule.
    images
        [B, 1 or 3, S, S] of 0 to 1; S a multiple of 32.
    labels
        B × int32 (S, S), instances by number, 0 background. Objects below 9 px are left out.
    phases
        B × class of each instance, indexed by its number; None: all of class 0.
    mask_stride
        px of a crop per px at which masks are compared: 1, 2 or 4. The official 4 loses what is as small as our
        smallest objects; 1 takes four times the memory of 2.
    """
    if images.shape[1] == 1:
        images = images.expand(-1, 3, -1, -1)
    targets = targets_of(labels, phases, classes_of(model), mask_stride)
    batch = {name: value.to(images.device, non_blocking=True) for name, value in targets.items()}
    answer = model(images)
    answer = answer[1] if isinstance(answer, tuple) else answer
    with torch.autocast(images.device.type, enabled=False):
        exact = in_float32(answer)
        # The library sums over the batch, for its own way of accumulating gradients.
        parts, _ = library().loss(model)(exact, batch)
        parts = parts / len(images)
    return parts.sum(), dict(zip(PARTS, parts.detach().tolist(), strict=True))


def targets_of(
    labels: Sequence[Labels], phases: Sequence[Phases | None], classes: int, mask_stride: int = 2
) -> dict[str, Tensor]:
    """What the library's loss takes.

    Of N objects in all the crop's index [N], class [N, 1] and box [N, 4] (centre and size as shares of the crop); and
    the objects' numbers in their crop, from 1, as images [B, S/stride, S/stride].
    """
    if len(labels) != len(phases):
        raise ValueError(f"There are {len(labels)} crops and phases of {len(phases)}; give one array or None per crop.")
    crops: list[int] = []
    kinds: list[int] = []
    boxes: list[tuple[float, float, float, float]] = []
    masks = []
    for crop, (image, phase) in enumerate(zip(labels, phases, strict=True)):
        areas = np.bincount(image.ravel())
        numbers = np.zeros(len(areas), np.int32)
        for number, place in enumerate(ndimage.find_objects(image), start=1):
            if place is None or areas[number] < LEAST_AREA_PX:
                continue
            numbers[number] = numbers.max() + 1
            crops.append(crop)
            kinds.append(_class_of(number, phase, classes))
            boxes.append(_box(place, image.shape))
        masks.append(_every(numbers[image], mask_stride))
    return {
        "batch_idx": torch.tensor(crops, dtype=torch.float32),
        "cls": torch.tensor(kinds, dtype=torch.float32).reshape(-1, 1),
        "bboxes": torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        "masks": torch.from_numpy(np.stack(masks)),
    }


def _class_of(number: int, phase: Phases | None, classes: int) -> int:
    if phase is None:
        return 0
    if number >= len(phase) or not 0 <= phase[number] < classes:
        found = phase[number] if number < len(phase) else "missing"
        raise ValueError(f"The class of object {number} is {found}; give one from 0 to {classes - 1}.")
    return int(phase[number])


def _box(place: tuple[slice, slice], shape: tuple[int, ...]) -> tuple[float, float, float, float]:
    rows, columns = place
    height, width = shape
    return (
        (columns.start + columns.stop) / 2 / width,
        (rows.start + rows.stop) / 2 / height,
        (columns.stop - columns.start) / width,
        (rows.stop - rows.start) / height,
    )


def _every(image: Labels, stride: int) -> Labels:
    """One pixel of each square of `stride`, by turns before and behind its centre: one alone would shift masks."""
    if stride not in (1, 2, 4):
        raise ValueError(f"mask_stride is {stride}; give 1, 2 or 4.")
    if stride == 1:
        return image
    rows, columns = (np.arange(0, side, stride) + stride // 2 - np.arange(side // stride) % 2 for side in image.shape)
    return np.ascontiguousarray(image[np.ix_(rows, columns)])
