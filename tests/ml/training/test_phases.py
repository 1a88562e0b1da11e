"""Phases keep to their objects through whatever crops do to labels."""

import numpy as np
import pytest

from ml.evaluation.frames import LabelledFrame
from ml.training.crops import CropSource
from ml.training.phases import MOST_OBJECTS, MOST_PHASES, coded, decoded, phases_of_objects


def test_numbers_and_phases_survive_float32() -> None:
    labels = np.array([[0, 1, 2], [MOST_OBJECTS, 7, 0]], np.int32)
    classes = np.array([[0, 1, MOST_PHASES], [MOST_PHASES, 3, 0]], np.uint8)
    together = coded(LabelledFrame("a", np.zeros((2, 3), np.float32), labels, classes)).labels
    through = together.astype(np.float32).astype(np.int32)
    assert all(np.array_equal(*pair) for pair in zip(decoded(through), (labels, classes), strict=True))


def test_too_many_objects_are_refused() -> None:
    labels = np.full((1, 1), MOST_OBJECTS + 1, np.int32)
    with pytest.raises(ValueError, match="65535 are the most"):
        coded(LabelledFrame("a", np.zeros((1, 1), np.float32), labels, np.ones((1, 1), np.uint8)))


def test_a_crop_has_the_phases_of_its_objects() -> None:
    rng = np.random.default_rng(0)
    labels = np.kron(np.arange(16).reshape(4, 4), np.ones((24, 24), int)).astype(np.int32)
    phase_of = np.array([0, *rng.integers(1, 4, 15)])
    frame = LabelledFrame("a", rng.random((96, 96), np.float32), labels, phase_of[labels].astype(np.uint8))
    source = CropSource(0, (coded(frame),), 64, 3, 0.0, phases=3)
    for step in range(4):
        batch = source[step]
        assert batch.classes is not None
        assert np.array_equal(batch.classes.numpy(), phase_of[batch.labels.numpy()])
        assert len(np.unique(batch.labels)) > 2


def test_an_object_has_the_phase_of_most_of_its_pixels() -> None:
    labels = np.array([[1, 1, 1, 0, 3, 3]], np.int32)
    classes = np.array([[2, 1, 2, 0, 3, 3]], np.uint8)
    assert phases_of_objects(labels, classes).tolist() == [0, 1, 0, 2]
    assert phases_of_objects(np.zeros((2, 2), np.int32), np.zeros((2, 2), np.uint8)).tolist() == [0]
