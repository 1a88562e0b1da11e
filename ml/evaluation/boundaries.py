"""How well an outline follows the true one: the boundary F1 score."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

TOLERANCE_PX = 2.0


def boundary_f1(predicted: NDArray[Any], truth: NDArray[Any], tolerance_px: float = TOLERANCE_PX) -> float:
    """F1 of boundary pixels that have one of the other mask within a tolerance (Csurka et al., BMVC 2013).

    Precision is the share of the predicted boundary that lies near the true one, recall the share of the true
    boundary that lies near the predicted one; F1 is their harmonic mean (doi 10.5244/C.27.32).

    Parameters
    ----------
    predicted, truth
        (height, width), both bool (the union of all objects) or both integer labels, 0 background. Objects that touch
        have no boundary between them in a bool mask, so that a truth which does not part them is no disadvantage; in
        label images the line where they touch counts as well.
    tolerance_px
        Euclidean distance between pixel centres that is still near, px; 0 asks for the same pixels.

    Returns
    -------
    0 to 1; 0 where only one of them has a boundary, NaN where neither has (empty, or one object on the whole frame).

    Raises
    ------
    ValueError
        The shapes differ, or the tolerance is negative.
    """
    if predicted.shape != truth.shape:
        raise ValueError(f"The masks are {predicted.shape} and {truth.shape}; they must be equal.")
    if not tolerance_px >= 0:
        raise ValueError(f"The tolerance is {tolerance_px} px; give 0 or more.")
    ours, theirs = boundary(predicted), boundary(truth)
    if not (ours.any() and theirs.any()):
        return 0.0 if ours.any() or theirs.any() else float("nan")
    precision, recall = _share_near(ours, theirs, tolerance_px), _share_near(theirs, ours, tolerance_px)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def boundary(mask: NDArray[Any]) -> NDArray[np.bool_]:
    """Foreground pixels, of a bool mask or of labels, with a neighbour in row or column of another value.

    Beyond the frame lies nothing: where an object is cut by the frame's edge it has no boundary.
    """
    found = np.zeros(mask.shape, np.bool_)
    for axis in (0, 1):
        values = np.moveaxis(mask, axis, 0)
        differs = values[1:] != values[:-1]
        edges = np.moveaxis(found, axis, 0)  # a view
        edges[1:] |= differs
        edges[:-1] |= differs
    found &= mask != 0
    return found


def _share_near(boundary_px: NDArray[np.bool_], other: NDArray[np.bool_], tolerance_px: float) -> float:
    distance = ndimage.distance_transform_edt(~other)
    return float((distance[boundary_px] <= tolerance_px).mean())
