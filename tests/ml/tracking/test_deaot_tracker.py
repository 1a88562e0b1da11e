"""DeAOT's interface as a tracker, on a network of random weights: numbers, sizes, what is remembered."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.tracking.deaot import DeAotTracker
from tests.ml.tracking.networks import filled

SHAPE = (60, 75)
FAR = 3_000_000_000  # beyond what float32 and int32 hold


@pytest.fixture
def tracker() -> DeAotTracker:
    return DeAotTracker(filled("deaot_t"), name="deaot_t", weights_hash="random")


def frame(seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random(SHAPE, np.float32)


def labels(*numbers: int) -> NDArray[np.uint32]:
    found = np.zeros(SHAPE, np.uint32)
    for place, number in enumerate(numbers):
        found[5:20, 3 + 20 * place : 15 + 20 * place] = number
    return found


def test_tracks_keep_their_numbers(tracker: DeAotTracker) -> None:
    tracker.start(frame(0), labels(7, FAR))
    votes = tracker.propagate(frame(1), labels(1, 2, 3))
    assert tracker.tracks == {7, FAR}
    assert votes.labels.shape == SHAPE and votes.labels.dtype == np.uint32
    assert set(np.unique(votes.labels).tolist()) <= {0, 7, FAR}
    assert votes.confidence.keys() == {7, FAR}
    assert votes.segments.keys() == {1, 2, 3}
    assert set(votes.segments[1]) <= {0, 7, FAR}


def test_new_objects_are_added_and_ended_ones_forgotten(tracker: DeAotTracker) -> None:
    tracker.start(frame(0), labels(1, 2))
    tracker.propagate(frame(1))
    tracker.add(frame(1), labels(1, 2, 3))
    assert tracker.propagate(frame(2)).confidence.keys() == {1, 2, 3}
    tracker.forget([2])
    assert tracker.propagate(frame(3)).confidence.keys() == {1, 3}
    tracker.start(frame(4), labels(9))
    assert tracker.tracks == {9}


def test_what_was_accepted_decides_the_next_votes(tracker: DeAotTracker) -> None:
    def next_votes(accepted: NDArray[np.uint32] | None) -> float:
        tracker.start(frame(0), labels(1, 2))
        tracker.propagate(frame(1))
        if accepted is not None:
            tracker.update(accepted)
        return tracker.propagate(frame(2), labels(1, 2)).segments[1][1]

    unseen = next_votes(None)
    assert next_votes(labels(1, 2)) != unseen
    assert next_votes(labels(2, 1)) != next_votes(labels(1, 2))


def test_an_empty_frame_starts_a_series_that_follows_nothing(tracker: DeAotTracker) -> None:
    tracker.start(frame(0), labels())
    votes = tracker.propagate(frame(1), labels(1))
    assert not votes.labels.any() and votes.segments == {1: {0: 1.0}}
    tracker.add(frame(1), labels(4))
    assert tracker.propagate(frame(2)).confidence.keys() == {4}


def test_a_confirmed_frame_stays_in_memory(tracker: DeAotTracker) -> None:
    tracker.start(frame(0), labels(1))
    tracker.propagate(frame(1))
    tracker.add(frame(1), labels(1), confirmed=True)
    assert [kept.pinned for kept in tracker._follower.cohorts[0].memory.kept] == [True, True]


def test_an_array_that_is_filled_anew_is_another_frame(tracker: DeAotTracker) -> None:
    buffer = frame(0)
    tracker.start(buffer, labels(1, 2))
    expected = tracker.propagate(frame(1), labels(1, 2)).segments
    tracker.start(buffer, labels(1, 2))
    buffer[:] = frame(1)
    assert tracker.propagate(buffer, labels(1, 2)).segments == expected


def test_labels_of_a_frame_that_was_not_propagated_are_looked_at_by_all(tracker: DeAotTracker) -> None:
    tracker.start(frame(0), labels(1))
    tracker.propagate(frame(1))
    tracker.add(frame(1), labels(1))
    assert len(tracker._follower.cohorts[0].memory.kept) == 1
    tracker.add(frame(2), labels(1))
    assert [kept.pinned for kept in tracker._follower.cohorts[0].memory.kept] == [True, False]


def test_another_size_is_refused(tracker: DeAotTracker) -> None:
    tracker.start(frame(0), labels(1))
    with pytest.raises(ValueError, match="The frame has 61 × 75 px, the series 60 × 75"):
        tracker.propagate(np.zeros((61, 75), np.float32))
    with pytest.raises(ValueError, match="label image has 60 × 74"):
        tracker.update(np.zeros((60, 74), np.uint32))


def test_an_update_without_a_frame_is_refused(tracker: DeAotTracker) -> None:
    with pytest.raises(ValueError, match="no frame to update"):
        tracker.update(labels(1))


def test_pieces_end_with_the_same_votes(tracker: DeAotTracker) -> None:
    tracker.start(frame(0), labels(1, 2))
    steps = tracker.propagate_steps(frame(1))
    pauses = 0
    while True:
        try:
            next(steps)
            pauses += 1
        except StopIteration as done:
            votes = done.value
            break
    tracker.start(frame(0), labels(1, 2))
    assert pauses == 3  # after the encoding, the one cohort and its votes
    assert np.array_equal(votes.labels, tracker.propagate(frame(1)).labels)


@pytest.mark.parametrize("call", ["start", "add", "update"])
def test_what_it_is_told_goes_in_pieces_of_ten_objects(tracker: DeAotTracker, call: str) -> None:
    many = np.zeros(SHAPE, np.uint32)
    many[::5, ::5] = np.arange(1, many[::5, ::5].size + 1).reshape(many[::5, ::5].shape)
    steps = tracker.start_steps(frame(0), many)
    if call != "start":
        tracker.start(frame(0), many)
        tracker.propagate(frame(1))
        steps = tracker.update_steps(many) if call == "update" else tracker.add_steps(frame(1), many, confirmed=True)
    assert len(list(steps)) >= many.max() // 10
    assert not torch.is_inference_mode_enabled()
    assert tracker.tracks == set(range(1, int(many.max()) + 1))
