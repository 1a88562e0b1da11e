"""Panoptic quality: how many objects were found, and how well, in one number."""

from collections.abc import Iterable
from dataclasses import dataclass

from ml.evaluation.instances import Overlaps

_LEAST_IOU = 0.5  # exceeded by at most one true object per prediction, since true objects do not overlap


@dataclass(frozen=True)
class PanopticCounts:
    """What the quality of one image, or of several together, is made of.

    `hits` true positives with the sum of their IoUs, `false_finds` predictions without an object, `missed` objects
    without a prediction.
    """

    hits: int
    iou_sum: float
    false_finds: int
    missed: int

    @property
    def sq(self) -> float:
        """Segmentation quality, 0.5 to 1: mean IoU of the hits; NaN where there is none."""
        return self.iou_sum / self.hits if self.hits else float("nan")

    @property
    def rq(self) -> float:
        """Recognition quality, 0 to 1: F1 of the finds; NaN with neither predictions nor objects."""
        weight = self.hits + (self.false_finds + self.missed) / 2
        return self.hits / weight if weight else float("nan")

    @property
    def pq(self) -> float:
        """Panoptic quality, 0 to 1: SQ × RQ; 0 without a hit, NaN with neither predictions nor objects."""
        weight = self.hits + (self.false_finds + self.missed) / 2
        return self.iou_sum / weight if weight else float("nan")


def panoptic_counts(found: Overlaps) -> PanopticCounts:
    """Count one image's hits: pairs of prediction and object with an IoU above 0.5.

    The definition (Kirillov et al., CVPR 2019, doi 10.1109/CVPR.2019.00963) has predictions that do not overlap, and
    then no object has two. Of predictions that do overlap the one with the best IoU is the hit and the others are
    false finds, so that naming an object twice costs.

    Parameters
    ----------
    found
        `ml.evaluation.instances.overlaps` of the image; an image without objects makes every prediction a false find.
    """
    best: dict[int, float] = {}
    for ious in found.ious:
        for label, iou in ious.items():
            if iou > max(_LEAST_IOU, best.get(label, 0.0)):
                best[label] = iou
    hits = len(best)
    return PanopticCounts(hits, sum(best.values()), len(found.ious) - hits, found.objects - hits)


def pooled(images: Iterable[PanopticCounts]) -> PanopticCounts:
    """The counts of several images together, from which their common quality follows, as defined."""
    counts = list(images)
    return PanopticCounts(
        sum(c.hits for c in counts),
        sum(c.iou_sum for c in counts),
        sum(c.false_finds for c in counts),
        sum(c.missed for c in counts),
    )
