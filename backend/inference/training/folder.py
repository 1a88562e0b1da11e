"""What a training keeps on the disk while it runs, and until nobody can go on with it any more."""

import csv
import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

Row = dict[str, float | int | None]
_WHOLE = ("step", "epoch")


@dataclass(frozen=True)
class TrainingFolder:
    """training/<job>: frames/ and scored/ to learn from and to score, the checkpoint, and what lies beside it."""

    path: Path
    model: str

    @property
    def frames(self) -> Path:
        return self.path / "frames"

    @property
    def scored(self) -> Path:
        return self.path / "scored"

    @property
    def checkpoint(self) -> Path:
        return self.path / ("threshold.json" if self.model == "threshold" else "best.safetensors")

    @property
    def state(self) -> Path:
        """What a run goes on from, written after every epoch."""
        return self.checkpoint.with_suffix(".state.pt")

    @property
    def stop_file(self) -> Path:
        return self.path / "stop"

    @property
    def exported(self) -> Path:
        """There once all frames are."""
        return self.path / "exported"

    def rows(self) -> list[Row]:
        """The log so far; a line that is being written is left out."""
        log = self.checkpoint.with_suffix(".csv")
        if not log.is_file():
            return []
        with log.open(newline="") as file:
            table = list(csv.reader(file))
        return [_row(table[0], values) for values in table[1:] if len(values) == len(table[0])]

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def folder_of(job_id: UUID, model: str) -> TrainingFolder:
    return TrainingFolder(trainings() / str(job_id), model)


def trainings() -> Path:
    folder: Path = settings.GRATICULE_DATA / "training"
    return folder


def _row(head: list[str], values: list[str]) -> Row:
    return {name: _number(name, text) for name, text in zip(head, values, strict=True)}


def _number(name: str, text: str) -> float | int | None:
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if name in _WHOLE else value


def best_scores(rows: list[Row]) -> dict[str, Any]:
    """Those of the epoch whose weights were kept."""
    scored = [row for row in rows if row.get("iou") is not None]
    if not scored:
        return {}
    best = max(scored, key=lambda row: row["iou"] or 0.0)  # the first of equal ones, as the loop keeps it
    return {name: best[name] for name in ("iou", "dice") if best.get(name) is not None}
