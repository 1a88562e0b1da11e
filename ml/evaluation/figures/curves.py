"""Training curves of the models, from the logs beside their checkpoints."""

import csv
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ml.evaluation.figures import COLOURS, new_figure

Log = dict[str, NDArray[np.float64]]
PANELS = {"loss": "Loss", "iou": "IoU", "dice": "Dice"}
_SMOOTHED_OVER = 1 / 40  # of a long log
_LONG = 200


def log_beside(checkpoint: Path) -> Path | None:
    """The training log of a checkpoint: `<its name>.csv`, or `log.csv` where it is the folder's only checkpoint."""
    own = checkpoint.with_suffix(".csv")
    if own.is_file():
        return own
    common = checkpoint.parent / "log.csv"
    alone = len(list(checkpoint.parent.glob(f"*{checkpoint.suffix}"))) == 1
    return common if alone and common.is_file() else None


def read_log(path: Path) -> Log:
    """The numeric columns of a log; a cell that is empty or no number is NaN, a log without rows gives no columns."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in (rows[0] if rows else ()) if name in {"step", "seconds", *PANELS}]
    return {name: np.array([_number(row.get(name)) for row in rows]) for name in names}


def draw_curves(logs: Mapping[str, Log]) -> Figure | None:
    """Loss, IoU and Dice over steps, or over seconds where a log has no steps; None where no log has any of them."""
    shown = [name for name in PANELS if any(_has(log, name) for log in logs.values())]
    if not shown:
        return None
    figure = new_figure(4.2 * len(shown), 3.4)
    axes = figure.subplots(1, len(shown), squeeze=False)[0]
    by_steps = all("step" in log for log in logs.values())
    for panel, name in zip(axes, shown, strict=True):
        highest, lowest = 0.0, math.inf
        for colour, (label, log) in zip(COLOURS * (1 + len(logs) // len(COLOURS)), logs.items(), strict=False):
            if not _has(log, name):
                continue
            values = log[name]
            along = log.get("step" if by_steps else "seconds", np.arange(len(values), dtype=np.float64))
            there = np.isfinite(values) & np.isfinite(along)
            along, values = along[there], values[there]
            if len(values) > _LONG:
                panel.plot(along, values, color=colour, linewidth=0.6, alpha=0.25)
                values = _smoothed(values)
            panel.plot(along, values, color=colour, linewidth=1.6, label=label)
            highest, lowest = max(highest, float(values.max())), min(lowest, float(values.min()))
        panel.set_title(PANELS[name], loc="left", fontsize=11)
        panel.set_xlabel("step" if by_steps else "seconds")
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(axis="y", color="0.9")
        panel.set_axisbelow(True)
        if name == "loss" and lowest > 0 and highest > 30 * lowest:
            panel.set_yscale("log")
    handles, labels = axes[0].get_legend_handles_labels()
    for panel in axes[1:]:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            if label not in labels:
                handles.append(handle)
                labels.append(label)
    figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)), frameon=False)
    return figure


def _has(log: Log, name: str) -> bool:
    return name in log and bool(np.isfinite(log[name]).any())


def _smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Running mean, narrower towards the ends."""
    half = max(1, round(len(values) * _SMOOTHED_OVER / 2))
    sums = np.concatenate(([0.0], np.cumsum(values)))
    index = np.arange(len(values))
    reach = np.minimum(np.minimum(index, len(values) - 1 - index), half)
    mean: NDArray[np.float64] = (sums[index + reach + 1] - sums[index - reach]) / (2 * reach + 1)
    return mean


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
