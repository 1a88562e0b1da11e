"""The image encoder: a plain ViT with global attention and a convolutional neck."""

from collections.abc import Generator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ml.modeling.efficient_sam.attention import attention

PATCH = 16
PRETRAINED_GRID = 14  # 224 px / 16: the grid of the stored position embedding


class ChannelNorm(nn.Module):
    """LayerNorm over the channels of each pixel of [B, C, H, W]."""

    def __init__(self, channels: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        x = F.layer_norm(x.permute(0, 2, 3, 1), (x.shape[1],), self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class Attention(nn.Module):
    """Multi-head self-attention with packed qkv."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        qkv = self.qkv(x).view(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        x = attention(q, k, v)
        return self.proj(x.transpose(1, 2).reshape(batch, tokens, width))


class Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Mlp(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbedding(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, PATCH, PATCH)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x)


class ImageEncoder(nn.Module):
    """[B, 3, H, W] normalised, H and W multiples of 16 → [B, 256, H/16, W/16]."""

    def __init__(self, width: int, heads: int, depth: int = 12, out_channels: int = 256) -> None:
        super().__init__()
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + PRETRAINED_GRID**2, width))
        self.patch_embed = PatchEmbedding(width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.neck = nn.Sequential(
            nn.Conv2d(width, out_channels, 1, bias=False),
            ChannelNorm(out_channels),
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
            ChannelNorm(out_channels),
        )

    def positions(self, rows: int, columns: int) -> Tensor:
        """The stored position embedding without its class entry, bicubic on another grid: [1, width, rows, columns]."""
        grid = self.pos_embed[:, 1:].transpose(1, 2).unflatten(2, (PRETRAINED_GRID, PRETRAINED_GRID))
        return F.interpolate(grid, size=(rows, columns), mode="bicubic", align_corners=False)

    def forward(self, image: Tensor, positions: Tensor | None = None) -> Tensor:
        """`positions` [B or 1, width, rows, columns] replaces the interpolated embedding (crops of a larger frame)."""
        steps = self.steps(image, positions)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                embedding: Tensor = done.value
                return embedding

    def steps(self, image: Tensor, positions: Tensor | None = None) -> Generator[None, None, Tensor]:
        """The same, pausing after each block."""
        x = self.patch_embed(image)
        rows, columns = x.shape[-2:]
        x = x + (self.positions(rows, columns) if positions is None else positions)
        x = x.flatten(2).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
            yield
        return self.neck(x.transpose(1, 2).unflatten(2, (rows, columns)))
