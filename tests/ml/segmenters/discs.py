"""Frames of discs with known truth, drawn from a seed."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

SHARED = Path(__file__).parents[4] / "shared/data"


class Drawn(NamedTuple):
    frame: np.ndarray  # float32 (size, size), 0 to 1
    labels: np.ndarray  # int (size, size)


def draw(
    centres: Sequence[tuple[float, float]],
    radius: float,
    size: int,
    *,
    bright: bool = False,
    contrast: float = 0.3,
    noise: float = 0.05,
    levels: int | None = None,
    tilt: float = 0.0,
    seed: int = 0,
) -> Drawn:
    """Discs at (x, y) `centres`; `tilt` is the background's rise over the frame, `levels` the grey levels in use."""
    rows, columns = np.mgrid[:size, :size] + 0.5
    labels = np.zeros((size, size), int)
    for number, (x, y) in enumerate(centres, start=1):
        labels[np.hypot(columns - x, rows - y) <= radius] = number
    frame = 0.5 + tilt * (columns / size - 0.5) + np.where(labels > 0, contrast if bright else -contrast, 0)
    frame += np.random.default_rng(seed).normal(0, noise, frame.shape)
    if levels:
        frame = np.round(np.clip(frame, 0, 1) * (levels - 1)) / (levels - 1)
    return Drawn(frame.astype(np.float32), labels)


def scattered(count: int, radius: float, size: int, seed: int = 0) -> list[tuple[float, float]]:
    """Centres inside the frame, at least 2.4 radii apart."""
    rng = np.random.default_rng(seed)
    found: list[tuple[float, float]] = []
    while len(found) < count:
        x, y = rng.uniform(1.1 * radius, size - 1.1 * radius, 2)
        if all(np.hypot(x - a, y - b) >= 2.4 * radius for a, b in found):
            found.append((x, y))
    return found


def shared_data(path: str) -> Path:
    if not (SHARED / path).exists():
        pytest.skip(f"../shared/data/{path} is absent")
    return SHARED / path
