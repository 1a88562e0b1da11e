"""Pixel scores of a foreground mask."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def iou(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Intersection over union of two bool masks of one shape; 1 where both are empty."""
    union = int((predicted | truth).sum())
    return float((predicted & truth).sum() / union) if union else 1.0


def dice(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Sørensen–Dice coefficient of two bool masks of one shape; 1 where both are empty."""
    total = int(predicted.sum()) + int(truth.sum())
    return float(2 * (predicted & truth).sum() / total) if total else 1.0


def mean_over_phases(predicted: Sequence[NDArray[np.bool_]], truth: Sequence[NDArray[np.bool_]]) -> tuple[float, float]:
    """Mean IoU and Dice of the phases that either shows, a mask each; 1 and 1 where neither shows any."""
    shown = [(ours, true) for ours, true in zip(predicted, truth, strict=True) if ours.any() or true.any()]
    if not shown:
        return 1.0, 1.0
    return float(np.mean([iou(*pair) for pair in shown])), float(np.mean([dice(*pair) for pair in shown]))
