"""A comparison as files: JSON with everything, CSV for a spreadsheet, Markdown for a reader."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SHOWN = {
    "iou": "IoU",
    "dice": "Dice",
    "ap50": "AP50",
    "ap75": "AP75",
    "pq": "PQ",
    "boundary_f1": "boundary F1",
    "count_error": "count error",
}
_COSTS = {
    "parameters": "parameters",
    "input_size": "input px",
    "images_per_s": "images/s",
    "pixels_per_s": "Mpx/s",
    "peak_memory_mb": "peak MB",
}


def write_tables(result: Mapping[str, Any], out: Path) -> list[Path]:
    """compare.json, compare.csv and compare.md in a folder; `result` is what `python -m ml compare --json` prints."""
    paths = [out / f"compare.{ending}" for ending in ("json", "csv", "md")]
    paths[0].write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    rows = result["models"]
    with paths[1].open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    paths[2].write_text(markdown(result))
    return paths


def readable(row: Mapping[str, Any]) -> dict[str, str]:
    """A row as people read it: `value [low, high]`."""
    cells = {"model": str(row["label"])}
    if row["error"]:
        return cells | dict.fromkeys([*_COSTS.values(), *SHOWN.values()], "–")
    for name, title in _COSTS.items():
        cells[title] = _cost(name, row[name])
    for name, title in SHOWN.items():
        cells[title] = _with_interval(row, name)
    return cells


def markdown(result: Mapping[str, Any]) -> str:
    """The table, what its columns mean, the notes, and what failed."""
    rows = [readable(row) for row in result["models"]]
    head = list(rows[0])
    lines = [
        "# Comparison",
        "",
        f"{len(result['frames'])} frames: {', '.join(result['frames'])}. Device {result['device']}, "
        f"{result['threads']} threads, seed {result['seed']}.",
        "",
        _line(head),
        _line(["---"] + ["---:"] * (len(head) - 1)),
        *(_line([row[title] for title in head]) for row in rows),
        "",
        "In brackets: 95 % percentile bootstrap over the frames"
        + (", which one frame has not." if len(result["frames"]) < 2 else ". With few frames they are too narrow."),
        "",
        "- IoU, Dice: of the union of all objects, mean over frames.",
        "- AP50, AP75: average precision of objects at IoU 0.50 and 0.75, all frames together. Without scores of the "
        "masks it is precision × recall.",
        "- PQ: panoptic quality, matches above IoU 0.5, all frames together.",
        f"- boundary F1: outline of the union, tolerance {result['tolerance_px']:g} px, mean over frames.",
        "- count error: predicted − true objects, mean over frames.",
        "- images/s, Mpx/s: after a first frame that is not timed. peak MB: the model's own process, or the GPU's "
        "memory, 10⁶ bytes.",
        "- parameters: all numbers that training sets.",
    ]
    if result["notes"]:
        lines += ["", "Notes:", "", *(f"- {note}" for note in result["notes"])]
    if failed := [row for row in result["models"] if row["error"]]:
        lines += ["", "Failed:", "", *(f"- {row['label']}: {row['error']}" for row in failed)]
    return "\n".join(lines) + "\n"


def cells_of(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """All rows as people read them, the error in a column of its own where there is one."""
    failed = any(row["error"] for row in rows)
    return [readable(row) | ({"error": row["error"] or ""} if failed else {}) for row in rows]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _cost(name: str, value: float | None) -> str:
    if name == "input_size":
        return "frame" if value is None else str(value)
    if value is None:
        return "–"
    if name == "pixels_per_s":
        return f"{value / 1e6:.3g}"
    return f"{value:,.0f}" if name in {"parameters", "peak_memory_mb"} else f"{value:.3g}"


def _with_interval(row: Mapping[str, Any], name: str) -> str:
    value, low, high = (row[name + end] for end in ("", "_low", "_high"))
    if value is None:
        return "–"
    form = "+.1f" if name == "count_error" else ".3f"
    return f"{value:{form}}" + (f" [{low:{form}}, {high:{form}}]" if low is not None else "")
