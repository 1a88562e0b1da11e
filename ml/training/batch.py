"""What one training step is made of."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """`images` [B, 1, S, S], 0 to 1 or standardised; `labels` int32 [B, S, S], instances from 1 on each crop.

    `classes` uint8 [B, S, S], None where there is one phase: 0 background, 1 the first phase.
    """

    images: Tensor
    labels: Tensor
    classes: Tensor | None = None
