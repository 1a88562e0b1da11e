"""Our pipeline on drawn series: when merges and splits are believed, what is held back, how a run goes on."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from ml.lineage import check
from ml.tracking import graticule, overlap
from ml.tracking.confirmed import Before, Confirmed
from ml.tracking.drift import Shift, drift
from ml.tracking.ledger import Settings
from ml.tracking.objects import Segmented, of_labels
from ml.tracking.overlap import OverlapTracker
from tests.ml.tracking.scenes import SIZE, Disc, Scene, draw, events, run, track_at


def pair(gap: float, phase: int = 0) -> list[Disc]:
    """Two discs with so many px between their edges, and one apart."""
    return [Disc(40, 40 - 8 - gap / 2, 8), Disc(40, 40 + 8 + gap / 2, 8, phase), Disc(80, 80)]


APART, TOUCHING, ONE = pair(3), pair(-1), pair(-6)


def test_a_merge_is_dated_to_the_first_frame_of_those_that_confirm_it() -> None:
    frames = run([draw(APART)] * 5 + [draw(ONE)] * 6)
    one, two = track_at(frames[0], 40, 30), track_at(frames[0], 40, 50)
    assert events(frames, "merge") == [(5, (one, two), (track_at(frames[5], 40, 40),))]
    assert track_at(frames[4], 40, 30) == one
    assert not (frames[5].labels == one).any()


def test_a_merge_of_less_than_the_confirming_frames_is_none() -> None:
    frames = run([draw(APART)] * 5 + [draw(ONE)] * 2 + [draw(APART)] * 5)
    assert not events(frames, "merge") and not events(frames, "split")
    assert len({track_at(frame, 40, 30) for frame in frames}) == len({track_at(frame, 40, 50) for frame in frames}) == 1


def test_a_segmenter_that_flickers_at_contact_gives_one_merge() -> None:
    scene = [draw(APART)] * 4 + [draw(ONE), draw(APART), draw(ONE), draw(ONE), draw(APART), draw(ONE)] + [draw(ONE)] * 5
    frames = run(scene)
    ((frame, parents, _),) = events(frames, "merge")
    assert frame == 6 and len(parents) == 2


def test_particles_that_only_touch_have_not_merged_though_they_are_segmented_as_one() -> None:
    frames = run([draw(APART)] * 4 + [draw(TOUCHING)] * 8)
    assert len(draw(TOUCHING)[1]) == 2  # the two and the one apart
    assert not events(frames, "merge")
    assert track_at(frames[-1], 40, 30) == track_at(frames[0], 40, 30)
    assert track_at(frames[-1], 40, 50) == track_at(frames[0], 40, 50)
    ((since, between, _),) = events(frames, "contact")
    assert since == 4 and set(between) == {track_at(frames[0], 40, 30), track_at(frames[0], 40, 50)}


def test_labels_taken_at_their_word_merge_where_they_say() -> None:
    frames = run([draw(APART)] * 4 + [draw(TOUCHING)] * 8, settings=Settings(neck=None))
    assert [frame for frame, *_ in events(frames, "merge")] == [4]


def test_a_small_particle_that_sinks_into_a_large_one_keeps_its_outline_while_they_are_segmented_as_one() -> None:
    apart = [25, 25, 25, 22, 22, 22]
    scene = [draw([Disc(40, 36, 16), Disc(40, 36 + by, 6), Disc(85, 85)]) for by in [*apart, *np.linspace(21, 10, 40)]]
    frames = run(scene, settings=Settings(neck=9.0))  # they never count as merged
    areas = [np.count_nonzero(frame.labels == track_at(frames[0], 40, 61)) for frame in frames]
    assert not events(frames, "dissolution")
    assert max(np.abs(np.array(areas) / areas[0] - 1)) < 0.15


def test_a_segment_with_room_for_one_does_not_keep_two() -> None:
    near = [
        draw([Disc(40, 40 - by, 6), Disc(40, 40 + by, 6), Disc(80, 80)]) for by in (8, 8, 8, *np.arange(6, 0, -0.5))
    ]
    frames = run(near + [draw([Disc(40, 40, 6), Disc(80, 80)])] * 10, settings=Settings(neck=9.0))
    assert len(frames[2].objects) == 3
    assert len(frames[-1].objects) == 2


def test_three_become_one() -> None:
    trio = [Disc(40, 26, 7), Disc(40, 42, 7), Disc(40, 58, 7)]
    close = [Disc(40, 33, 7), Disc(40, 42, 7), Disc(40, 51, 7)]
    frames = run([draw(trio)] * 4 + [draw([Disc(40, 31, 7), Disc(40, 42, 7), Disc(40, 53, 7)])] + [draw(close)] * 5)
    ((_, parents, children),) = events(frames, "merge")
    assert len(parents) == 3 and len(children) == 1


def test_a_split_has_a_link_to_each_child() -> None:
    frames = run([draw(ONE)] * 5 + [draw(APART)] * 6)
    parent = track_at(frames[4], 40, 40)
    ((frame, parents, children),) = events(frames, "split")
    assert (frame, parents) == (5, (parent,))
    assert set(children) == {track_at(frames[5], 40, 30), track_at(frames[5], 40, 50)}
    links = [link for confirmed in frames for link in confirmed.links]
    assert {(link.parent, link.child, link.kind) for link in links} == {(parent, child, "split") for child in children}


def test_what_a_merge_made_is_as_sure_as_the_merge_until_it_is_voted_on() -> None:
    frames = run([draw(APART)] * 5 + [draw(ONE)] * 6)
    ((born, _, (child,)),) = events(frames, "merge")
    (merge,) = [event for frame in frames for event in frame.events if event.kind == "merge"]
    sure = [one.confidence for frame in frames for one in frame.objects if one.track == child]
    assert len(sure) == len(frames) - born
    assert min(sure) >= merge.confidence


def test_a_split_that_is_taken_back_is_none() -> None:
    frames = run([draw(ONE)] * 5 + [draw(APART)] + [draw(ONE)] * 6)
    assert not events(frames, "split") and not events(frames, "merge")
    assert len({track_at(frame, 40, 30) for frame in frames}) == 1


def test_what_the_border_cuts_in_two_has_not_split() -> None:
    def crescent(shift: int) -> tuple[np.ndarray, Segmented]:
        rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
        disc = (rows - 40) ** 2 + (columns + shift) ** 2 <= 20**2
        hole = (rows - 40) ** 2 + (columns + shift - 14) ** 2 <= 10**2  # its open side looks into the frame
        image, apart = draw([Disc(80, 80)])
        parts, _ = ndimage.label((disc & ~hole) | (apart.labels > 0))
        return np.where(parts > 0, np.float32(0.9), image), of_labels(parts.astype(np.uint32))

    scene = [crescent(shift) for shift in [-4, -2, 0, 2, 4, 6, 7, 8, 9, 10, 10, 10]]
    assert [len(segmented) for _, segmented in scene][::11] == [2, 3]
    frames = run(scene)
    assert not events(frames, "split") and not events(frames, "birth")
    assert track_at(frames[-1], 26, 0) == track_at(frames[-1], 54, 0) == track_at(frames[0], 40, 0)


def test_objects_of_different_phases_do_not_merge() -> None:
    frames = run([draw(pair(3, phase=1))] * 4 + [draw(pair(-2, phase=1))] * 8)
    assert not events(frames, "merge")
    phases = {observed.track: observed.phase for observed in frames[-1].objects}
    assert phases[track_at(frames[-1], 40, 50)] == 1 and phases[track_at(frames[-1], 40, 30)] == 0


def test_an_object_that_leaves_at_the_border_exits() -> None:
    frames = run([draw([Disc(20, 20), Disc(60, 80 + 3 * t)]) for t in range(12)])
    ((_, (track,), _),) = events(frames, "exit")
    assert track == track_at(frames[0], 60, 80)


def test_a_speck_of_one_frame_is_no_track() -> None:
    frames = run([draw([Disc(20, 20)])] * 3 + [draw([Disc(20, 20), Disc(70, 70, 4)])] + [draw([Disc(20, 20)])] * 8)
    assert {observed.track for frame in frames for observed in frame.objects} == {1}


def test_what_is_seen_on_the_last_frame_alone_is_no_track() -> None:
    """Else every speck would be one there, and the count of a noisy series would leap."""
    late = [*APART, Disc(15, 80, 4)]
    once, twice = ([draw(APART)] * (8 - frames) + [draw(late)] * frames for frames in (1, 2))
    assert not events(run(once), "birth") and track_at(run(once)[-1], 15, 80) == 0
    assert [frame for frame, *_ in events(run(twice), "birth")] == [6]
    assert track_at(run([draw(late)])[0], 15, 80) > 0


def test_a_gap_is_bridged_and_says_so() -> None:
    scene = [draw([Disc(20, 20 + t), Disc(70, 70)] if t not in (5, 6) else [Disc(70, 70)]) for t in range(12)]
    frames = run(scene)
    lost = track_at(frames[0], 20, 20)
    assert [frame.frame for frame in frames for o in frame.objects if o.track == lost and o.bridged] == [5, 6]
    assert track_at(frames[6], 20, 26) == lost


def test_specks_that_come_and_go_are_no_track() -> None:
    scene = [draw([Disc(20, 20), Disc(70, 70, 4)] if t in (3, 6, 9) else [Disc(20, 20)]) for t in range(14)]
    assert {observed.track for frame in run(scene) for observed in frame.objects} == {1}


def test_a_young_segment_that_covers_a_track_does_not_become_it() -> None:
    small, other, cover = Disc(40, 40, 6), Disc(80, 85, 6), Disc(40, 45, 32)
    frames = run([draw([small, other])] * 5 + [draw([cover, other])] * 4 + [draw([small, other])] * 5)
    track, areas = track_at(frames[0], 40, 40), [int(np.count_nonzero(frame.labels == 1)) for frame in frames]
    assert track == track_at(frames[-1], 40, 40) == 1
    assert max(areas) == areas[0]


@pytest.mark.parametrize("covered", [1, 4])
def test_a_track_that_is_covered_keeps_its_outline(covered: int) -> None:
    small, other, cover = Disc(40, 40, 6), Disc(80, 85, 6), Disc(40, 45, 32)
    frames = run([draw([small, other])] * 5 + [draw([cover, other])] * covered + [draw([small, other])] * 5)
    assert {int(np.count_nonzero(frame.labels == 1)) for frame in frames} == {113}
    assert [frame.frame for frame in frames for o in frame.objects if o.track == 1 and o.bridged][:1] == [5]


def test_what_covered_a_track_that_has_ended_has_no_hole() -> None:
    small, other, cover = Disc(40, 40, 6), Disc(80, 85, 6), Disc(40, 45, 32, phase=1)
    frames = run([draw([small, other])] * 5 + [draw([cover, other])] * 12)
    assert [last for last, *_ in events(frames, "dissolution")] == [5]
    assert all(np.array_equal(frame.labels > 0, draw([cover, other])[1].labels > 0) for frame in frames[5:])


@pytest.mark.parametrize("shift", [(0, 25), (-20, 14)])
def test_a_jump_of_the_whole_field_is_no_motion(shift: tuple[int, int]) -> None:
    discs = [Disc(30, 20), Disc(45, 35, 5), Disc(60, 18, 7), Disc(35, 50, 4)]
    moved = [Disc(d.row + shift[0], d.column + shift[1], d.radius) for d in discs]
    frames = run([draw(discs)] * 4 + [draw(moved)] * 4)
    for before, after in zip(discs, moved, strict=True):
        assert track_at(frames[3], before.row, before.column) == track_at(frames[4], after.row, after.column)


def test_the_drift_of_the_field_is_found_once_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counted(*arguments: Any) -> Shift:
        asked.append(arguments)
        return drift(*arguments)

    for module in (graticule, overlap):
        monkeypatch.setattr(module, "drift", counted)
    run([draw(APART)] * 5)
    assert len(asked) == 4


def test_frames_are_held_back_only_while_something_is_open() -> None:
    scene = [draw(APART)] * 5 + [draw(ONE)] * 5
    asked: list[int] = []
    given: dict[int, int] = {}

    def segment(frame: int, image: np.ndarray) -> object:
        asked.append(frame)
        return scene[frame][1]

    for confirmed in graticule.follow(10, lambda t: scene[t][0], segment, OverlapTracker()):  # type: ignore[arg-type]
        given[confirmed.frame] = asked[-1]
    assert given[4] == 4  # births of frame 0 are sure by then
    assert given[5] == 7  # the merge is


def test_a_series_that_never_settles_is_held_back_for_a_bounded_time() -> None:
    scene = [draw(ONE if t % 2 else APART) for t in range(60)]
    asked: list[int] = []

    def segment(frame: int, image: np.ndarray) -> object:
        asked.append(frame)
        return scene[frame][1]

    lags = [
        asked[-1] - c.frame
        for c in graticule.follow(60, lambda t: scene[t][0], segment, OverlapTracker())  # type: ignore[arg-type]
    ]
    assert len(lags) == 60 and max(lags) <= Settings().longest_lag


def busy() -> Scene:
    """Drift, a merge, a split, a birth, an exit and a dead frame."""
    scene = []
    for t in range(30):
        gap = 3 if t < 8 else -6
        other = [Disc(75, 30, 7), Disc(75, 41, 7)] if t < 16 else [Disc(75, 26, 7), Disc(75, 45, 7)]
        discs = [*pair(gap)[:2], *other, Disc(20, 70 + 2 * t)] + ([Disc(15, 15)] if t > 11 else [])
        scene.append(draw([Disc(d.row, d.column + t / 5, d.radius) for d in discs]))
    scene[21] = (np.zeros(SIZE, np.float32), scene[21][1])
    return scene


def test_a_split_run_backwards_is_a_merge() -> None:
    forward = [draw(ONE)] * 6 + [draw(APART)] * 6
    ((at, parents, children),) = events(run(forward), "split")
    ((back, before, after),) = events(run(forward[::-1]), "merge")
    assert back == len(forward) - at
    assert (len(parents), len(children)) == (len(after), len(before)) == (1, 2)


def spans_of(frames: list[Confirmed]) -> dict[int, tuple[int, int]]:
    seen: dict[int, list[int]] = {}
    for frame in frames:
        for observed in frame.objects:
            seen.setdefault(observed.track, []).append(frame.frame)
    assert all(list(range(f[0], f[-1] + 1)) == f for f in seen.values())  # no holes in time
    return {track: (f[0], f[-1]) for track, f in seen.items()}


def test_lineage_is_acyclic_in_order_of_time_and_without_holes() -> None:
    frames = run(busy())
    links = [link for frame in frames for link in frame.links]
    spans = spans_of(frames)
    check(spans, links)
    assert {link.kind for link in links} == {"merge", "split"}
    assert all(spans[link.parent][1] == link.first_frame and spans[link.child][0] == link.last_frame for link in links)
    for frame in frames:
        assert {int(track) for track in np.unique(frame.labels) if track} == {o.track for o in frame.objects}


@pytest.mark.parametrize("done", [1, 4, 9, 13, 18, 22, 29])
def test_going_on_from_confirmed_frames_gives_what_an_unbroken_run_gives(done: int) -> None:
    scene = busy()
    whole = run(scene)
    known = list(itertools.islice(whole, done))
    first: dict[int, int] = {}
    phase_of: dict[int, int] = {}
    for frame in known:
        for observed in frame.objects:
            first.setdefault(observed.track, frame.frame)
            phase_of[observed.track] = observed.phase
    before = Before(done, lambda t: known[t].labels, phase_of, first)
    rest = run(scene, before=before)
    assert [frame.frame for frame in rest] == list(range(done, len(scene)))
    for one, two in zip(whole[done:], rest, strict=True):
        assert np.array_equal(one.labels, two.labels), one.frame
        assert one.links == two.links
        assert [(e.kind, e.last_frame, e.parents) for e in one.events] == [
            (e.kind, e.last_frame, e.parents) for e in two.events
        ]


@pytest.mark.parametrize("seed", range(6))
def test_lineage_holds_whatever_a_segmenter_does(seed: int) -> None:
    """Objects that are lost, cut up and joined at random: no holes, no circles, children after their parents."""
    rng = np.random.default_rng(seed)
    discs = [Disc(12 + 14 * row, 12 + 14 * column, 6.5) for row in range(6) for column in range(6)]
    scene = []
    for _ in range(30):
        discs = [Disc(*np.add((d.row, d.column), rng.normal(0, 0.7, 2)), d.radius) for d in discs]
        image, segmented = draw([disc for disc in discs if rng.random() > 0.1])
        labels = segmented.labels.copy()
        for _ in range(6):
            row, column = rng.integers(0, SIZE[0], 2)
            labels[row : row + 2, :] = 0 if rng.random() < 0.3 else labels[row : row + 2, :]
            labels[:, column : column + 2] = 0 if rng.random() < 0.3 else labels[:, column : column + 2]
        parts, _ = ndimage.label(labels)
        scene.append((image, of_labels(parts)))
    frames = run(scene)
    links = [link for frame in frames for link in frame.links]
    spans = spans_of(frames)
    check(spans, links)
    assert all(spans[link.parent][1] == link.first_frame and spans[link.child][0] == link.last_frame for link in links)
    assert len(frames) == 30 and links


def test_a_series_without_objects_gives_empty_frames() -> None:
    frames = run([draw([])] * 4)
    assert [frame.objects for frame in frames] == [()] * 4
