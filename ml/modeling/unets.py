"""The semantic networks by family and configuration."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

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
