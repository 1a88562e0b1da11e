"""The two encoders: MobileNetV2 that stays at a sixteenth of the frame, and ResNet-50 without its last stage.

Blocks and keys are torchvision's, as in the official networks.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import MobileNetV2, ResNet
from torchvision.models.resnet import Bottleneck

Norm = Callable[[int], nn.Module]

MOBILE_TAPS = (3, 6, 13, 18)
# expansion, channels, blocks, stride: the groups of 160 and 320 channels keep the resolution.
MOBILE_GROUPS = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 1],
    [6, 320, 1, 1],
]
MOBILE_DILATED = (15, 16, 17)


class BatchNorm(nn.Module):
    """Fixed, with statistics, scale and shift as buffers, as in the official networks; or `live`, to be trained.

    Live ones learn scale and shift, and in training mode normalise by the batch and follow its statistics. The keys
    are the same.
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, *, live: bool = False) -> None:
        super().__init__()
        self.live = live
        if live:
            self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        else:
            self.register_buffer("weight", torch.ones(channels))
            self.register_buffer("bias", torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        by_batch = self.live and self.training
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, by_batch, eps=1e-5)


class MobileEncoder(nn.Module):
    """RGB [B, 3, H, W] → maps of 24, 32, 96 and 1280 channels at 1/4, 1/8, 1/16 and 1/16 of the frame."""

    channels = (24, 32, 96, 1280)

    def __init__(self, norm: Norm = BatchNorm) -> None:
        super().__init__()
        self.features = MobileNetV2(inverted_residual_setting=MOBILE_GROUPS, norm_layer=norm).features
        for index in MOBILE_DILATED:
            depthwise = self.features[index].conv[1][0]
            depthwise.dilation = depthwise.padding = (2, 2)

    def forward(self, image: Tensor) -> list[Tensor]:
        maps, x = [], image
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in MOBILE_TAPS:
                maps.append(x)
        return maps


class ResidualEncoder(nn.Module):
    """RGB [B, 3, H, W] → maps of 256, 512, 1024 and 1024 channels; the last is the one before it again."""

    channels = (256, 512, 1024, 1024)

    def __init__(self, norm: Norm = BatchNorm) -> None:
        super().__init__()
        whole = ResNet(Bottleneck, [3, 4, 6, 3], norm_layer=norm)
        self.conv1, self.bn1, self.maxpool = whole.conv1, whole.bn1, whole.maxpool
        self.layer1, self.layer2, self.layer3 = whole.layer1, whole.layer2, whole.layer3

    def forward(self, image: Tensor) -> list[Tensor]:
        quarter = self.layer1(self.maxpool(F.relu(self.bn1(self.conv1(image)))))
        eighth = self.layer2(quarter)
        sixteenth = self.layer3(eighth)
        return [quarter, eighth, sixteenth, sixteenth]
