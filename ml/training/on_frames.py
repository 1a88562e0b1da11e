"""Training of the segmenting networks: the loop over crops of labelled frames."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from ml.evaluation.frames import LabelledFrame
from ml.training.crops import CropSource
from ml.training.loop import Progress, Recipe, Task, run_epochs
from ml.training.phases import coded


class FrameTask(Task, Protocol):
    """`standardised` tells how the family sees grey values, `scales` at which magnifications it sees frames."""

    standardised: bool
    scales: tuple[float, float]

    def scores(self, model: nn.Module, frames: Sequence[LabelledFrame]) -> dict[str, float]: ...


def train(
    task: FrameTask,
    recipe: Recipe,
    training: Sequence[LabelledFrame],
    validation: Sequence[LabelledFrame],
    out: Path,
    *,
    device: torch.device,
    resume: bool = False,
    init: Path | None = None,
    progress: Progress = lambda _row: True,
    stopped: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Train as `run_epochs` says. Without validation frames the last checkpoint is the best."""
    frames = tuple(training) if task.phases == 1 else tuple(coded(frame) for frame in training)
    source = CropSource(
        recipe.seed, frames, recipe.crop, recipe.crops, recipe.synthetic_share, recipe.variation,
        standardised=task.standardised, scales=task.scales, phases=task.phases,
    )  # fmt: skip

    def scored(model: nn.Module) -> dict[str, float]:
        return task.scores(model, validation) if validation else {"iou": math.nan, "dice": math.nan}

    return run_epochs(
        task, recipe, source, scored, out, device=device, resume=resume, init=init, progress=progress, stopped=stopped
    )
