"""`python -m ml train swin_unet|vm_unet|vm_unet_v2|yolo`: the run around the loop."""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from ml.evaluation.frames import LabelledFrame, load_labelled_frames
from ml.evaluation.pixels import dice, iou
from ml.modeling import yolo as yolo_network
from ml.modeling.unets import FAMILIES
from ml.segmenters.yolo import YoloSegmenter
from ml.training.loop import Recipe, Task, train
from ml.training.semantic import SemanticTask, device_of
from ml.training.yolo import yolo_loss

NETWORKS = (*FAMILIES, "yolo")


class YoloTask:
    """What the training loop asks of YOLOv8n-seg."""

    standardised = False

    def new(self) -> nn.Module:
        return yolo_network.build(1)

    def loss(self, model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        total, _ = yolo_loss(model, images, list(labels.cpu().numpy()), [None] * len(labels))
        return total

    def scores(self, model: nn.Module, frames: Sequence[LabelledFrame]) -> dict[str, float]:
        """Mean IoU and Dice of the union of all found objects."""
        device = next(model.parameters()).device
        segmenter = YoloSegmenter(model, name="yolo", weights_hash="in training", device=device)
        pairs = []
        for frame in frames:
            found = np.zeros(frame.labels.shape, bool)
            for instance in segmenter.segment(frame.image):
                found |= instance.mask
            pairs.append((iou(found, frame.labels > 0), dice(found, frame.labels > 0)))
        mean_iou, mean_dice = np.mean(pairs, axis=0)
        return {"iou": float(mean_iou), "dice": float(mean_dice)}

    def metadata(self) -> dict[str, str]:
        return yolo_network.metadata(1)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train on --images and --labels; --validation names frames of them to score, --val a folder of others."""
    torch.set_num_threads(arguments.threads)
    if (arguments.images is None) != (arguments.labels is None):
        raise ValueError("--images and --labels belong together; give both or neither.")
    if arguments.out.suffix != ".safetensors":
        raise ValueError(f"--out is {arguments.out}; give the checkpoint's file, ending with .safetensors.")
    training, held_out = frames_of(arguments)
    if not training and arguments.synthetic_share == 0:
        raise ValueError("There is nothing to train on: give --images and --labels, or --synthetic-share above 0.")
    recipe = Recipe(
        seed=arguments.seed,
        epochs=arguments.epochs or 1_000_000,
        budget_s=arguments.time_budget if arguments.time_budget is not None else math.inf,
        epoch_steps=arguments.epoch_steps,
        crop=arguments.crop,
        crops=arguments.crops,
        accumulate=arguments.accumulate,
        synthetic_share=arguments.synthetic_share,
        variation=arguments.variation,
        learning_rate=arguments.learning_rate,
        patience=arguments.patience,
    )
    if arguments.epochs is None and arguments.time_budget is None:
        raise ValueError("The training has no end: give --epochs or --time-budget, or both.")
    device = device_of(arguments.device)
    with tqdm(total=arguments.epochs, desc=arguments.model, unit="epoch") as bar:

        def show(row: dict[str, Any]) -> bool:
            bar.set_postfix({name: row[name] for name in ("loss", "iou", "dice")}, refresh=False)
            bar.update(row["epoch"] - bar.n)
            return True

        task = task_of(arguments.model, arguments.config)
        return train(
            task, recipe, training, held_out, arguments.out, device=device, resume=arguments.resume, progress=show
        )


def task_of(model: str, config: str) -> Task:
    """The family's part of the training; YOLOv8n-seg has one size."""
    if model == "yolo":
        if config != "small":
            raise ValueError(f"yolo has no configuration {config!r}. There is: small.")
        return YoloTask()
    return SemanticTask(model, config)


def frames_of(arguments: argparse.Namespace) -> tuple[list[LabelledFrame], list[LabelledFrame]]:
    """The frames to train on and those to score."""
    frames = load_labelled_frames(arguments.images, arguments.labels) if arguments.images else []
    if unknown := set(arguments.validation) - {frame.name for frame in frames}:
        raise ValueError(f"--validation names {', '.join(sorted(unknown))}, which {arguments.images} does not hold.")
    held_out = [frame for frame in frames if frame.name in arguments.validation]
    folder: Path | None = arguments.val
    if folder is not None:
        held_out += load_labelled_frames(folder / "images", folder / "labels")
    return [frame for frame in frames if frame.name not in arguments.validation], held_out
