"""The semantic networks by family and configuration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from ml.modeling import swin_unet, vm_unet, vm_unet_v2


@dataclass(frozen=True)
class Family:
    build: Callable[[Any], nn.Module]
    configs: dict[str, Any]


FAMILIES: dict[str, Family] = {
    "swin_unet": Family(swin_unet.SwinUnet, swin_unet.CONFIGS),
    "vm_unet": Family(vm_unet.VmUnet, vm_unet.CONFIGS),
    "vm_unet_v2": Family(vm_unet_v2.VmUnetV2, vm_unet_v2.CONFIGS),
}


def config_of(family: str, config: str, classes: int | None = None) -> Any:
    """The named configuration, with another number of classes where one is given, or ValueError naming what there is.

    One class is objects against background; with P phases there are P + 1, background first.
    """
    if family not in FAMILIES:
        raise ValueError(f"No family is called {family!r}. There are: {', '.join(FAMILIES)}.")
    configs = FAMILIES[family].configs
    if config not in configs:
        raise ValueError(f"{family} has no configuration {config!r}. There are: {', '.join(configs)}.")
    return configs[config] if classes is None else replace(configs[config], classes=classes)


def build(family: str, config: str, classes: int | None = None) -> nn.Module:
    """The network with random weights."""
    return FAMILIES[family].build(config_of(family, config, classes))


def config_for(family: str, state: Mapping[str, Tensor]) -> tuple[str, int]:
    """The configuration and number of classes that a state's entries speak for: the one with the fewest differences.

    Swin-Unet's buffers tell 224 from 448 px. VM-UNet works at any size: of equals the one for as many classes counts.
    """
    last = next((state[key] for key in ("swin_unet.output.weight", "vmunet.final_conv.weight") if key in state), None)
    classes = 1 if last is None or last.ndim == 0 else max(1, len(last))

    def differences(config: str) -> tuple[int, bool]:
        with torch.device("meta"):
            wanted = build(family, config, classes).state_dict()
        differ = sum(key not in state or state[key].shape != value.shape for key, value in wanted.items())
        return differ + len(state.keys() - wanted.keys()), config_of(family, config).classes != classes

    return min(FAMILIES[family].configs, key=differences), classes
