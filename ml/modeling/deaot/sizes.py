"""How a frame becomes the network's input: sides of 16k + 1 pixels, so that the corners of all maps coincide."""

import torch
import torch.nn.functional as F
from torch import Tensor

STRIDE = 16
LONGEST = 1040  # side in px, as the official evaluation has it


def input_size(height: int, width: int, longest: int = LONGEST, shortest: int | None = None) -> tuple[int, int]:
    """Sides of the input of a frame: at most so long (`shortest` bounds the shorter side), the nearest 16k + 1.

    As in the official code a scaled side is first cut to a whole number, and halves go to the even k.
    """
    scale = 1.0
    if shortest is not None:
        scale = min(scale, shortest / min(height, width))
    scale = min(scale, longest / max(height, width))
    rows, columns = (round((int(scale * side) - 1) / STRIDE) * STRIDE + 1 for side in (height, width))
    return rows, columns


def resized(image: Tensor, size: tuple[int, int]) -> Tensor:
    """[B, C, H, W] by bicubic interpolation, overshoot kept."""
    if image.shape[-2:] == size:
        return image
    return F.interpolate(image, size, mode="bicubic", align_corners=False)


def resized_labels(labels: Tensor, size: tuple[int, int]) -> Tensor:
    """[H, W] by the nearest label."""
    if labels.shape == size:
        return labels
    rows, columns = (
        torch.arange(wanted, device=labels.device) * have // wanted
        for wanted, have in zip(size, labels.shape, strict=True)
    )
    return labels[rows[:, None], columns]
