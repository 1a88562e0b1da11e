"""A model in its own process: times, failures and a process that dies."""

import multiprocessing

import numpy as np

from ml.evaluation.frames import LabelledFrame
from ml.evaluation.measured import Candidate, measure

FRAMES = [LabelledFrame(name, np.zeros((64, 80), np.float32), np.zeros((64, 80), np.int32)) for name in ("a", "b", "c")]


def test_the_first_frame_warms_up_and_is_scored_all_the_same() -> None:
    measured = measure(Candidate("fake", "fake"), FRAMES, keep=["b"])
    assert measured.error is None
    assert measured.timed_frames == 2
    assert measured.timed_pixels == 2 * 64 * 80
    assert measured.scores.keys() == {"a", "b", "c"}
    assert measured.masks.keys() == {"b"}
    assert measured.model_hash == "fake-1"


def test_a_process_that_dies_is_an_error_of_its_model() -> None:
    def kill() -> None:
        for process in multiprocessing.active_children():
            process.kill()

    measured = measure(Candidate("fake", "fake"), FRAMES, progress=kill)
    assert measured.error == "The process ended with code -9; with -9 the machine ran out of memory."
    assert not measured.scores


def test_a_model_that_cannot_be_loaded_is_an_error_of_its_own() -> None:
    measured = measure(Candidate("x", "nothing of that name"), FRAMES)
    assert measured.error is not None
    assert "nothing of that name" in measured.error
