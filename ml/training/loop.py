"""The loop that trains a network: best and last checkpoint, a log, early stopping, exact resuming."""

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ml.training.batch import Batch
from ml.training.device import half_precision
from ml.training.optimizers import optimizers_of
from ml.training.run import Clock, append_row, average_of, averaged, load_state, save_state, seed_everything, write_log
from ml.training.starting import start_from
from ml.weights import save

UNLIMITED = 1_000_000  # epochs
LOADER_WORKERS = 8  # at most, on CUDA; on a CPU they would take cores from the network


class Task(Protocol):
    """A family of networks, for one phase or more."""

    @property
    def phases(self) -> int: ...

    def new(self) -> nn.Module: ...

    def loss(self, model: nn.Module, images: Tensor, labels: Tensor, classes: Tensor | None = None) -> Tensor: ...

    def metadata(self) -> dict[str, str]: ...

    def with_phases(self, phases: int) -> "Task": ...


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights, but for the data and, under a time budget, the machine's speed.

    An epoch is `epoch_steps` steps; the learning rate falls as a cosine over the epochs or the time budget, whichever
    ends first. `patience` epochs without a better IoU on the validation frames stop the run early.
    """

    seed: int = 0
    epochs: int = 100
    budget_s: float = math.inf
    epoch_steps: int = 32
    crop: int = 256
    crops: int = 4
    accumulate: int = 1
    synthetic_share: float = 0.5
    variation: float = 0.5
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup_steps: int = 50
    patience: int = 30
    average_decay: float = 0.99


Progress = Callable[[dict[str, Any]], bool]


def run_epochs(
    task: Task,
    recipe: Recipe,
    source: Dataset[Batch],
    scored: Callable[[nn.Module], dict[str, float]],
    out: Path,
    *,
    device: torch.device,
    resume: bool = False,
    init: Path | None = None,
    progress: Progress = lambda _row: True,
    stopped: Callable[[], bool] = lambda: False,
    finished: Callable[[nn.Module], nn.Module] = lambda model: model,
) -> dict[str, Any]:
    """Train until the epochs, the budget or the patience is spent, or `progress(row of the log)` returns False.

    `source` has the batch of each step; `scored` gives the scores of a network, the one that decides as `iou` (NaN:
    the last checkpoint is the best). `stopped`, asked after every step, ends the run as a spent budget does: the epoch
    is cut short, scored and kept. `init` is a checkpoint to start from, of the same network for any number of phases.
    `out` is the best checkpoint; beside it lie `.last.safetensors`, `.csv` (the log) and `.state.pt` (to resume from).
    `finished` makes of a network what a checkpoint holds.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    log = out.with_suffix(".csv")
    run = Run(task, recipe, device, stopped)
    if resume and run.restore(out.with_suffix(".state.pt")):
        write_log(log, run.rows)
    else:
        log.unlink(missing_ok=True)
        if init is not None:
            run.begin_from(init)
    batches = _batches(source, run.step * recipe.accumulate, run.steps * recipe.accumulate, device)
    row: dict[str, Any] = run.rows[-1] if run.rows else {}
    while not run.over:
        loss, first = 0.0, run.step
        while run.step < first + recipe.epoch_steps and not run.over:
            loss += run.advance(batches)
        scores = scored(run.average)
        row = {"step": run.step, "epoch": -(-run.step // recipe.epoch_steps), "seconds": round(run.clock.spent_s, 1)}
        row |= {"loss": round(loss / (run.step - first), 5), **{k: round(value, 5) for k, value in scores.items()}}
        metadata = task.metadata() | {name: str(row[name]) for name in ("step", "seconds")}
        metadata |= {"seed": str(recipe.seed), "iou": f"{scores['iou']:.4f}"}
        export(finished(run.average), out.with_suffix(".last.safetensors"), metadata)
        if run.is_best(scores["iou"]):
            export(finished(run.average), out, metadata)
        run.rows.append(row)
        run.keep(out.with_suffix(".state.pt"))
        append_row(log, row)  # after the state: whoever reads it knows that a run can go on from there
        if not progress(row):
            break
    parameters = sum(each.numel() for each in run.model.parameters())
    return {**row, "best_iou": run.best, "parameters": parameters, "checkpoint": str(out)}


class Run:
    """What changes while a network is trained."""

    def __init__(
        self, task: Task, recipe: Recipe, device: torch.device, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        seed_everything(recipe.seed)
        self.task, self.recipe, self.device, self.stopped = task, recipe, device, stopped
        self.model = task.new().to(device)
        self.average = average_of(self.model)
        self.optimizers = optimizers_of(self.model, recipe.weight_decay)
        self.steps = recipe.epochs * recipe.epoch_steps
        self.step, self.best, self.stale, self.clock = 0, -math.inf, 0, Clock(recipe.budget_s)
        self.rows: list[dict[str, Any]] = []  # of the log

    @property
    def over(self) -> bool:
        # Who is stopped at once still answers with a checkpoint.
        spent = self.step >= self.steps or self.clock.progress >= 1 or (self.step > 0 and self.stopped())
        return spent or self.stale >= self.recipe.patience

    def begin_from(self, checkpoint: Path) -> None:
        """Take over a checkpoint's weights, before the first step."""
        start_from(self.model, checkpoint, self.task)
        self.average.load_state_dict(self.model.state_dict())

    def advance(self, batches: Iterator[Batch]) -> float:
        """One step; returns its loss."""
        recipe = self.recipe
        self.model.train()
        torch.manual_seed(recipe.seed * 1_000_003 + self.step)  # stochastic depth, the same after a resume
        rate = learning_rate(recipe, self.step, max(self.step / self.steps, self.clock.progress))
        for group in (group for optimizer in self.optimizers for group in optimizer.param_groups):
            group["lr"] = rate * group["share"]
        self.model.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.device)
        for _ in range(recipe.accumulate):
            batch = next(batches)
            images, labels = (part.to(self.device, non_blocking=True) for part in (batch.images, batch.labels))
            classes = None if batch.classes is None else batch.classes.to(self.device, non_blocking=True)
            with half_precision(self.device):
                loss = self.task.loss(self.model, images, labels, classes) / recipe.accumulate
            loss.backward()
            total += loss.detach()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        self.step += 1
        averaged(self.average, self.model, self.step, recipe.average_decay)
        return float(total)

    def is_best(self, iou: float) -> bool:
        """Whether these weights are to be kept as the best; counts the epochs in which none were."""
        better = math.isnan(iou) or iou > self.best
        self.best, self.stale = (iou, 0) if better else (self.best, self.stale + 1)
        return better

    def keep(self, path: Path) -> None:
        parts = {name: getattr(self, name).state_dict() for name in ("model", "average")}
        parts["optimizers"] = [optimizer.state_dict() for optimizer in self.optimizers]
        numbers = {"step": self.step, "best": self.best, "stale": self.stale, "spent_s": self.clock.spent_s}
        save_state(path, parts | numbers | {"rows": self.rows, "recipe": asdict(self.recipe)})

    def _check_same(self, path: Path, state: dict[str, Any]) -> None:
        kept, ours = state["recipe"], asdict(self.recipe)
        differing = [name for name in ours if name not in _ENDS and kept.get(name) != ours[name]]
        if differing or "optimizers" not in state:
            name = differing[0] if differing else "optimizers"
            raise ValueError(
                f"{path.name} is of a run with {name} {kept.get(name)}, not {ours.get(name)}: this would be another "
                "run. Give the same options, or leave out --resume."
            )

    def restore(self, path: Path) -> bool:
        """Go on from what `keep` wrote; False where there is nothing.

        Raises
        ------
        ValueError
            where it is of a run with another recipe.
        """
        if not path.exists():
            return False
        state = load_state(path)
        self._check_same(path, state)
        for name in ("model", "average"):
            getattr(self, name).load_state_dict(state[name])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self.step, self.best, self.stale = state["step"], state["best"], state["stale"]
        self.clock, self.rows = Clock(self.recipe.budget_s, state["spent_s"]), state["rows"]
        return True


# What may differ when a run is gone on with; all else would make it another one.
_ENDS = ("epochs", "budget_s", "patience")


def learning_rate(recipe: Recipe, step: int, progress: float) -> float:
    """Linear warm-up, then a cosine to a hundredth."""
    cosine = 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
    return recipe.learning_rate * min(1.0, (step + 1) / recipe.warmup_steps) * max(cosine, 0.01)


def export(model: nn.Module, path: Path, metadata: dict[str, str]) -> None:
    """Floats in half precision, whole numbers as they are."""
    state = {key: value.half() if value.is_floating_point() else value for key, value in model.state_dict().items()}
    save(path, {key: value.cpu() for key, value in state.items()}, metadata)


def _batches(source: Dataset[Batch], start: int, stop: int, device: torch.device) -> Iterator[Batch]:
    if device.type != "cuda":
        return (source[step] for step in range(start, stop))
    workers = min(LOADER_WORKERS, os.cpu_count() or 1)
    return iter(DataLoader(source, batch_size=None, sampler=range(start, stop), num_workers=workers, pin_memory=True))
