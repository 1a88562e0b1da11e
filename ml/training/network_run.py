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
from ml.evaluation.pixels import mean_over_phases
from ml.modeling import yolo as yolo_network
from ml.modeling.unets import FAMILIES
from ml.segmenters.yolo import YoloSegmenter
from ml.training import automatic
from ml.training.card import named, write_card
from ml.training.crops import SYNTHETIC_SEEDS
from ml.training.device import device_of
from ml.training.loop import UNLIMITED, Recipe
from ml.training.on_frames import FrameTask, train
from ml.training.phases import MOST_PHASES, phases_of_objects
from ml.training.semantic import SemanticTask
from ml.training.yolo import yolo_loss

NETWORKS = (*FAMILIES, "yolo", automatic.NAME)


class YoloTask:
    """What the training loop asks of YOLOv8n-seg; an object's phase is the one that most of its pixels have."""

    def __init__(self, phases: int = 1) -> None:
        self.phases = phases

    def with_phases(self, phases: int) -> "YoloTask":
        return YoloTask(phases)

    standardised = False
    scales = (0.8, 1.5)  # frames are resized to the network's side, whatever theirs is

    def new(self) -> nn.Module:
        return yolo_network.build(self.phases)

    def loss(self, model: nn.Module, images: Tensor, labels: Tensor, classes: Tensor | None = None) -> Tensor:
        numbers = list(labels.cpu().numpy())
        phases: Sequence[Any] = [None] * len(numbers)
        if classes is not None:
            phases = [phases_of_objects(*crop) for crop in zip(numbers, classes.cpu().numpy(), strict=True)]
        total, _ = yolo_loss(model, images, numbers, phases)
        return total

    def scores(self, model: nn.Module, frames: Sequence[LabelledFrame]) -> dict[str, float]:
        """Mean IoU and Dice of the union of all found objects, of each phase's for itself."""
        device = next(model.parameters()).device
        segmenter = YoloSegmenter(model, name="yolo", weights_hash="in training", device=device)
        pairs = []
        for frame in frames:
            found = np.zeros((self.phases, *frame.labels.shape), bool)
            for instance in segmenter.segment(frame.image):
                found[instance.phase] |= instance.mask
            pairs.append(mean_over_phases(list(found), frame.phase_masks(self.phases)))
        mean_iou, mean_dice = np.mean(pairs, axis=0)
        return {"iou": float(mean_iou), "dice": float(mean_dice)}

    def metadata(self) -> dict[str, str]:
        return yolo_network.metadata(self.phases)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train on --images and --labels; --validation names frames of them to score, --val a folder of others."""
    torch.set_num_threads(arguments.threads)
    if (arguments.images is None) != (arguments.labels is None):
        raise ValueError("--images and --labels belong together; give both or neither.")
    if arguments.out.suffix != ".safetensors":
        raise ValueError(f"--out is {arguments.out}; give the checkpoint's file, ending with .safetensors.")
    training, held_out = frames_of(arguments)
    phases = _phases(arguments, [*training, *held_out])
    if not training and arguments.synthetic_share == 0:
        raise ValueError("There is nothing to train on: give --images and --labels, or --synthetic-share above 0.")
    if arguments.epochs is not None and arguments.epochs < 1:
        raise ValueError(f"--epochs is {arguments.epochs}; give 1 or more.")
    recipe = Recipe(
        seed=arguments.seed,
        epochs=UNLIMITED if arguments.epochs is None else arguments.epochs,
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
    data = _data(training, held_out, recipe.synthetic_share if training else 1.0)
    task = task_of(arguments.model, arguments.config, phases, arguments.init)
    begun_from = task.base.path if isinstance(task, automatic.AutomaticTask) else arguments.init
    with tqdm(total=arguments.epochs, desc=arguments.model, unit="epoch") as bar:

        def show(row: dict[str, Any]) -> bool:
            write_card(arguments.out, data, recipe, begun_from, device)
            bar.set_postfix({name: row[name] for name in ("loss", "iou", "dice")}, refresh=False)
            bar.update(row["epoch"] - bar.n)
            return True

        stop_file: Path | None = arguments.stop_file
        return train(
            task,
            recipe,
            training,
            held_out,
            arguments.out,
            device=device,
            resume=arguments.resume,
            init=None if arguments.model == automatic.NAME else arguments.init,
            progress=show,
            stopped=lambda: stop_file is not None and stop_file.exists(),
        )


def task_of(model: str, config: str, phases: int = 1, init: Path | None = None) -> FrameTask:
    """The family's part of the training; the automatic mode of EfficientSAM grows on the weights of `init`."""
    if model in FAMILIES:
        return SemanticTask(model, config, phases)
    if config != "small":
        raise ValueError(f"{model} has no configuration {config!r}. There is: small.")
    return YoloTask(phases) if model == "yolo" else automatic.AutomaticTask(phases, init)


def _data(training: Sequence[LabelledFrame], held_out: Sequence[LabelledFrame], synthetic_share: float) -> list[str]:
    lines = [f"Frames to learn from: {named([frame.name for frame in training])}."]
    lines.append(f"Frames for validation, never learnt from: {named([frame.name for frame in held_out])}.")
    if synthetic_share > 0:
        low, high = SYNTHETIC_SEEDS
        lines.append(f"Synthetic frames, seeds {low:,} to {high:,}: {synthetic_share:g} of the crops.")
    return lines


def _phases(arguments: argparse.Namespace, frames: Sequence[LabelledFrame]) -> int:
    """How many phases the network is to tell apart."""
    if arguments.phases is None:
        if arguments.phase_count is not None:
            raise ValueError("--phase-count counts the phases of --phases; give the folder of class images as well.")
        return 1
    if arguments.images is None or arguments.synthetic_share > 0:
        raise ValueError(
            "--phases are those of labelled frames, and synthetic frames have none; give --images and --labels, and "
            "--synthetic-share 0."
        )
    most = max((int(frame.classes.max(initial=1)) for frame in frames if frame.classes is not None), default=1)
    count: int = arguments.phase_count or most
    if not most <= count <= MOST_PHASES:
        raise ValueError(
            f"--phase-count is {count}; the class images have phases up to {most}, and {MOST_PHASES} are the most."
        )
    return count


def frames_of(arguments: argparse.Namespace) -> tuple[list[LabelledFrame], list[LabelledFrame]]:
    """The frames to train on and those to score."""
    options = {"phases": arguments.phases, "grey_range": arguments.grey_range, "numbered": arguments.numbered}
    frames = load_labelled_frames(arguments.images, arguments.labels, **options) if arguments.images else []
    if unknown := set(arguments.validation) - {frame.name for frame in frames}:
        raise ValueError(f"--validation names {', '.join(sorted(unknown))}, which {arguments.images} does not hold.")
    held_out = [frame for frame in frames if frame.name in arguments.validation]
    folder: Path | None = arguments.val
    if folder is not None:
        options["phases"] = folder / "phases" if arguments.phases else None
        held_out += load_labelled_frames(folder / "images", folder / "labels", **options)
    return [frame for frame in frames if frame.name not in arguments.validation], held_out
