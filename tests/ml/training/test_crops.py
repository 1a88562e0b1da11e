"""A batch depends on the seed and the step alone."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.evaluation.frames import LabelledFrame
from ml.segmenters.grey_levels import standardised
from ml.synthetic import sample_frame
from ml.training import frames as training_frames
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


def test_crops_are_standardised_by_the_whole_frame_as_they_are_when_it_is_segmented(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training_frames, "INVERTED", 0.0)
    frame = REAL[0]
    whole = standardised(frame.image)
    batch = CropSource(0, (frame,), 64, 4, 0.0, variation=0.0, standardised=True)[0]
    assert _farthest(batch.images, whole) < 1e-4


def test_unvaried_crops_hold_the_pixels_as_they_were_recorded() -> None:
    frame = REAL[0]
    recorded = np.concatenate([frame.image, 1 - frame.image])
    assert _farthest(CropSource(0, (frame,), 64, 4, 0.0, variation=0.0)[0].images, recorded) < 1e-6
    assert _farthest(CropSource(0, (frame,), 64, 4, 0.0, variation=1.0)[0].images, recorded) > 1e-6


def _farthest(images: torch.Tensor, values: NDArray[np.float32]) -> float:
    """How far the images' values are from the nearest of `values`, at most."""
    known = np.sort(values.ravel())
    asked = images.numpy().ravel()
    at = np.searchsorted(known, asked).clip(1, len(known) - 1)
    return float(np.minimum(np.abs(known[at] - asked), np.abs(known[at - 1] - asked)).max())


def test_without_real_frames_all_are_synthetic() -> None:
    assert CropSource(0, (), 64, 2, 0.0, frame_size=96)[0].images.shape == (2, 1, 64, 64)


def test_groups_of_synthetic_frames_differ() -> None:
    first, second = synthetic_frames(0, 0, 96), synthetic_frames(0, 1, 96)
    assert len(first) == len(second) == 12
    assert not np.array_equal(first[0].image, second[0].image)
