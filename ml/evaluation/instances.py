"""Scores of instances: which objects were found, and how well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.types import Instance


@dataclass(frozen=True)
class Overlaps:
    """How one image's predictions lie on its true objects; everything that is scored follows from it.

    Attributes
    ----------
    scores
        float64 (predictions,), NaN where the model has none.
    ious
        per prediction the IoU with every object that it touches, by the object's label; {} where it touches none.
    objects
        number of true objects.
    """

    scores: NDArray[np.float64]
    ious: Sequence[Mapping[int, float]]
    objects: int


@dataclass(frozen=True)
class Matched:
    """One image's predictions against its truth: per prediction its score and whether it found an object."""

    scores: NDArray[np.float64]
    hits: NDArray[np.bool_]
    objects: int


def overlaps(instances: Sequence[Instance], truth: NDArray[np.int32]) -> Overlaps:
    """IoU of every prediction with every object that it touches; `truth` holds labels (H, W), 0 background."""
    ids, areas = np.unique(truth, return_counts=True)
    area_of = dict(zip(ids.tolist(), areas.tolist(), strict=True))
    area_of.pop(0, None)
    ious = []
    for instance in instances:
        touched, shared = np.unique(truth[instance.mask], return_counts=True)
        area = int(shared.sum())
        pairs = zip(touched.tolist(), shared.tolist(), strict=True)
        ious.append({t: s / (area + area_of[t] - s) for t, s in pairs if t != 0})
    return Overlaps(np.array([i.score for i in instances], np.float64), ious, len(area_of))


def match(instances: Sequence[Instance], truth: NDArray[np.int32], least_iou: float = 0.5) -> Matched:
    """Match predictions to true objects one to one, the best scored first, each to its best free object.

    Parameters
    ----------
    truth
        instance labels (H, W), 0 background.
    least_iou
        a prediction with a smaller IoU than this found nothing.
    """
    return match_overlaps(overlaps(instances, truth), least_iou)


def match_overlaps(found: Overlaps, least_iou: float = 0.5) -> Matched:
    """`match` of overlaps that are known already."""
    taken: set[int] = set()
    # A model without scores gives NaN: all alike, in the order that it gave.
    scores = np.nan_to_num(found.scores, nan=0.5)
    order = np.argsort(-scores, kind="stable")
    hits = np.zeros(len(scores), bool)
    for index in order:
        ious = {label: iou for label, iou in found.ious[index].items() if label not in taken}
        if ious and (best := max(ious, key=ious.__getitem__)) and ious[best] >= least_iou:
            taken.add(best)
            hits[index] = True
    return Matched(scores[order], hits[order], found.objects)


def average_precision(images: Sequence[Matched]) -> float:
    """Area under the precision–recall curve over all images' predictions, precision made monotone (as COCO has it).

    Predictions of equal score are one point of the curve: their order says nothing, and of a model without scores the
    curve is that one point, so that the area is precision × recall.

    Returns
    -------
    0 to 1; NaN where no image has an object.
    """
    objects = sum(m.objects for m in images)
    if objects == 0:
        return float("nan")
    scores = np.concatenate([m.scores for m in images])
    order = np.argsort(-scores)
    hits, scores = np.concatenate([m.hits for m in images])[order], scores[order]
    if len(hits) == 0:
        return 0.0
    accepted = np.searchsorted(-scores, -scores, side="right")  # with all of the same score
    precision = np.cumsum(hits)[accepted - 1] / accepted
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float((precision * hits).sum() / objects)
