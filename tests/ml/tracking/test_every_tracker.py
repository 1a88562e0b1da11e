"""What every registered tracker does, networks with random weights."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml import registry
from ml.segmenters.pieces import finished
from ml.tracking.deaot import DeAotTracker
from ml.tracking.overlap import OverlapTracker
from ml.tracking.tiles import TiledTracker, fitted, tiles
from ml.tracking.tracker import Tracker, in_pieces
from tests.ml.tracking.networks import filled
from tests.ml.tracking.scenes import Disc, draw

SHAPE = (64, 80)
NAMES = [info.name for info in registry.MODELS.values() if info.kind == "tracker"]


def made(name: str) -> Tracker:
    if name == "overlap":
        return registry.load(name, device="cpu", weights_folder=None)  # type: ignore[no-any-return]
    if name == "tiled":
        return TiledTracker(OverlapTracker, SHAPE, 48)
    return DeAotTracker(filled(name), name=name, weights_hash="random", longest=65)


@pytest.fixture(params=[*NAMES, "tiled"])
def tracker(request: pytest.FixtureRequest) -> Tracker:
    return made(request.param)


def scene(*columns: int) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    image, segmented = draw([Disc(20 + 20 * (c % 2), c, 5) for c in columns], SHAPE)
    return image, segmented.labels


def test_a_tracker_is_told_and_asked(tracker: Tracker) -> None:
    first, labels = scene(12, 31, 50)
    named = np.array([0, 7, 300, 70_000], np.uint32)[labels]
    tracker.start(first, named)
    assert tracker.tracks == {7, 300, 70_000}
    frame, segmented = scene(13, 32, 51)
    votes = tracker.propagate(frame, segmented)
    assert votes.labels.shape == SHAPE and votes.labels.dtype == np.uint32
    assert set(np.unique(votes.labels).tolist()) <= {0, 7, 300, 70_000}
    assert votes.confidence.keys() == tracker.tracks
    assert votes.segments.keys() == {1, 2, 3}
    for shares in votes.segments.values():
        assert sum(shares.values()) == pytest.approx(1, abs=0.01) and min(shares.values()) >= 0
    tracker.update(named)
    second, labels = scene(14, 33, 52, 71)
    tracker.propagate(second, labels)
    tracker.add(second, np.array([0, 7, 300, 70_000, 4], np.uint32)[labels])
    assert tracker.tracks == {4, 7, 300, 70_000}
    tracker.forget([300])
    assert tracker.tracks == {4, 7, 70_000}
    assert 300 not in np.unique(tracker.propagate(first, scene(12, 31, 50)[1]).labels)


def test_pieces_say_what_the_whole_says(tracker: Tracker, request: pytest.FixtureRequest) -> None:
    whole = made(request.node.callspec.params["tracker"])
    first, labels = scene(12, 31, 50)
    frame, segmented = scene(13, 32, 51, 70)
    tracker.start(first, labels)
    whole.start(first, labels)
    one, two = finished(in_pieces(tracker, "propagate", frame, segmented)), whole.propagate(frame, segmented)
    assert np.array_equal(one.labels, two.labels) and one.segments == two.segments
    finished(in_pieces(tracker, "add", frame, segmented, confirmed=True))
    whole.add(frame, segmented, confirmed=True)
    assert tracker.tracks == whole.tracks == {1, 2, 3, 4}
    for each, told in ((tracker, True), (whole, False)):
        each.propagate(first, labels)
        _ = finished(in_pieces(each, "update", labels)) if told else each.update(labels)
    one, two = tracker.propagate(frame, segmented), whole.propagate(frame, segmented)
    assert np.array_equal(one.labels, two.labels) and one.segments == two.segments


def test_an_empty_start_follows_nothing(tracker: Tracker) -> None:
    frame, segmented = scene(12)
    tracker.start(frame, np.zeros(SHAPE, np.uint32))
    votes = tracker.propagate(frame.copy(), segmented)
    assert not votes.labels.any() and votes.segments == {1: {0: 1.0}}


@pytest.mark.parametrize("name", ["overlap", "tiled"])
def test_overlap_and_motion_vote_for_what_moves_on(name: str) -> None:
    tracker = made(name)
    for t in range(6):
        frame, labels = scene(10 + 4 * t, 70 - 5 * t)
        swapped = labels if t % 2 else np.array([0, 2, 1], np.uint32)[labels]
        if t == 0:
            names = labels.copy()
            tracker.start(frame, names)
            continue
        votes = tracker.propagate(frame, swapped)
        right, left = (int(swapped[20, 10 + 4 * t]), int(swapped[20 + 20 * ((70 - 5 * t) % 2), 70 - 5 * t]))
        names = np.zeros(SHAPE, np.uint32)
        for segment in (right, left):
            best = max(votes.segments[segment], key=votes.segments[segment].__getitem__)
            names[swapped == segment] = best
        tracker.update(names)
    assert names[20, 30] == 1


def test_overlap_votes_for_both_parents_in_what_they_have_become() -> None:
    tracker = OverlapTracker()
    apart, labels = draw([Disc(30, 25, 7), Disc(30, 41, 7)], SHAPE)
    tracker.start(apart, labels.labels)
    one, merged = draw([Disc(30, 28, 7), Disc(30, 38, 7)], SHAPE)
    votes = tracker.propagate(one, merged.labels)
    assert votes.segments[1][1] > 0.3 and votes.segments[1][2] > 0.3


def test_tiles_cover_the_frame_and_overlap() -> None:
    found = tiles((100, 250), 96)
    covered = np.zeros((100, 250), int)
    for rows, columns in found:
        assert rows.stop - rows.start == columns.stop - columns.start == 96
        covered[rows, columns] += 1
    assert covered.min() >= 1
    assert tiles((50, 60), 96) == [(slice(0, 50), slice(0, 60))]


def test_only_small_objects_on_large_frames_are_followed_in_tiles() -> None:
    tracker = DeAotTracker(filled("deaot_t"), name="deaot_t", weights_hash="random", longest=65)
    small = draw([Disc(20, 20, 3), Disc(60, 60, 3)], (160, 160))[1].labels
    large = draw([Disc(40, 40, 30)], (160, 160))[1].labels
    assert isinstance(fitted(tracker, small), TiledTracker)
    assert fitted(tracker, large) is tracker
    assert fitted(overlap := OverlapTracker(), small) is overlap


def test_an_object_is_handed_from_tile_to_tile() -> None:
    tracker = made("tiled")
    for t in range(12):
        frame, labels = scene(8 + 6 * t)
        if t == 0:
            tracker.start(frame, labels * np.uint32(9))
            continue
        votes = tracker.propagate(frame, labels)
        assert max(votes.segments[1], key=votes.segments[1].__getitem__) == 9, t
        tracker.update(labels * np.uint32(9))
        assert tracker.tracks == {9}
