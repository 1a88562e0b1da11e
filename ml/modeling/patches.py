"""What Swin-Unet and VM-UNet share: patches into tokens, tokens merged and expanded. Features are [B, H, W, C]."""

import torch
from torch import Tensor, nn

PATCH = 4


def in_three_channels(image: Tensor) -> Tensor:
    """Grey images [B, 1, H, W] repeated to three channels; others as they are."""
    return image.expand(-1, 3, -1, -1) if image.shape[1] == 1 else image


def initialise(module: nn.Module) -> None:
    """The official start of linear layers, for `Module.apply`."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class PatchEmbed(nn.Module):
    """[B, 3, H, W] → [B, H/4, W/4, C]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, channels, PATCH, PATCH)
        self.norm = nn.LayerNorm(channels)

    def forward(self, image: Tensor) -> Tensor:
        embedded: Tensor = self.norm(self.proj(image).permute(0, 2, 3, 1))
        return embedded


class PatchMerging(nn.Module):
    """[B, H, W, C] → [B, H/2, W/2, 2C]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)
        self.norm = nn.LayerNorm(4 * channels)

    def forward(self, x: Tensor) -> Tensor:
        corners = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        merged: Tensor = self.reduction(self.norm(torch.cat(corners, dim=-1)))
        return merged


class PatchExpand(nn.Module):
    """[B, H, W, C] → [B, fH, fW, g·C/f²]: the channels grow g-fold and move into space."""

    def __init__(self, channels: int, factor: int = 2, grown: int = 2) -> None:
        super().__init__()
        self.factor = factor
        self.expand = nn.Linear(channels, grown * channels, bias=False)
        self.norm = nn.LayerNorm(grown * channels // factor**2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.expand(x)
        batch, height, width, _ = x.shape
        x = x.view(batch, height, width, self.factor, self.factor, -1).transpose(2, 3)
        expanded: Tensor = self.norm(x.reshape(batch, self.factor * height, self.factor * width, -1))
        return expanded
