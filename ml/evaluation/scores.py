"""Every score of found objects, for one image and for all of them with intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.evaluation.bootstrap import Interval, bootstrap, mean
from ml.evaluation.boundaries import TOLERANCE_PX, boundary_f1
from ml.evaluation.instances import Matched, average_precision, match_overlaps, overlaps
from ml.evaluation.panoptic import PanopticCounts, panoptic_counts, pooled
from ml.evaluation.pixels import dice, iou
from ml.types import BoolMask, Instance


@dataclass(frozen=True)
class ImageScores:
    """One image's scores, and what the scores of several images together are made of.

    Attributes
    ----------
    iou, dice
        of the union of all objects, 0 to 1; 1 where both are empty.
    boundary_f1
        of the same union, 0 to 1; NaN where neither has a boundary.
    matched50, matched75
        the predictions that found an object at IoU 0.50 and 0.75.
    panoptic
        hits, false finds and missed objects at IoU above 0.5.
    predicted, objects
        number of predictions and of true objects.
    """

    iou: float
    dice: float
    boundary_f1: float
    matched50: Matched
    matched75: Matched
    panoptic: PanopticCounts
    predicted: int
    objects: int

    @property
    def count_error(self) -> int:
        """Predicted minus true objects."""
        return self.predicted - self.objects

    @property
    def count_error_relative(self) -> float:
        """The same in shares of the true objects; NaN where there are none."""
        return self.count_error / self.objects if self.objects else float("nan")

    def as_dict(self) -> dict[str, float]:
        """The scores by name, as `SCORES` has them for all images."""
        return {name: float(score([self])) for name, score in SCORES.items()}


def score_image(
    instances: Sequence[Instance], truth: NDArray[np.int32], tolerance_px: float = TOLERANCE_PX
) -> ImageScores:
    """Score one image's predictions.

    Parameters
    ----------
    instances
        They may overlap; the union of their masks is what pixels and boundary are scored on.
    truth
        instance labels (height, width), 0 background.
    tolerance_px
        of the boundary, px.
    """
    predicted, true = union(instances, truth.shape), truth > 0
    found = overlaps(instances, truth)
    return ImageScores(
        iou(predicted, true),
        dice(predicted, true),
        boundary_f1(predicted, true, tolerance_px),
        match_overlaps(found, 0.5),
        match_overlaps(found, 0.75),
        panoptic_counts(found),
        len(instances),
        found.objects,
    )


def union(instances: Sequence[Instance], shape: tuple[int, ...]) -> BoolMask:
    """The pixels of any instance, bool of the frame's shape; all False without instances."""
    mask = np.zeros(shape, np.bool_)
    for instance in instances:
        mask |= instance.mask
    return mask


Images = Sequence[ImageScores]

# Average precision and panoptic quality are defined over all images' objects together; the others are means over
# images. `count_error` has a sign, so that finding too many here and too few there cancels; `_absolute` does not.
SCORES: dict[str, Callable[[Images], float]] = {
    "iou": lambda images: mean([i.iou for i in images]),
    "dice": lambda images: mean([i.dice for i in images]),
    "ap50": lambda images: average_precision([i.matched50 for i in images]),
    "ap75": lambda images: average_precision([i.matched75 for i in images]),
    "pq": lambda images: pooled(i.panoptic for i in images).pq,
    "sq": lambda images: pooled(i.panoptic for i in images).sq,
    "rq": lambda images: pooled(i.panoptic for i in images).rq,
    "boundary_f1": lambda images: mean([i.boundary_f1 for i in images]),
    "count_error": lambda images: mean([i.count_error for i in images]),
    "count_error_absolute": lambda images: mean([abs(i.count_error) for i in images]),
    "count_error_relative": lambda images: mean([i.count_error_relative for i in images]),
}


def summarise(images: Images, seed: int = 0) -> dict[str, Interval]:
    """Every score over all images with its 95 % interval over images; see `ml.evaluation.bootstrap`."""
    return {name: bootstrap(images, score, seed=seed) for name, score in SCORES.items()}
