"""`python -m ml train deaot_t`: the run around the loop."""

import argparse
import math
from pathlib import Path
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from ml.modeling.deaot import DeAot, frozen
from ml.modeling.deaot.sizes import STRIDE
from ml.training.card import write_card
from ml.training.clips import SERIES_SEEDS, ClipSource, validation_clips
from ml.training.deaot import ClipRecipe, DeAotTask, scores
from ml.training.device import device_of, half_precision
from ml.training.loop import UNLIMITED, run_epochs

SCORED_FRAMES = 8
SCORED_CLIPS = 2  # of each preset


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train on synthetic clips alone, scored on clips of seeds that no training draws."""
    torch.set_num_threads(arguments.threads)
    if arguments.out.suffix != ".safetensors":
        raise ValueError(f"--out is {arguments.out}; give the checkpoint's file, ending with .safetensors.")
    if arguments.epochs is None and arguments.time_budget is None:
        raise ValueError("The training has no end: give --epochs or --time-budget, or both.")
    sides = tuple(arguments.sides)
    if wrong := [side for side in sides if side % STRIDE != 1]:
        raise ValueError(f"--sides has {wrong[0]}; clips have sides of 16k + 1 px, such as 193 or 257.")
    recipe = ClipRecipe(
        seed=arguments.seed,
        epochs=UNLIMITED if arguments.epochs is None else arguments.epochs,
        budget_s=math.inf if arguments.time_budget is None else arguments.time_budget,
        epoch_steps=arguments.epoch_steps,
        crops=arguments.crops,
        accumulate=arguments.accumulate,
        learning_rate=arguments.learning_rate,
        patience=arguments.patience,
        sides=sides,
        frames=arguments.frames,
        lanes=arguments.lanes,
    )
    device = device_of(arguments.device)
    data = ["Synthetic clips alone, of series with seeds {:,} to {:,} and of single frames.".format(*SERIES_SEEDS)]
    data.append(
        f"For validation {SCORED_FRAMES} frames each of {SCORED_CLIPS} clips of every preset, from other seeds."
    )
    clips = validation_clips(max(sides), SCORED_FRAMES, SCORED_CLIPS)

    def scored(model: nn.Module) -> dict[str, float]:
        assert isinstance(model, DeAot)
        with half_precision(device):
            return scores(model, clips)

    def finished(model: nn.Module) -> nn.Module:
        assert isinstance(model, DeAot)
        return frozen(model)

    with tqdm(total=arguments.epochs, desc=arguments.model, unit="epoch") as bar:

        def show(row: dict[str, Any]) -> bool:
            write_card(arguments.out, data, recipe, arguments.init, device)
            bar.set_postfix({name: row[name] for name in ("loss", "iou", "identity")}, refresh=False)
            bar.update(row["epoch"] - bar.n)
            return True

        stop_file: Path | None = arguments.stop_file
        return run_epochs(
            DeAotTask(arguments.model),
            recipe,
            ClipSource(recipe.seed, sides, recipe.crops, recipe.frames, recipe.lanes),
            scored,
            arguments.out,
            device=device,
            resume=arguments.resume,
            init=arguments.init,
            progress=show,
            stopped=lambda: stop_file is not None and stop_file.exists(),
            finished=finished,
        )
