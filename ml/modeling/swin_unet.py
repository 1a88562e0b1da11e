"""Swin-Unet (Cao et al. 2021, doi 10.48550/arXiv.2105.05537): a U-Net whose stages are windowed attention.

Own implementation of the published design; the keys are those of the official checkpoints. Beside the resolution it
is built for it takes any that is divisible by 32: windows that the frame does not fill are padded, as in detection.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from ml.modeling.patches import PatchEmbed, PatchExpand, PatchMerging, in_three_channels, initialise

STAGES = 4
MASKED = -100.0  # added to the attention between what lies apart in the frame


@dataclass(frozen=True)
class SwinConfig:
    """`image_size` decides which stages shift their windows, as the official buffers have it."""

    image_size: int = 448
    channels: int = 96
    depths: tuple[int, ...] = (2, 2, 2, 2)
    heads: tuple[int, ...] = (3, 6, 12, 24)
    window: int = 7
    classes: int = 3
    drop_path: float = 0.2


CONFIGS = {
    "paper": SwinConfig(),
    "stock": SwinConfig(image_size=224, classes=9),
    "small": SwinConfig(channels=36, classes=1, drop_path=0.05),
}


class SwinUnet(nn.Module):
    """[B, 1 or 3, H, W] → logits [B, classes, H, W]; H and W divisible by 32."""

    def __init__(self, config: SwinConfig) -> None:
        super().__init__()
        self.config = config
        self.swin_unet = SwinTransformer(config)

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.swin_unet(in_three_channels(image))
        return logits


class SwinTransformer(nn.Module):
    """Encoder, decoder and what joins them; features are [B, H, W, C]."""

    def __init__(self, config: SwinConfig) -> None:
        super().__init__()
        channels = [config.channels << i for i in range(STAGES)]
        rates = torch.linspace(0, config.drop_path, sum(config.depths), device="cpu").tolist()  # also on "meta"
        starts = [sum(config.depths[:i]) for i in range(STAGES)]

        def stage(i: int, **joints: nn.Module | None) -> Stage:
            resolution = config.image_size // 4 >> i
            drops = rates[starts[i] : starts[i] + config.depths[i]]
            return Stage(channels[i], config.heads[i], resolution, config.window, drops, **joints)

        last = STAGES - 1
        self.patch_embed = PatchEmbed(config.channels)
        self.layers = nn.ModuleList(
            stage(i, downsample=PatchMerging(channels[i]) if i < last else None) for i in range(STAGES)
        )
        decoder: list[nn.Module] = [PatchExpand(channels[last])]
        decoder += [stage(i, upsample=PatchExpand(channels[i]) if i > 0 else None) for i in reversed(range(last))]
        self.layers_up = nn.ModuleList(decoder)
        joins = [nn.Identity(), *(nn.Linear(2 * channels[i], channels[i]) for i in reversed(range(last)))]
        self.concat_back_dim = nn.ModuleList(joins)
        self.norm, self.norm_up = nn.LayerNorm(channels[last]), nn.LayerNorm(config.channels)
        self.up = PatchExpand(config.channels, factor=4, grown=16)
        self.output = nn.Conv2d(config.channels, config.classes, 1, bias=False)
        self.apply(initialise)

    def forward(self, image: Tensor) -> Tensor:
        x = self.patch_embed(image)
        skips = []
        for layer in self.layers:
            skips.append(x)
            x = layer(x)
        x = self.norm(x)
        for i, layer in enumerate(self.layers_up):
            if i > 0:
                x = self.concat_back_dim[i](torch.cat([x, skips[STAGES - 1 - i]], dim=-1))
            x = layer(x)
        x = self.up(self.norm_up(x))
        logits: Tensor = self.output(x.permute(0, 3, 1, 2))
        return logits


class Stage(nn.Module):
    """Blocks of one resolution, every second one with shifted windows, then the way to the next resolution."""

    def __init__(
        self,
        channels: int,
        heads: int,
        resolution: int,
        window: int,
        drops: list[float],
        *,
        downsample: nn.Module | None = None,
        upsample: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            Block(channels, heads, resolution, window, shifted=i % 2 == 1, drop=drop) for i, drop in enumerate(drops)
        )
        if downsample is not None:
            self.downsample = downsample
        if upsample is not None:
            self.upsample = upsample

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        for name in ("downsample", "upsample"):
            if hasattr(self, name):
                x = getattr(self, name)(x)
        return x


class Block(nn.Module):
    """Pre-norm window attention and MLP."""

    attn_mask: Tensor

    def __init__(self, channels: int, heads: int, resolution: int, window: int, *, shifted: bool, drop: float) -> None:
        super().__init__()
        self.window = min(window, resolution)
        self.shift = window // 2 if shifted and resolution > window else 0
        self.built_for = (resolution, resolution)
        if self.shift > 0:
            self.register_buffer("attn_mask", _shift_mask(*_padded(self.built_for, window), window, self.shift))
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, heads, self.window)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = Mlp(channels)
        self.drop_path = StochasticDepth(drop, "row")

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(self._attend(self.norm1(x)))
        out: Tensor = x + self.drop_path(self.mlp(self.norm2(x)))
        return out

    def _attend(self, x: Tensor) -> Tensor:
        batch, height, width, channels = x.shape
        window, shift = self.window, self.shift if min(height, width) > self.window else 0
        rows, columns = _padded((height, width), window)
        x = F.pad(x, (0, 0, 0, columns - width, 0, rows - height))
        mask = self._mask(rows, columns, (height, width), shift)
        if shift > 0:
            x = torch.roll(x, (-shift, -shift), (1, 2))
        x = x.view(batch, rows // window, window, columns // window, window, channels).transpose(2, 3)
        x = self.attn(x.reshape(-1, window * window, channels), mask)
        x = x.view(batch, rows // window, columns // window, window, window, channels).transpose(2, 3)
        x = x.reshape(batch, rows, columns, channels)
        if shift > 0:
            x = torch.roll(x, (shift, shift), (1, 2))
        return x[:, :height, :width]

    def _mask(self, rows: int, columns: int, frame: tuple[int, int], shift: int) -> Tensor | None:
        if shift == 0:
            return None
        if frame == self.built_for:
            return self.attn_mask
        return _shift_mask(rows, columns, self.window, shift).to(self.attn_mask.device)


class WindowAttention(nn.Module):
    """Attention inside windows of w² tokens with a learned bias per relative position."""

    relative_position_index: Tensor

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        place = torch.cartesian_prod(torch.arange(window), torch.arange(window))
        apart = place[:, None] - place[None] + window - 1
        self.register_buffer("relative_position_index", apart[..., 0] * (2 * window - 1) + apart[..., 1])
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """`x` [B·windows, w², C]; `mask` [windows, w², w²] is added to the scores."""
        count, tokens, channels = x.shape
        q, k, v = self.qkv(x).view(count, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        bias = self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)[None]
        if mask is not None:
            bias = (bias + mask[:, None]).repeat(count // len(mask), 1, 1, 1)
        x = F.scaled_dot_product_attention(q, k, v, bias.to(q.dtype))
        projected: Tensor = self.proj(x.transpose(1, 2).reshape(count, tokens, channels))
        return projected


class Mlp(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(channels, 4 * channels), nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        grown: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return grown


def _padded(size: tuple[int, int], window: int) -> tuple[int, int]:
    return -(-size[0] // window) * window, -(-size[1] // window) * window


def _shift_mask(rows: int, columns: int, window: int, shift: int) -> Tensor:
    """[windows, w², w²]: 0 between tokens that were neighbours before the shift, else -100."""
    region = torch.zeros(rows, columns)
    parts = slice(0, -window), slice(-window, -shift), slice(-shift, None)
    for i, down in enumerate(parts):
        for j, across in enumerate(parts):
            region[down, across] = 3 * i + j
    region = region.view(rows // window, window, columns // window, window).transpose(1, 2)
    region = region.reshape(-1, window * window)
    return torch.where(region[:, None] != region[:, :, None], MASKED, 0.0)
