"""Clips for training trackers: whose what is through merges and splits, numbers, and that a step decides all."""

import numpy as np
import pytest

from ml.synthetic import Link
from ml.training.clips import ClipSource, Source, clip, followed, series_of, validation_clips


def frame(**places: tuple[int, int]) -> np.ndarray:
    """A row of 12 px with each label (`n7`) from a first to a last pixel."""
    row = np.zeros((3, 12), np.int32)
    for name, (first, last) in places.items():
        row[:, first : last + 1] = int(name.removeprefix("n"))
    return row


def test_each_pixel_of_a_merged_object_goes_to_the_nearest_parent() -> None:
    labels = np.stack([frame(n1=(0, 3), n2=(6, 9)), frame(n1=(1, 4), n2=(5, 8)), frame(n5=(2, 8)), frame(n5=(2, 9))])
    links = [Link(1, 5, "merge", 12), Link(2, 5, "merge", 12)]
    found = followed(labels, [10, 11, 12, 13], links)
    assert found[2][0].tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 2, 0, 0, 0]
    assert found[3][0].tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 0, 0]


def test_both_parts_of_a_split_object_keep_its_label() -> None:
    labels = np.stack([frame(n1=(2, 8)), frame(n2=(1, 4), n3=(6, 9))])
    links = [Link(1, 2, "split", 4), Link(1, 3, "split", 4)]
    assert followed(labels, [3, 4], links)[1][0].tolist() == [0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0]


def test_backwards_a_merge_is_a_split() -> None:
    labels = np.stack([frame(n5=(2, 8)), frame(n1=(1, 4), n2=(6, 9))])
    links = [Link(1, 5, "merge", 12), Link(2, 5, "merge", 12)]
    assert followed(labels, [12, 11], links)[1][0].tolist() == [0, 5, 5, 5, 5, 0, 5, 5, 5, 5, 0, 0]


def test_several_events_between_two_frames_are_taken_in_their_order() -> None:
    labels = np.stack([frame(n1=(0, 2), n2=(3, 5), n3=(7, 9)), frame(n6=(0, 9))])
    links = [Link(5, 6, "merge", 3), Link(3, 6, "merge", 3), Link(1, 5, "merge", 2), Link(2, 5, "merge", 2)]
    assert followed(labels, [1, 4], links)[1][0].tolist() == [1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 0, 0]


def test_what_was_not_there_at_first_is_background() -> None:
    labels = np.stack([frame(n1=(0, 2)), frame(n1=(0, 2), n9=(5, 7))])
    assert followed(labels, [0, 1], [])[1][0].tolist() == [1, 1, 1] + [0] * 9


def test_a_clip_shows_at_most_ten_objects_of_its_first_frame_in_no_order() -> None:
    source, numbers = series_of(3, "crowded"), set()
    for seed in range(6):
        images, labels = clip(np.random.default_rng(seed), source, 4, 97)
        assert images.shape == labels.shape == (4, 97, 97)
        assert images.dtype == np.float32 and images.min() >= 0 and images.max() <= 1
        assert labels.max() <= 10
        first = set(np.unique(labels[0])) - {0}
        assert first and set(np.unique(labels)) - {0} <= first
        numbers |= first
    assert numbers == set(range(1, 11))


def test_objects_move_from_frame_to_frame_and_their_labels_with_them() -> None:
    labels = np.zeros((1, 200, 200), np.int32)
    for number, (y, x) in enumerate([(60, 60), (60, 140), (140, 60), (140, 140), (100, 100)], start=1):
        labels[0, y - 12 : y + 12, x - 12 : x + 12] = number
    source = Source(np.where(labels > 0, 0.9, 0.2).astype(np.float32), labels)
    apart = 0
    for seed in range(12):
        images, found = clip(np.random.default_rng(seed), source, 5, 129)
        apart += int((found[0] != found[-1]).any())
        # Whatever the exposure, pixels of objects are on one side of all others.
        for image, numbers in zip(images, found, strict=True):
            whole = image[numbers > 0]
            if whole.size > 200 and len(np.unique(found[0])) == 6:
                middle = 0.5 * (np.median(whole) + np.median(image[numbers == 0]))
                above = np.median(whole) > middle
                assert ((image > middle) == (above == (numbers > 0))).mean() > 0.8
    assert apart == 12


def test_a_step_decides_its_batch() -> None:
    source = ClipSource(seed=4, sides=(65, 97), clips=4, frames=3)
    first, again = source[5], source[5]
    assert np.array_equal(first.images, again.images) and np.array_equal(first.labels, again.labels)
    assert not np.array_equal(first.labels, ClipSource(5, (65, 97), 4, 3)[5].labels)
    shapes = {tuple(source[step].images.shape) for step in range(6)}
    assert shapes == {(4, 3, 1, 65, 65), (2, 3, 1, 97, 97)}


def test_lanes_have_series_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from ml.training import clips

    asked: list[int] = []
    real = clips.source_of
    monkeypatch.setattr(clips, "source_of", lambda seed, lane, number: asked.append(lane) or real(seed, 0, 0))
    source = ClipSource(0, (65,), 2, 2, lanes=3)
    for step, lane in enumerate((0, 1, 2, 0)):
        asked.clear()
        source[step]
        assert set(asked) == {lane}


def test_validation_clips_are_the_same_for_every_run() -> None:
    clips = validation_clips(65, 3, 1)
    assert len(clips) == 9
    validation_clips.cache_clear()
    assert all(np.array_equal(one[0], two[0]) for one, two in zip(clips, validation_clips(65, 3, 1), strict=True))
