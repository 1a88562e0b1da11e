"""VM-UNet (Ruan and Xiang 2024, doi 10.48550/arXiv.2402.02491): a U-Net whose stages scan the frame in four directions
instead of attending.

Own implementation of the published designs; the keys are those of the official checkpoints. H and W are divisible
by 32. Features are [B, H, W, C].
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from ml.modeling.patches import PatchEmbed, PatchExpand, PatchMerging, in_three_channels, initialise
from ml.modeling.selective_scan import selective_scan

DIRECTIONS = 4
STATES = 16


@dataclass(frozen=True)
class VmConfig:
    """`image_size` is what the network is used at; it works at any."""

    image_size: int = 512
    dims: tuple[int, ...] = (96, 192, 384, 768)
    depths: tuple[int, ...] = (2, 2, 2, 2)
    decoder_depths: tuple[int, ...] = (2, 2, 2, 1)
    classes: int = 3
    drop_path: float = 0.2


CONFIGS = {
    "paper": VmConfig(),
    "stock": VmConfig(image_size=256, classes=1),
    "default": VmConfig(image_size=256, depths=(2, 2, 9, 2), decoder_depths=(2, 9, 2, 2), classes=1),
    "small": VmConfig(dims=(32, 64, 128, 256), classes=1, drop_path=0.05),
}


class VmUnet(nn.Module):
    """[B, 1 or 3, H, W] → logits [B, classes, H, W]."""

    def __init__(self, config: VmConfig) -> None:
        super().__init__()
        self.config = config
        self.vmunet = Encoder(config)
        self.vmunet.add_decoder(config)

    def forward(self, image: Tensor) -> Tensor:
        net = self.vmunet
        x, skips = net.encode(in_three_channels(image))
        for i, layer in enumerate(net.layers_up):
            x = layer(x if i == 0 else x + skips[-i])
        logits: Tensor = net.final_conv(net.final_up(x).permute(0, 3, 1, 2))
        return logits


class Encoder(nn.Module):
    """Four stages; a decoder may be added, whose keys the official network has beside the encoder's."""

    def __init__(self, config: VmConfig) -> None:
        super().__init__()
        dims, last = config.dims, len(config.dims) - 1
        self.patch_embed = PatchEmbed(dims[0])
        drops = _drop_rates(config.drop_path, config.depths)
        self.layers = nn.ModuleList(
            Stage(dims[i], drops[i], downsample=PatchMerging(dims[i]) if i < last else None) for i in range(last + 1)
        )

    def add_decoder(self, config: VmConfig) -> None:
        dims = config.dims[::-1]
        drops = [rates[::-1] for rates in _drop_rates(config.drop_path, config.decoder_depths[::-1])[::-1]]
        self.layers_up = nn.ModuleList(
            Stage(dim, drops[i], upsample=PatchExpand(2 * dim) if i > 0 else None) for i, dim in enumerate(dims)
        )
        self.final_up = PatchExpand(dims[-1], factor=4, grown=4)
        self.final_conv = nn.Conv2d(dims[-1] // 4, config.classes, 1)
        self.apply(initialise)

    def encode(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The last stage's features, and what went into each stage."""
        x = self.patch_embed(image)
        skips = []
        for layer in self.layers:
            skips.append(x)
            x = layer(x)
        return x, skips


class Stage(nn.Module):
    """Blocks of one resolution; the way up comes before them, the way down after."""

    def __init__(
        self,
        channels: int,
        drops: list[float],
        downsample: nn.Module | None = None,
        upsample: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(channels, drop) for drop in drops)
        if downsample is not None:
            self.downsample = downsample
        if upsample is not None:
            self.upsample = upsample

    def forward(self, x: Tensor) -> Tensor:
        if hasattr(self, "upsample"):
            x = self.upsample(x)
        for block in self.blocks:
            x = block(x)
        return self.downsample(x) if hasattr(self, "downsample") else x


class Block(nn.Module):
    def __init__(self, channels: int, drop: float) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(channels)
        self.self_attention = CrossScan(channels)
        self.drop_path = StochasticDepth(drop, "row")

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.drop_path(self.self_attention(self.ln_1(x)))
        return out


class CrossScan(nn.Module):
    """SS2D: the frame is scanned along rows and columns, each way, and the four results are added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner, rank = 2 * channels, -(-channels // 16)
        self.inner, self.rank = inner, rank
        self.x_proj_weight = nn.Parameter(torch.empty(DIRECTIONS, rank + 2 * STATES, inner))
        self.dt_projs_weight = nn.Parameter(torch.empty(DIRECTIONS, inner, rank))
        self.dt_projs_bias = nn.Parameter(torch.empty(DIRECTIONS, inner))
        self.A_logs = nn.Parameter(torch.log(torch.arange(1.0, STATES + 1)).repeat(DIRECTIONS * inner, 1))
        self.Ds = nn.Parameter(torch.ones(DIRECTIONS * inner))
        self.in_proj = nn.Linear(channels, 2 * inner, bias=False)
        self.conv2d = nn.Conv2d(inner, inner, 3, padding=1, groups=inner)
        self.out_norm = nn.LayerNorm(inner)
        self.out_proj = nn.Linear(inner, channels, bias=False)
        nn.init.uniform_(self.x_proj_weight, -(inner**-0.5), inner**-0.5)
        nn.init.uniform_(self.dt_projs_weight, -(rank**-0.5), rank**-0.5)
        with torch.no_grad():  # so that softplus gives steps between 1e-3 and 1e-1
            step = torch.exp(torch.empty_like(self.dt_projs_bias).uniform_(-6.9078, -2.3026)).clamp(min=1e-4)
            self.dt_projs_bias.copy_(step + torch.log(-torch.expm1(-step)))

    def forward(self, x: Tensor) -> Tensor:
        x, gate = self.in_proj(x).chunk(2, dim=-1)
        x = F.silu(self.conv2d(x.permute(0, 3, 1, 2)))
        y = self.out_norm(self._scan(x).permute(0, 2, 3, 1))
        out: Tensor = self.out_proj(y * F.silu(gate))
        return out

    def _scan(self, x: Tensor) -> Tensor:
        """[B, D, H, W] → the same; always in float32, which the recurrence needs."""
        batch, inner, height, width = x.shape
        rows, columns = x.flatten(2), x.mT.flatten(2)
        ways = torch.stack([rows, columns, rows.flip(-1), columns.flip(-1)], dim=1)
        projected = torch.einsum("bkdl,kcd->bkcl", ways, self.x_proj_weight)
        rank, b, c = projected.split([self.rank, STATES, STATES], dim=2)
        step = torch.einsum("bkrl,kdr->bkdl", rank, self.dt_projs_weight)
        delta = F.softplus(step.float() + self.dt_projs_bias[:, :, None])
        y = selective_scan(
            ways.float().flatten(0, 1),
            delta.flatten(0, 1),
            -torch.exp(self.A_logs).view(DIRECTIONS, inner, STATES).repeat(batch, 1, 1),
            b.float().flatten(0, 1),
            c.float().flatten(0, 1),
            self.Ds.view(DIRECTIONS, inner).repeat(batch, 1),
        ).view(batch, DIRECTIONS, inner, -1)
        by_row, by_column = y[:, 0] + y[:, 2].flip(-1), y[:, 1] + y[:, 3].flip(-1)
        return by_row.view(batch, inner, height, width) + by_column.view(batch, inner, width, height).mT


def _drop_rates(most: float, depths: tuple[int, ...]) -> list[list[float]]:
    """Stochastic depth that rises with depth, per stage."""
    rates = torch.linspace(0, most, sum(depths), device="cpu").tolist()  # also on "meta"
    starts = [sum(depths[:i]) for i in range(len(depths))]
    return [rates[start : start + depth] for start, depth in zip(starts, depths, strict=True)]
