"""Dense supervision of an image encoder: what every place of the frame can say without a prompt.

Prompts teach through a handful of objects a step. A linear head on the embedding that is thrown away after training
teaches every token at once: whether there is an object, where its edge is, how far its centre, how large it is.
"""

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn

CELL = 4  # px: the grid of the low-resolution masks
CHANNELS = 5  # object, edge, centre's x and y, logarithm of the diameter
_UNIT_PX = 16.0  # of the offsets


class DenseHead(nn.Module):
    """[B, C, h, w] embedding of 16-px patches → [B, 5, 4h, 4w]."""

    def __init__(self, channels: int = 256) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, CHANNELS * 16, 1)

    def forward(self, embedding: Tensor) -> Tensor:
        return F.pixel_shuffle(self.proj(embedding), 4)


def dense_targets(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """float32 (5, H/4, W/4) of instance labels (H, W): shares of object and of edge, then what `CHANNELS` names.

    The last three hold for the label at each cell's centre and are 0 on the background.
    """
    inside = labels > 0
    edge = inside & (ndimage.grey_erosion(labels, (3, 3)) != ndimage.grey_dilation(labels, (3, 3)))
    count = int(labels.max()) + 1
    area = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    y, x = np.mgrid[: labels.shape[0], : labels.shape[1]]
    centre_x = np.bincount(labels.ravel(), x.ravel(), count) / area
    centre_y = np.bincount(labels.ravel(), y.ravel(), count) / area
    at = (slice(CELL // 2, None, CELL), slice(CELL // 2, None, CELL))
    own = labels[at]
    there = (own > 0).astype(np.float32)
    return np.stack(
        [
            _shares(inside),
            _shares(edge),
            there * (centre_x[own] - x[at]) / _UNIT_PX,
            there * (centre_y[own] - y[at]) / _UNIT_PX,
            there * np.log(np.sqrt(4 / np.pi * area[own]) / _UNIT_PX),
        ]
    ).astype(np.float32)


def _shares(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    height, width = mask.shape
    return mask.reshape(height // CELL, CELL, width // CELL, CELL).mean((1, 3), dtype=np.float32)


def dense_loss(answer: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of object and edge, smooth L1 of the rest where there is an object; both [B, 5, h, w]."""
    entropy = F.binary_cross_entropy_with_logits(answer[:, :2], targets[:, :2])
    there = (targets[:, :1] > 0.5).float()
    distance = (F.smooth_l1_loss(answer[:, 2:], targets[:, 2:], reduction="none") * there).sum() / (
        3 * there.sum()
    ).clamp(min=1)
    return entropy + distance
