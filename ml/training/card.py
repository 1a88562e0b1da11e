"""The card beside a trained checkpoint: what it was trained on, how, and what it scores."""

import math
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from ml.training.loop import UNLIMITED, Recipe
from ml.weights import describe

MOST_NAMES = 40  # of frames


def write_card(out: Path, data: Sequence[str], recipe: Recipe, init: Path | None, device: torch.device) -> None:
    """`<name>.md` beside the best checkpoint `out`, from what the files say of themselves.

    `data` has a line for each kind of frames.
    """
    best, last = (describe(path).metadata for path in (out, out.with_suffix(".last.safetensors")))
    limits = {"epochs": UNLIMITED, "budget_s": math.inf}
    given = {name: value for name, value in asdict(recipe).items() if value != limits.get(name)}
    known = ", ".join(f"{name} {best[name]}" for name in ("config", "classes", "image_size") if name in best)
    start = f"`{init.name}`, SHA-256 {describe(init).sha256}" if init else "random weights"
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    lines = [
        f"# {out.stem}", "", f"{best['model']} ({known}), trained by `python -m ml train`. Half precision.", "",
        "## Data", *(f"- {line}" for line in data), f"- Begun from {start}.", "",
        "## Recipe", *(f"- {name}: {value}" for name, value in given.items()),
        f"- on {where}, PyTorch {torch.__version__}", "",
        "## Scores", "| checkpoint | step | seconds | IoU on the validation frames |", "|---|---:|---:|---:|",
        *(f"| {file} | {of['step']} | {of['seconds']} | {of['iou']} |"
          for file, of in ((out.name, best), (out.with_suffix(".last.safetensors").name, last))),
    ]  # fmt: skip
    if not math.isnan(float(best["iou"])):
        lines += ["", "The validation frames also chose the best step: frames that did neither score lower as a rule."]
    out.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def named(names: Sequence[str]) -> str:
    """How many frames, and which."""
    shown = ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")
    return f"{len(names)} ({shown})" if names else "none"
