"""Pixel scores of a foreground mask."""

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
