"""One file per command of `python -m ml`.

A command is a module with `HELP` (one line), `add_arguments(parser)` and `run(arguments)`, which returns the result
as a dict, or None where there is nothing to tell. Torch is imported inside `run`, never at the top of the file.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any


def add_parameter(parser: argparse.ArgumentParser) -> None:
    """`--parameter NAME=VALUE …`, settings of the segmenter as (name, value)."""
    parser.add_argument(
        "--parameter",
        type=_setting,
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="setting of the segmenter",
    )


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is no setting; give name=value such as min_area_px=50")
    try:
        return name, json.loads(value)  # numbers, true, false, null
    except json.JSONDecodeError:
        return name, value


def weights_folder() -> Path:
    """Where weights are looked for before the bundled ones: `weights` in GRATICULE_DATA, or in ./data."""
    return Path(os.environ.get("GRATICULE_DATA") or "data") / "weights"


def check_device(name: str) -> None:
    """ValueError where torch cannot use the device, before anything slow is begun."""
    if name == "cpu":
        return
    import torch

    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:  # no driver, no such device, a build without CUDA
        reason = str(error).splitlines()[0]
        raise ValueError(f"--device is {name}, which cannot be used here ({reason}); give cpu.") from error
