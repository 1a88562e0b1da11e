"""Automatic mode: what every pixel of a frame is, without a prompt. Graticule's own addition to EfficientSAM.

The embedding knows what an object is but has one token for 16 px; where an object ends, the pixels tell. A small
U-Net reads both and leaves the rest of the network, which answers prompts, as it was.
"""

from collections.abc import Generator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EMBEDDING = 256
QUARTER = 4  # a token of 16 px covers 4 places of the quarter resolution each way


class AutomaticHead(nn.Module):
    """Embedding [B, 256, H/16, W/16] and standardised grey tile [B, 1, H, W] → logits [B, classes, H, W].

    One class is object against background; with P phases there are P + 1, background first.
    """

    def __init__(self, classes: int, width: int = 24) -> None:
        super().__init__()
        self.classes = classes
        half, quarter, eighth = width, 2 * width, 4 * width
        self.tokens = nn.Conv2d(EMBEDDING, quarter * QUARTER**2, 1)
        self.at_half = _convolutions(4, half)
        self.at_quarter = _convolutions(half, quarter, stride=2)
        self.at_eighth = nn.Sequential(
            _convolutions(quarter, eighth, stride=2), _convolutions(eighth, eighth, dilation=2)
        )
        self.to_quarter = nn.Conv2d(eighth, quarter, 1)
        self.joined_quarter = _convolutions(quarter, quarter)
        self.to_half = nn.Conv2d(quarter, half, 1)
        self.joined_half = _convolutions(half, half)
        self.out = nn.Conv2d(half, 4 * classes, 1)

    def forward(self, embedding: Tensor, tile: Tensor) -> Tensor:
        steps = self.steps(embedding, tile)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                return done.value

    def steps(self, embedding: Tensor, tile: Tensor) -> Generator[None, None, Tensor]:
        """The same, pausing between its parts."""
        half = self.at_half(F.pixel_unshuffle(tile, 2))
        yield
        quarter = self.at_quarter(half) + F.pixel_shuffle(self.tokens(embedding), QUARTER)
        yield
        eighth = self.at_eighth(quarter)
        yield
        quarter = self.joined_quarter(quarter + _twice(self.to_quarter(eighth)))
        yield
        half = self.joined_half(half + _twice(self.to_half(quarter)))
        yield
        return F.pixel_shuffle(self.out(half), 2)


def _convolutions(channels: int, out: int, *, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Two 3 × 3 convolutions. Nothing is normalised: how grey a pixel is decides where an object ends."""
    return nn.Sequential(
        nn.Conv2d(channels, out, 3, stride, padding=1),
        nn.GELU(),
        nn.Conv2d(out, out, 3, padding=dilation, dilation=dilation),
        nn.GELU(),
    )


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def as_recorded(tile: Tensor) -> Tensor:
    """A standardised tile [B, 1, H, W] as grey as the images that the encoder knows, in three channels."""
    return torch.clamp(0.5 + 0.18 * tile, 0, 1).expand(-1, 3, -1, -1)
