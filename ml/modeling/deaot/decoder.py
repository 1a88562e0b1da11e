"""The decoder: tokens and the encoder's maps → logits of ten objects and the background at a quarter of the frame."""

import torch.nn.functional as F
from torch import Tensor, nn

from ml.modeling.deaot.gated_propagation import DIM

OBJECTS = 10


class NormedConv(nn.Module):
    def __init__(self, inner: int, outer: int, size: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inner, outer, size, padding=size // 2)
        self.gn = nn.GroupNorm(8, outer)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.gn(self.conv(x)))


class Decoder(nn.Module):
    def __init__(self, channels: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.conv_in = NormedConv(2 * DIM, DIM, 1)
        self.conv_16x = NormedConv(DIM, DIM, 3)
        self.conv_8x = NormedConv(DIM, DIM // 2, 3)
        self.conv_4x = NormedConv(DIM // 2, DIM // 2, 3)
        self.adapter_16x = nn.Conv2d(channels[2], DIM, 1)
        self.adapter_8x = nn.Conv2d(channels[1], DIM, 1)
        self.adapter_4x = nn.Conv2d(channels[0], DIM // 2, 1)
        self.conv_out = nn.Conv2d(DIM // 2, OBJECTS + 1, 1)

    def forward(self, x: Tensor, quarter: Tensor, eighth: Tensor, sixteenth: Tensor) -> Tensor:
        """[B, 512, H/16, W/16] → [B, 11, H/4, W/4]; the maps may have a batch of 1."""
        x = self.conv_16x(self.adapter_16x(sixteenth) + self.conv_in(x))
        x = self.conv_8x(self.adapter_8x(eighth) + enlarged(x, eighth))
        x = self.conv_4x(self.adapter_4x(quarter) + enlarged(x, quarter))
        logits: Tensor = self.conv_out(x)
        return logits


def enlarged(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, like.shape[-2:], mode="bilinear", align_corners=True)
