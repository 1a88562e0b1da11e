"""YOLOv8n-seg (Jocher et al. 2023), built by the library `ultralytics` from our own yaml; nothing is downloaded.

Importing the library reads and writes a settings file, asks name servers whether it is online, and changes settings of
the process. It is imported on first use, with a settings file of ours that switches everything off, and what it
changed is put back.
"""

import contextlib
import functools
import logging
import os
import re
import uuid
import warnings
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import torch
import torchvision  # noqa: F401 - the library uses its non-maximum suppression where it is loaded already
import yaml
from PIL import Image
from torch import Tensor, nn

STRIDE = 32  # height and width of an image are multiples of this
PROTOTYPE_STRIDE = 4  # px of the image per px of the mask prototypes
PROTOTYPES = 32
MOST_CLASSES = 1000
IMAGE_SIZE = 512
ARCHITECTURE = Path(__file__).with_name("yolov8n_seg.yaml")
CONFIG = Path(__file__).with_name("ultralytics_config")
# The library's defaults: gains of the losses; objects' masks merged into one image of their numbers.
LOSS_SETTINGS = {"box": 7.5, "cls": 0.5, "dfl": 1.5, "overlap_mask": True}
_BOX_BIAS = -0.6  # per bin of the distribution of a distance, which then has the mean 1 / (e^0.6 - 1)
_ENVIRONMENT = {
    "YOLO_CONFIG_DIR": str(CONFIG),  # its settings: no synchronisation, no integrations, no identity
    "YOLO_OFFLINE": "true",  # no question to name servers
    "YOLO_AUTOINSTALL": "false",
    "YOLO_VERBOSE": "false",
}


class Library(NamedTuple):
    """What is used of ultralytics."""

    network: Any
    loss: Any
    non_max_suppression: Any


@dataclass(frozen=True)
class Output:
    """Of a batch of one.

    Attributes
    ----------
    predictions
        float32 [1, 4 + classes + 32, places]: box centre and size in px of the image, a probability per class,
        coefficients of the mask prototypes.
    prototypes
        float32 [32, H/4, W/4].
    """

    predictions: Tensor
    prototypes: Tensor


@functools.cache
def library() -> Library:
    """Import ultralytics without a trace: no file written, no connection, the process' settings as before."""
    with _process_unchanged():
        from ultralytics.nn.tasks import SegmentationModel
        from ultralytics.utils.loss import v8SegmentationLoss
        from ultralytics.utils.nms import non_max_suppression
    return Library(SegmentationModel, v8SegmentationLoss, non_max_suppression)


@contextlib.contextmanager
def _process_unchanged() -> Iterator[None]:
    environment, save, node = dict(os.environ), torch.save, uuid.getnode
    open_image = Image.open  # replaced by one that installs a package where a file is no image
    numpy_printing = np.get_printoptions()
    os.environ.update(_ENVIRONMENT)
    uuid.getnode = lambda: 0  # it would be hashed into an identity of this machine
    try:
        with warnings.catch_warnings():
            yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        torch.save, uuid.getnode, Image.open = save, node, open_image
        np.set_printoptions(**numpy_printing)
        torch.set_printoptions(profile="default")
        logger = logging.getLogger("ultralytics")  # it printed to standard output, which is our commands' result
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)


def architecture(classes: int) -> dict[str, Any]:
    """The network's layers, as the library reads them."""
    if not 1 <= classes <= MOST_CLASSES:
        raise ValueError(f"The network has {classes} classes; give 1 to {MOST_CLASSES}.")
    layers: dict[str, Any] = yaml.safe_load(_yaml(classes))
    return layers


def _yaml(classes: int) -> str:
    return re.sub(r"^nc: \d+", f"nc: {classes}", ARCHITECTURE.read_text(), flags=re.MULTILINE)


def build(classes: int) -> nn.Module:
    """The network with random weights; [B, 3, H, W] of 0 to 1, height and width multiples of 32."""
    model: nn.Module = library().network(architecture(classes), ch=3, verbose=False)
    model.args = SimpleNamespace(**LOSS_SETTINGS)  # type: ignore[assignment]  # where the loss looks for them
    _begin_with_small_boxes(model)
    return model


def _begin_with_small_boxes(model: nn.Module) -> None:
    """Let the distances to a box's sides begin at 1.2 cells of the grid, not at the library's 7.5.

    Those suit photographs. A thin or small object in so large a box has a complete IoU below zero, is assigned no
    place of the grid, and may never be learned.
    """
    layers: Any = model.model
    with torch.no_grad():
        for branch in layers[-1].cv2:
            bias = branch[-1].bias
            bias.copy_(_BOX_BIAS * torch.arange(bias.numel() // 4).repeat(4))


def classes_of(model: nn.Module) -> int:
    layers: Any = model.model
    return int(layers[-1].nc)


def steps(model: nn.Module, image: Tensor) -> Generator[None, None, Output]:
    """A forward pass in evaluation mode that yields between layers. `image` [1, 3, H, W]."""
    layers: Any = model.model
    kept: list[Tensor | None] = []
    value: Any = image
    for layer in layers:
        yield
        if layer.f != -1:
            sources = [layer.f] if isinstance(layer.f, int) else layer.f
            inputs = [value if at == -1 else kept[at] for at in sources]
            value = inputs[0] if isinstance(layer.f, int) else inputs
        value = layer(value)
        kept.append(value if layer.i in model.save else None)  # type: ignore[operator]
    raw = in_float32(value[1])
    with torch.autocast(image.device.type, enabled=False):  # half precision would round boxes to a quarter pixel
        predictions = layers[-1]._inference(raw)
    return Output(predictions, raw["proto"][0])


def in_float32(raw: dict[str, Any]) -> dict[str, Any]:
    """The head's raw answer; its features only tell their shapes and what type the grid is to have."""
    return {
        name: [each.detach().float() for each in value] if isinstance(value, list) else value.float()
        for name, value in raw.items()
    }


def metadata(classes: int, image_size: int = IMAGE_SIZE) -> dict[str, str]:
    """What a checkpoint says of its network; the yaml is the one that `build` uses."""
    return {
        "model": "yolo",
        "classes": str(classes),
        "image_size": str(image_size),
        "yaml": _yaml(classes),
    }
