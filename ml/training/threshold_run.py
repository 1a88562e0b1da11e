"""`python -m ml train threshold`: the run around the fit."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ml.evaluation.frames import LabelledFrame, load_labelled_frames
from ml.segmenters.threshold_settings import write_settings
from ml.training.threshold import OBJECTIVE, Fitted, fit, frames_hash, pixel_scores, score

DEFAULT_BUDGET_S = 600.0


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Fit on --images and --labels and write the file of settings; --val and --validation are scored, never fitted."""
    out: Path = arguments.out
    if arguments.images is None or arguments.labels is None:
        raise ValueError("threshold is fitted to labels; give --images and --labels.")
    if out.suffix != ".json":
        raise ValueError(f"--out is {out}; the settings of threshold are a file, give one that ends with .json.")
    stop_file: Path | None = arguments.stop_file
    options = {"grey_range": arguments.grey_range, "numbered": arguments.numbered}
    frames = load_labelled_frames(arguments.images, arguments.labels, **options)
    unknown = set(arguments.validation) - {frame.name for frame in frames}
    if unknown:
        raise ValueError(f"--validation names {', '.join(sorted(unknown))}, which {arguments.images} does not hold.")
    held_out = [frame for frame in frames if frame.name in arguments.validation]
    if arguments.val is not None:
        folder: Path = arguments.val
        held_out += load_labelled_frames(folder / "images", folder / "labels", **options)
    training = [frame for frame in frames if frame.name not in arguments.validation]
    fitted = fit_with_bar(
        training,
        arguments.time_budget or DEFAULT_BUDGET_S,
        arguments.seed,
        stopped=lambda: stop_file is not None and stop_file.exists(),
    )
    about = described(fitted, training, arguments.seed)
    if held_out:
        pixel_iou, pixel_dice = pixel_scores(fitted.parameters, held_out)
        about |= {"val_score": score(fitted.parameters, held_out), "val_frames": len(held_out)}
        about |= {"val_iou": pixel_iou, "val_dice": pixel_dice}
    write_settings(out, fitted.parameters, about)
    return {"model": "threshold", "out": out, **about, **fitted.parameters}


def fit_with_bar(
    frames: list[LabelledFrame], budget_s: float, seed: int, stopped: Callable[[], bool] = lambda: False
) -> Fitted:
    """`fit` behind a progress bar."""
    with tqdm(total=round(budget_s), desc="fit threshold", unit="s") as bar:

        def show(spent_s: float, best: float) -> None:
            bar.set_postfix(best=f"{best:.4f}", refresh=False)
            bar.update(min(int(spent_s), bar.total) - bar.n)

        return fit(frames, budget_s=budget_s, seed=seed, progress=show, stopped=stopped)


def described(fitted: Fitted, frames: list[LabelledFrame], seed: int) -> dict[str, Any]:
    """What the file of settings says beside them."""
    return {
        "score": fitted.score,
        "default_score": fitted.default_score,
        "objective": OBJECTIVE,
        "frames": len(frames),
        "frames_sha256": frames_hash(frames),
        "seed": seed,
        "trials": fitted.trials,
        "seconds": round(fitted.seconds, 1),
        "finished": fitted.finished,
    }
