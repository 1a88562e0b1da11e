"""The loss of YOLOv8n-seg: its targets are what the labels say, and it teaches."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ml.evaluation.instances import average_precision, match
from ml.modeling.yolo import build
from ml.segmenters.yolo import YoloSegmenter
from ml.training.frames import random_crop
from ml.training.pool import FramePool
from ml.training.yolo import targets_of, yolo_loss

Crop = tuple[np.ndarray, np.ndarray]


def squares() -> np.ndarray:
    labels = np.zeros((64, 64), np.int32)
    labels[8:24, 4:14] = 7
    labels[40:43, 50:53] = 2
    labels[60:64, 60:62] = 9  # 8 px
    return labels


def test_targets_are_what_the_labels_say() -> None:
    phases = np.zeros(10, np.int64)
    phases[7] = 1
    targets = targets_of([squares(), np.zeros((64, 64), np.int32), squares()], [phases, None, None], 2, mask_stride=1)
    assert targets["batch_idx"].tolist() == [0, 0, 2, 2]
    assert targets["cls"].tolist() == [[0], [1], [0], [0]]
    boxes = targets["bboxes"].numpy() * 64
    np.testing.assert_allclose(boxes[:2], [[51.5, 41.5, 3, 3], [9, 16, 10, 16]])
    masks = targets["masks"].numpy()
    assert np.array_equal(masks[0] == 1, squares() == 2)
    assert np.array_equal(masks[0] == 2, squares() == 7)
    assert set(np.unique(masks[0])) == {0, 1, 2}  # the object of 8 px is background
    assert not masks[1].any()


@pytest.mark.parametrize("stride", [2, 4])
def test_coarser_masks_keep_the_place_of_objects(stride: int) -> None:
    """On average over where they lie on the coarse grid."""
    errors = []
    for shift in range(2 * stride):
        labels = np.zeros((64, 64), np.int32)
        labels[shift + 8 : shift + 35, 20:52] = 1
        mask = targets_of([labels], [None], 1, stride)["masks"].numpy()[0]
        rows, columns = np.nonzero(mask)
        assert mask.shape == (64 // stride, 64 // stride)
        assert mask.sum() * stride**2 == pytest.approx(27 * 32, rel=0.15)
        errors.append(((rows.mean() + 0.5) * stride - (shift + 21.5), (columns.mean() + 0.5) * stride - 36))
    assert np.abs(np.mean(errors, axis=0)).max() < 0.1


def test_no_object_of_the_least_size_vanishes_from_the_masks() -> None:
    for y in range(8):
        for x in range(8):
            labels = np.zeros((32, 32), np.int32)
            labels[y : y + 3, x : x + 3] = 1
            assert targets_of([labels], [None], 1)["masks"].any()


def test_wrong_classes_and_strides_are_refused() -> None:
    with pytest.raises(ValueError, match="class of object 7 is 5; give one from 0 to 1"):
        targets_of([squares()], [np.full(10, 5) * (np.arange(10) == 7)], 2)
    with pytest.raises(ValueError, match="class of object 7 is missing"):
        targets_of([squares()], [np.zeros(5, np.int64)], 2)
    with pytest.raises(ValueError, match="mask_stride is 3"):
        targets_of([squares()], [None], 2, 3)
    with pytest.raises(ValueError, match="2 crops and phases of 1"):
        targets_of([squares(), squares()], [None], 2)


def test_the_parts_sum_to_the_loss_and_an_empty_crop_has_a_gradient() -> None:
    torch.manual_seed(0)
    model = build(2)
    loss, parts = yolo_loss(model, torch.rand(2, 1, 64, 64), [squares(), np.zeros_like(squares())], [None, None])
    assert float(loss.detach()) == pytest.approx(sum(parts.values()), rel=1e-5)
    assert parts["box"] > 0 < parts["mask"]
    loss, parts = yolo_loss(model, torch.rand(1, 3, 64, 64), [np.zeros_like(squares())], [None])
    loss.backward()
    assert parts["box"] == parts["mask"] == 0 < parts["class"]
    assert all(parameter.grad is not None for parameter in model.parameters() if parameter.requires_grad)


def test_the_loss_does_not_depend_on_how_many_times_a_crop_is_there() -> None:
    torch.manual_seed(0)
    model = build(1).eval()
    image = torch.rand(1, 1, 64, 64)
    with torch.no_grad():
        once, _ = yolo_loss(model, image, [squares()], [None])
        twice, _ = yolo_loss(model, image.repeat(2, 1, 1, 1), [squares()] * 2, [None] * 2)
    # Nearly: the library divides by the sum of the targets' scores, but by no less than 1.
    torch.testing.assert_close(once, twice, rtol=0.1, atol=0)


def crops(count: int) -> list[Crop]:
    """Magnified crops with at least three objects each."""
    rng = np.random.default_rng(0)
    pool = FramePool(rng, 256)
    pool.renew(8)
    found: list[Crop] = []
    while len(found) < count:
        image, labels = random_crop(rng, pool.frames, 128, (2.0, 3.0))
        if np.count_nonzero(np.bincount(labels.ravel())[1:] >= 9) >= 3:
            found.append((image, labels))
    return found


def scored(model: nn.Module, data: list[Crop], enlarged: int = 1) -> float:
    """Average precision at IoU 0.5, through the segmenter; the frames may be larger than the network's image."""
    segmenter = YoloSegmenter(model, name="yolo", weights_hash="in training", input_size=128)
    larger = np.ones((enlarged, enlarged))
    results = [
        match(segmenter.segment(np.kron(image, larger).astype(np.float32)), np.kron(labels, larger).astype(np.int32))
        for image, labels in data
    ]
    model.train()
    return average_precision(results)


def trained(data: list[Crop], steps: int) -> tuple[nn.Module, list[float]]:
    torch.manual_seed(0)
    model = build(1)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.1  # the network's own 0.03 takes longer than these few steps
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    images: Tensor = torch.from_numpy(np.stack([image for image, _ in data]))[:, None]
    labels = [labels for _, labels in data]
    losses = []
    for _ in range(steps):
        loss, _ = yolo_loss(model, images, labels, [None] * len(labels))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        losses.append(float(loss.detach()))
    return model, losses


@pytest.mark.slow
def test_sixty_steps_teach_a_handful_of_crops() -> None:
    data = crops(3)
    assert scored(build(1), data) == 0
    model, losses = trained(data, 60)
    assert np.mean(losses[-5:]) < 0.25 * losses[0]
    assert scored(model, data) > 0.5


def test_one_frame_is_learned_by_heart() -> None:
    data = crops(1)
    model, losses = trained(data, 70)
    assert np.mean(losses[-5:]) < 0.2 * losses[0]
    assert scored(model, data) > 0.9
    assert scored(model, data, enlarged=2) > 0.9
