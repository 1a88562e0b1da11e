"""How networks' embeddings are kept: in half precision, to which they are rounded as soon as they are computed.

So a frame answers alike whether its embedding was just computed, lay in memory or came from disk.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.types import Embedding


def as_kept(features: Tensor) -> Tensor:
    """Features rounded to half precision, as float32; on their device.

    Row by row in memory, as they come from disk: another order of the same numbers would change the last bits.
    """
    return features.half().float().contiguous()


def packed(features: Tensor, embedding: Embedding) -> dict[str, NDArray[Any]]:
    """Features (1, C, h, w) and the frame's size as arrays; a device's memory is copied."""
    size = np.array([embedding.height, embedding.width], np.int64)
    return {"features": features.half().cpu().numpy(), "size": size}


def unpacked(arrays: Mapping[str, NDArray[Any]], device: torch.device) -> tuple[Tensor, int, int]:
    """(features, height, width) of the frame."""
    height, width = arrays["size"].tolist()
    return torch.tensor(arrays["features"], device=device).float(), height, width
