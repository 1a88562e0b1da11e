"""Instance, boundary and count scores against values worked out by hand, and against pycocotools."""

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from ml import rle
from ml.evaluation.boundaries import boundary, boundary_f1
from ml.evaluation.instances import average_precision, match, overlaps
from ml.evaluation.panoptic import panoptic_counts, pooled
from ml.evaluation.scores import SCORES, score_image, summarise
from ml.types import Instance

NAN = float("nan")
SIZE = 96


def rectangle(y0: int, x0: int, y1: int, x1: int, size: int = 40) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    mask[y0:y1, x0:x1] = True
    return mask


def random_frame(rng: np.random.Generator) -> tuple[np.ndarray, list[Instance]]:
    """Squares on a grid and predictions of them: shifted, missed, doubled, and beside them."""
    truth, found = np.zeros((SIZE, SIZE), np.int32), []
    for number in range(16):
        y, x, side = number // 4 * 24 + 4, number % 4 * 24 + 4, int(rng.integers(6, 16))
        truth[y : y + side, x : x + side] = number + 1
        for _ in range(int(rng.integers(0, 3))):
            down, right = rng.integers(-1, 2, 2)
            mask = rectangle(y + down, x + right, y + down + side, x + right + side, SIZE)
            found.append(Instance(mask, float(rng.uniform(0.01, 1))))
    return truth, found


def coco_average_precision(frames: list[tuple[np.ndarray, list[Instance]]], least_iou: float) -> float:
    def entry(image: int, number: int, mask: np.ndarray) -> dict[str, Any]:
        code = rle.encode(mask)
        return {
            "id": number,
            "image_id": image,
            "category_id": 1,
            "iscrowd": 0,
            "area": int(mask.sum()),
            "segmentation": code.as_coco(),
        }

    objects: list[dict[str, Any]] = []
    finds: list[dict[str, Any]] = []
    for image, (truth, instances) in enumerate(frames, start=1):
        for label in range(1, truth.max() + 1):
            objects.append(entry(image, len(objects) + 1, truth == label))
        for instance in instances:
            finds.append(entry(image, len(finds) + 1, instance.mask) | {"score": instance.score})
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": image + 1, "height": SIZE, "width": SIZE} for image in range(len(frames))],
            "annotations": objects,
            "categories": [{"id": 1, "name": "object"}],
            "info": {},
        }
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(finds), "segm")
        evaluation.params.iouThrs = np.array([least_iou])
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.params.maxDets = [10_000]
        evaluation.evaluate()
        evaluation.accumulate()
    return float(evaluation.eval["precision"].mean())


@pytest.mark.parametrize("least_iou", [0.5, 0.75])
@pytest.mark.parametrize("seed", range(3))
def test_average_precision_is_that_of_coco(seed: int, least_iou: float) -> None:
    rng = np.random.default_rng(seed)
    frames = [random_frame(rng) for _ in range(4)]
    ours = average_precision([match(found, truth, least_iou) for truth, found in frames])
    # COCO has the mean of the falling precision at the recalls 0, 0.01 … 1, which differs from the area below it by
    # at most one of these steps.
    assert 0.05 < ours < 0.95
    assert ours == pytest.approx(coco_average_precision(frames, least_iou), abs=0.01)


def test_panoptic_quality_by_hand() -> None:
    truth = rectangle(0, 0, 10, 10).astype(np.int32) + 2 * rectangle(20, 20, 30, 30)
    found = [
        Instance(rectangle(0, 2, 10, 12), NAN),  # IoU 80 / 120
        Instance(rectangle(20, 20, 30, 25), NAN),  # IoU 0.5, which is not above 0.5
        Instance(rectangle(0, 30, 5, 35), NAN),
    ]
    counts = panoptic_counts(overlaps(found, truth))
    assert (counts.hits, counts.false_finds, counts.missed) == (1, 2, 1)
    assert counts.sq == pytest.approx(2 / 3)
    assert counts.rq == pytest.approx(1 / (1 + 3 / 2))
    assert counts.pq == pytest.approx(counts.sq * counts.rq)


def test_panoptic_quality_follows_its_definition_on_labels_without_overlap() -> None:
    rng = np.random.default_rng(5)
    for _ in range(5):
        truth, ours = (np.kron(rng.integers(0, 5, (6, 6)), np.ones((7, 7))).astype(np.int32) for _ in range(2))
        ours = np.where(rng.random((42, 42)) < 0.6, truth, ours)
        pairs = [(t, p) for t in np.unique(truth[truth > 0]) for p in np.unique(ours[ours > 0])]
        ious = np.array([((truth == t) & (ours == p)).sum() / ((truth == t) | (ours == p)).sum() for t, p in pairs])
        hits = ious[ious > 0.5]
        number = len(np.unique(truth[truth > 0])) + len(np.unique(ours[ours > 0]))
        instances = [Instance(ours == p, NAN) for p in np.unique(ours[ours > 0])]
        assert hits.size
        assert panoptic_counts(overlaps(instances, truth)).pq == pytest.approx(2 * hits.sum() / number)


def test_an_object_named_twice_is_one_hit_and_one_false_find() -> None:
    truth = rectangle(0, 0, 10, 10).astype(np.int32)
    worse, exact = Instance(rectangle(0, 0, 10, 8), 0.9), Instance(truth > 0, 0.1)
    for found in ([worse, exact], [exact, worse]):
        counts = panoptic_counts(overlaps(found, truth))
        assert (counts.hits, counts.iou_sum, counts.false_finds, counts.missed) == (1, 1.0, 1, 0)


def test_pooled_counts_weigh_objects_and_not_images() -> None:
    one, empty = rectangle(0, 0, 10, 10).astype(np.int32), np.zeros((40, 40), np.int32)
    perfect, spurious = panoptic_counts(overlaps([Instance(one > 0, NAN)], one)), [Instance(one > 0, NAN)] * 3
    assert pooled([perfect, panoptic_counts(overlaps(spurious, empty))]).pq == pytest.approx(1 / (1 + 3 / 2))


def test_boundary_f1_of_a_square_moved_by_three_pixels() -> None:
    truth, moved = rectangle(10, 10, 20, 20), rectangle(10, 13, 20, 23)
    assert boundary(truth).sum() == 36
    # Within 2 px: not the far column (10 pixels), nor the four middle pixels of the near one.
    assert boundary_f1(moved, truth, 2) == pytest.approx(22 / 36)
    assert boundary_f1(moved, truth, 3) == 1
    assert boundary_f1(truth, truth, 0) == 1


def test_the_line_between_touching_objects_counts_in_label_images_only() -> None:
    labels = rectangle(10, 10, 20, 20).astype(np.int32) + 2 * rectangle(10, 20, 20, 30)
    joined = (labels > 0).astype(np.int32)
    assert boundary_f1(joined > 0, labels > 0, 0) == 1
    assert boundary(labels).sum() == 2 * 36
    assert boundary(joined).sum() == 2 * 20 + 2 * 8
    # All of the joined outline lies on the other; of that, two columns of eight are missing.
    assert boundary_f1(joined, labels, 0) == pytest.approx(2 * 56 / (56 + 72))


def test_the_edge_of_the_frame_is_no_boundary() -> None:
    assert boundary(rectangle(0, 0, 10, 10)).sum() == 10 + 9
    assert not boundary(np.ones((5, 5), bool)).any()


def test_masks_without_a_boundary() -> None:
    empty, square = np.zeros((40, 40), bool), rectangle(10, 10, 20, 20)
    assert boundary_f1(empty, square) == boundary_f1(square, empty) == 0
    assert np.isnan(boundary_f1(empty, empty))
    with pytest.raises(ValueError, match="-1 px; give 0 or more"):
        boundary_f1(square, square, -1)
    with pytest.raises(ValueError, match="must be equal"):
        boundary_f1(square, np.zeros((3, 3), bool))


def test_scores_of_one_image() -> None:
    truth = rectangle(0, 0, 10, 10).astype(np.int32) + 2 * rectangle(20, 20, 30, 30)
    scores = score_image([Instance(rectangle(0, 0, 10, 7), NAN)] * 3, truth).as_dict()
    assert scores.keys() == SCORES.keys()
    assert scores["iou"] == pytest.approx(70 / 200)
    assert scores["dice"] == pytest.approx(140 / 270)
    # IoU 0.7 finds an object at 0.5 and none at 0.75; three predictions of equal score, one right: 1/3 × 1/2.
    assert scores["ap50"] == pytest.approx(1 / 6)
    assert scores["ap75"] == 0
    assert (scores["count_error"], scores["count_error_relative"]) == (1, 0.5)


def test_counts_of_opposite_sign_cancel_only_with_their_sign() -> None:
    truth = rectangle(0, 0, 10, 10).astype(np.int32)
    two = score_image([Instance(truth > 0, NAN)] * 2, truth)
    none = score_image([], truth)
    summary = summarise([two, none])
    assert summary["count_error"].value == 0
    assert summary["count_error_absolute"].value == 1
    assert (summary["count_error"].low, summary["count_error"].high) == (-1, 1)


def test_empty_images_say_nothing_of_objects() -> None:
    empty = np.zeros((40, 40), np.int32)
    scores = score_image([], empty).as_dict()
    assert scores["iou"] == scores["dice"] == 1
    assert scores["count_error"] == 0
    for name in ("ap50", "ap75", "pq", "sq", "rq", "boundary_f1", "count_error_relative"):
        assert np.isnan(scores[name])
    truth = rectangle(0, 0, 10, 10).astype(np.int32)
    both = summarise([score_image([], empty), score_image([Instance(truth > 0, NAN)], truth)])
    assert both["pq"] == (1, 1, 1)  # draws of the empty image alone are left out
