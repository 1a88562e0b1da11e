"""VM-UNetV2 (Zhang et al. 2024, doi 10.48550/arXiv.2403.09157): VM-UNet's encoder, joined across all levels.

Every level attends to channels and places (CBAM), is blended with all others (SDI), and is added on the way up.
One class only, as the official network's deep supervision has it. H = W, divisible by 32.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ml.modeling.patches import in_three_channels, initialise
from ml.modeling.vm_unet import Encoder, VmConfig

LEVELS = (1, 2, 3, 4)
CONFIGS = {
    "stock": VmConfig(image_size=256, depths=(2, 2, 9, 2), classes=1),
    "small": VmConfig(dims=(32, 64, 128, 256), depths=(2, 2, 9, 2), classes=1),
}


class VmUnetV2(nn.Module):
    """[B, 1 or 3, H, H] → logits [B, 1, H, H]."""

    def __init__(self, config: VmConfig) -> None:
        super().__init__()
        if config.classes != 1:
            raise ValueError(
                f"VM-UNetV2 tells objects from background alone; {config.classes} classes are not to be had."
            )
        self.config = config
        middle = config.dims[0] // 2
        for level, dim in zip(LEVELS, config.dims, strict=True):
            self.add_module(f"ca_{level}", ChannelAttention(dim))
            self.add_module(f"sa_{level}", SpatialAttention())
            self.add_module(f"Translayer_{level}", ConvNorm(dim, middle))
            self.add_module(f"sdi_{level}", Blend(middle))
        self.seg_outs = nn.ModuleList(nn.Conv2d(middle, 1, 1) for _ in LEVELS)
        for number in (2, 3, 4, 5):  # the official checkpoints hold the unused fifth
            self.add_module(f"deconv{number}", nn.ConvTranspose2d(middle, middle, 4, 2, 1, bias=False))
        self.deconv6 = nn.ConvTranspose2d(1, 1, 3, 2, 1, output_padding=1)
        self.vmunet = Encoder(config)
        self.vmunet.apply(initialise)

    def forward(self, image: Tensor) -> Tensor:
        levels = [x.permute(0, 3, 1, 2) for x in self._inputs_of_stages(in_three_channels(image))]
        for i, level in enumerate(LEVELS):
            x = self._part("ca", level)(levels[i]) * levels[i]
            levels[i] = self._part("Translayer", level)(self._part("sa", level)(x) * x)
        blended = [self._part("sdi", level)(levels, levels[level - 1].shape[-1]) for level in LEVELS]
        x = blended[3]
        answers = [self.seg_outs[0](x)]
        for i in LEVELS[:3]:
            x = self.get_submodule(f"deconv{i + 1}")(x) + blended[3 - i]
            answers.append(self.seg_outs[i](x))
        coarse, fine = (F.interpolate(a, scale_factor=4, mode="bilinear", align_corners=False) for a in answers[2:])
        logits: Tensor = fine + self.deconv6(coarse)
        return logits

    def _part(self, name: str, level: int) -> nn.Module:
        return self.get_submodule(f"{name}_{level}")

    def _inputs_of_stages(self, image: Tensor) -> list[Tensor]:
        """The last stage's blocks are part of official checkpoints and of no use."""
        x = self.vmunet.patch_embed(image)
        inputs = [x]
        for layer in self.vmunet.layers[:-1]:
            x = layer(x)
            inputs.append(x)
        return inputs


class ChannelAttention(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 16, 1, bias=False)
        self.fc2 = nn.Conv2d(channels // 16, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        pooled = F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1)
        return torch.sigmoid(sum(self.fc2(F.relu(self.fc1(p))) for p in pooled))


class SpatialAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        pooled = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], dim=1)
        return torch.sigmoid(self.conv1(pooled))


class ConvNorm(nn.Module):
    """No activation follows, as in the official network."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        normed: Tensor = self.bn(self.conv(x))
        return normed


class Blend(nn.Module):
    """SDI: every level, brought to one size and convolved, multiplied."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in LEVELS)

    def forward(self, levels: list[Tensor], size: int) -> Tensor:
        product: Tensor | None = None
        for conv, level in zip(self.convs, levels, strict=True):
            term = conv(_resized(level, size))
            product = term if product is None else product * term
        assert product is not None
        return product


def _resized(x: Tensor, size: int) -> Tensor:
    if x.shape[-1] > size:
        return F.adaptive_avg_pool2d(x, size)
    if x.shape[-1] < size:
        return F.interpolate(x, (size, size), mode="bilinear", align_corners=True)
    return x
