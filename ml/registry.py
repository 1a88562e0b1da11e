"""Every segmenter and tracker by name. Targets are strings, so that torch loads on first use."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ml.segmenters.parameters import (
    CASCADE_PARAMETERS,
    EFFICIENT_SAM_PARAMETERS,
    SAM_PARAMETERS,
    SEMANTIC_PARAMETERS,
    THRESHOLD_PARAMETERS,
    YOLO_PARAMETERS,
    ParameterError,
    resolve,
)
from ml.types import Kind, ModelInfo

MODELS: dict[str, ModelInfo] = {
    info.name: info
    for info in (
        ModelInfo(
            "efficient_sam_ti",
            "EfficientSAM tiny",
            "ml.segmenters.efficient_sam:load_tiny",
            promptable=True,
            network="ml.segmenters.efficient_sam:network_of",
            trainable=True,  # its automatic mode
            configs=("small",),
            parameters=EFFICIENT_SAM_PARAMETERS,
        ),
        ModelInfo(
            "efficient_sam_s",
            "EfficientSAM small",
            "ml.segmenters.efficient_sam:load_small",
            promptable=True,
            network="ml.segmenters.efficient_sam:network_of",
            parameters=EFFICIENT_SAM_PARAMETERS,
        ),
        *(
            ModelInfo(
                f"sam_{vit}",
                f"SAM {title}",
                f"ml.segmenters.sam:load_{vit}",
                promptable=True,
                network="ml.segmenters.sam:network_of",
                parameters=SAM_PARAMETERS,
            )
            for vit, title in (("vit_b", "ViT-B"), ("vit_l", "ViT-L"), ("vit_h", "ViT-H"))
        ),
        ModelInfo(
            "swin_unet",
            "Swin-Unet",
            "ml.segmenters.semantic:load_swin_unet",
            promptable=False,
            builds_untrained=True,
            network="ml.segmenters.semantic:network_of",
            trainable=True,
            configs=("small", "stock", "paper"),
            parameters=SEMANTIC_PARAMETERS,
        ),
        ModelInfo(
            "vm_unet",
            "VM-UNet",
            "ml.segmenters.semantic:load_vm_unet",
            promptable=False,
            builds_untrained=True,
            network="ml.segmenters.semantic:network_of",
            trainable=True,
            configs=("small", "default", "stock", "paper"),
            parameters=SEMANTIC_PARAMETERS,
        ),
        ModelInfo(
            "vm_unet_v2",
            "VM-UNetV2",
            "ml.segmenters.semantic:load_vm_unet_v2",
            promptable=False,
            builds_untrained=True,
            network="ml.segmenters.semantic:network_of",
            trainable=True,
            configs=("small", "stock"),
            parameters=SEMANTIC_PARAMETERS,
        ),
        ModelInfo(
            "threshold",
            "Threshold and watershed",
            "ml.segmenters.threshold:load",
            promptable=False,
            trainable=True,
            parameters=THRESHOLD_PARAMETERS,
        ),
        ModelInfo(
            "yolo",
            "YOLOv8n-seg",
            "ml.segmenters.yolo:load",
            promptable=False,
            builds_untrained=True,
            network="ml.segmenters.yolo:network_of",
            trainable=True,
            configs=("small",),
            parameters=YOLO_PARAMETERS,
        ),
        ModelInfo(
            "cascade",
            "YOLOv8n-seg, refined by EfficientSAM",
            "ml.segmenters.cascade:load",
            promptable=False,
            builds_untrained=True,
            parameters=CASCADE_PARAMETERS,
        ),
        ModelInfo(
            "overlap",
            "Overlap and motion",
            "ml.tracking.overlap:load",
            promptable=False,
            kind="tracker",
            takes_weights=False,
        ),
        *(
            ModelInfo(name, title, f"ml.tracking.deaot:load_{name}", promptable=False, kind="tracker")
            for name, title in (
                ("deaot_t", "DeAOT-T"),
                ("deaot_s", "DeAOT-S"),
                ("deaot_b", "DeAOT-B"),
                ("deaot_l", "DeAOT-L"),
                ("deaot_r50", "R50-DeAOT-L"),
            )
        ),
    )
}

# What a series is segmented with until somebody chooses otherwise, and what it is followed with.
DEFAULT = "efficient_sam_ti"
DEFAULT_TRACKER = (
    "overlap"  # DeAOT-T is as good on sintering, better where the stage jumps, and 12 times slower on a CPU
)

# For tests of what surrounds the models; no listing shows them.
TEST_MODELS: dict[str, ModelInfo] = {
    "fake": ModelInfo("fake", "Disc around the click", "ml.segmenters.fake:load", promptable=True, takes_weights=False)
}


__all__ = [
    "DEFAULT",
    "DEFAULT_TRACKER",
    "MODELS",
    "ParameterError",
    "UnknownModelError",
    "info",
    "load",
    "network",
    "of_kind",
    "settings",
]


class UnknownModelError(ValueError):
    """No model of that name is registered."""


def info(name: str, *, kind: Kind | None = None, allow_test_models: bool = False) -> ModelInfo:
    """The registered model, or UnknownModelError naming what there is (of a kind)."""
    if allow_test_models and name in TEST_MODELS:
        return TEST_MODELS[name]
    there = MODELS if kind is None else of_kind(kind)
    if name in there:
        return there[name]
    told = f"No model is called {name!r}." if name not in MODELS else f"{name} is no {kind}."
    raise UnknownModelError(f"{told} There are: {', '.join(there)}.")


def of_kind(kind: Kind) -> dict[str, ModelInfo]:
    """The registered segmenters or trackers."""
    return {name: info for name, info in MODELS.items() if info.kind == kind}


def load(name: str, *, allow_test_models: bool = False, **options: Any) -> Any:
    """Build the model; `options` (device, weights) go to its loader."""
    return _imported(info(name, allow_test_models=allow_test_models).target)(**options)


def network(name: str, metadata: Mapping[str, str]) -> Any:
    """The bare network, with random weights, that a checkpoint with this metadata is of, or None if it has none.

    Raises
    ------
    KeyError, ValueError
        The metadata lacks something, or says what cannot be.
    """
    target = info(name).network
    return _imported(target)(metadata) if target else None


def settings(name: str, given: Mapping[str, Any], *, allow_test_models: bool = False) -> dict[str, Any]:
    """All of the model's settings, the defaults where none is given, or ParameterError naming value and limit."""
    return resolve(info(name, allow_test_models=allow_test_models).parameters, given)


def _imported(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)
