"""A batch depends on the seed and the step alone."""

import numpy as np
import torch

from ml.evaluation.frames import LabelledFrame
from ml.synthetic import sample_frame
from ml.training.crops import CropSource, synthetic_frames

REAL = tuple(LabelledFrame("real", *sample_frame(np.random.default_rng(i), 96)[:2]) for i in range(2))


def test_a_step_gives_the_same_batch_every_time() -> None:
    source = CropSource(3, REAL, 64, 3, 0.5, frame_size=96)
    again = CropSource(3, REAL, 64, 3, 0.5, frame_size=96)
    for step in (0, 5):
        assert torch.equal(source[step].images, again[step].images)
        assert torch.equal(source[step].labels, again[step].labels)
    assert not torch.equal(source[0].images, source[1].images)
    assert not torch.equal(source[0].images, CropSource(4, REAL, 64, 3, 0.5, frame_size=96)[0].images)


def test_batches_are_grey_crops_with_their_instances() -> None:
    batch = CropSource(0, REAL, 64, 5, 0.0)[0]
    assert batch.images.shape == (5, 1, 64, 64)
    assert batch.images.dtype == torch.float32
    assert batch.images.min() >= 0 and batch.images.max() <= 1
    assert batch.labels.shape == (5, 64, 64)
    assert batch.labels.max() > 0


def test_without_real_frames_all_are_synthetic() -> None:
    assert CropSource(0, (), 64, 2, 0.0, frame_size=96)[0].images.shape == (2, 1, 64, 64)


def test_groups_of_synthetic_frames_differ() -> None:
    first, second = synthetic_frames(0, 0, 96), synthetic_frames(0, 1, 96)
    assert len(first) == len(second) == 12
    assert not np.array_equal(first[0].image, second[0].image)
