"""What every training run needs: a time budget, averaged weights, a log, and a state to resume from."""

import copy
import csv
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


class Clock:
    """Seconds trained, over all sittings of a run, against the budget."""

    def __init__(self, budget_s: float, spent_s: float = 0.0) -> None:
        self.budget_s, self._before, self._start = budget_s, spent_s, time.monotonic()

    @property
    def spent_s(self) -> float:
        return self._before + time.monotonic() - self._start

    @property
    def progress(self) -> float:
        """0 at the start, 1 when the budget is spent."""
        return min(self.spent_s / self.budget_s, 1.0)


def averaged(average: nn.Module, model: nn.Module, step: int, decay: float = 0.999) -> None:
    """Move the exponential average of the weights towards the model's; what batch norms count goes along."""
    decay = min(decay, (1 + step) / (10 + step))
    with torch.no_grad():
        for mean, value in zip(average.parameters(), model.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)
        for counted, now in zip(average.buffers(), model.buffers(), strict=True):
            if now.is_floating_point():
                counted.lerp_(now, 1 - decay)
            else:
                counted.copy_(now)


def average_of(model: Network) -> Network:
    return copy.deepcopy(model).requires_grad_(False).eval()


def seed_everything(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def save_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write atomically: a run that is killed while saving resumes from the state before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    torch.save(dict(state), temporary)
    temporary.replace(path)


def load_state(path: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """One line of the run's CSV log; the first writes the header."""
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def write_log(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """The log anew, as a kept state has it: a run that was killed may have left more of it, or less."""
    temporary = path.with_suffix(".partial")
    temporary.unlink(missing_ok=True)
    for row in rows:
        append_row(temporary, row)
    if rows:
        temporary.replace(path)
