"""Splits of annotated frames, over random annotations."""

from uuid import UUID

import numpy as np
import pytest

from backend.inference.training.split import Split, by_blocks, by_series, thinned

Annotated = dict[UUID, list[int]]


def random_annotations(seed: int) -> tuple[Annotated, dict[str, float]]:
    rng = np.random.default_rng(seed)
    annotated = {}
    for number in range(int(rng.integers(1, 5))):
        frames = int(rng.integers(1, 120))
        chosen = rng.choice(frames, int(rng.integers(1, frames + 1)), replace=False)
        annotated[UUID(int=number)] = [int(frame) for frame in chosen]
    options = {"block": int(rng.integers(1, 30)), "share": float(rng.uniform(0, 1)), "gap": int(rng.integers(0, 6))}
    return annotated, options


def placed(side: Annotated) -> set[tuple[UUID, int]]:
    return {(series, frame) for series, frames in side.items() for frame in frames}


def assert_sides_share_nothing(split: Split, annotated: Annotated) -> None:
    sides = [placed(side) for side in (split.training, split.validation, split.unused)]
    assert sum(map(len, sides)) == len(set.union(*sides))
    assert set.union(*sides) == placed(annotated)


@pytest.mark.parametrize("seed", range(60))
def test_no_frame_of_validation_lies_within_the_gap_of_one_that_trains(seed: int) -> None:
    annotated, options = random_annotations(seed)
    split = by_blocks(annotated, **options)  # type: ignore[arg-type]
    assert_sides_share_nothing(split, annotated)
    for series, frames in split.validation.items():
        for frame in frames:
            assert all(abs(frame - other) > options["gap"] for other in split.training.get(series, []))
    for series, frames in split.unused.items():
        for frame in frames:
            assert any(abs(frame - other) <= options["gap"] for other in split.validation[series])


@pytest.mark.parametrize("seed", range(60))
def test_blocks_stay_whole_and_their_share_is_kept(seed: int) -> None:
    annotated, options = random_annotations(seed)
    block = int(options["block"])
    split = by_blocks(annotated, **options)  # type: ignore[arg-type]
    blocks = {(series, frame // block) for series, frame in placed(annotated)}
    scored = {(series, frame // block) for series, frame in placed(split.validation)}
    others = {(series, frame // block) for series, frame in placed(split.training) | placed(split.unused)}
    assert not scored & others
    if len(blocks) > 1:
        assert len(scored) == min(max(round(options["share"] * len(blocks)), 1), len(blocks) - 1)


def test_the_same_annotations_are_split_alike_whatever_their_order() -> None:
    annotated, options = random_annotations(7)
    again = {series: list(reversed(frames)) for series, frames in annotated.items()}
    assert by_blocks(annotated, **options) == by_blocks(again, **options)  # type: ignore[arg-type]


def test_blocks_of_validation_are_spread_evenly() -> None:
    split = by_blocks({UUID(int=1): list(range(100))}, block=10, share=0.2, gap=1)
    assert split.validation == {UUID(int=1): [*range(20, 30), *range(70, 80)]}
    assert split.unused == {UUID(int=1): [19, 30, 69, 80]}


def test_one_block_leaves_nothing_for_validation() -> None:
    split = by_blocks({UUID(int=1): [0, 1, 2]}, block=10, share=0.5, gap=1)
    assert (split.training, split.validation) == ({UUID(int=1): [0, 1, 2]}, {})


def test_whole_series_score() -> None:
    first, second = UUID(int=1), UUID(int=2)
    split = by_series({first: [3, 1], second: [0], UUID(int=3): []}, [second])
    assert split == Split({first: [1, 3]}, {second: [0]}, {})


def test_frames_beyond_the_most_are_unused() -> None:
    series = UUID(int=1)
    split = thinned(Split({}, {series: list(range(10))}, {series: [12]}), 4)
    assert split.validation == {series: [0, 2, 5, 7]}
    assert split.unused == {series: [1, 3, 4, 6, 8, 9, 12]}
    assert thinned(split, 4) == split
