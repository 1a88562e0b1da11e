"""Masks that a person has accepted: their pixels and their tracks stand, whatever is segmented, voted or pending."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from scipy import ndimage

from ml.lineage import check
from ml.tracking.confirmed import Before, Confirmed
from ml.tracking.objects import Known, Segmented, nothing, of_labels, with_known
from ml.types import Grey
from tests.ml.tracking.scenes import SIZE, Disc, Scene, Seeing, draw, events, run, track_at

FAR = 4_000_000_000  # tracks are numbered up to 2³² - 1
APART = [Disc(40, 30.5, 8), Disc(40, 49.5, 8), Disc(80, 80)]
ONE = [Disc(40, 35, 8), Disc(40, 45, 8), Disc(80, 80)]


def known(track: int, disc: Disc, phase: int = 0) -> Known:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    return Known(track, phase, (rows - disc.row) ** 2 + (columns - disc.column) ** 2 <= disc.radius**2)


def anchored(frame: tuple[Grey, Segmented], *accepted: Known) -> tuple[Grey, Segmented]:
    return frame[0], with_known(frame[1], accepted)


def tracks_of(frame: Confirmed) -> set[int]:
    return {observed.track for observed in frame.objects}


def named(scene: Sequence[tuple[Grey, Segmented]], discs: Mapping[int, Disc]) -> list[tuple[Grey, Segmented]]:
    """The scene with these tracks accepted on its first frame."""
    return [anchored(scene[0], *(known(track, disc) for track, disc in discs.items())), *scene[1:]]


def broken(
    scene: Scene, whole: Sequence[Confirmed], done: int, at_hand: set[int], **options: object
) -> list[Confirmed]:
    """Go on from the first `done` frames of a run, of which some are at hand."""
    first: dict[int, int] = {}
    phase_of: dict[int, int] = {}
    for frame in whole[:done]:
        for observed in frame.objects:
            first.setdefault(observed.track, frame.frame)
            phase_of[observed.track] = observed.phase
    before = Before(done, lambda t: whole[t].labels if t in at_hand else None, phase_of, first)
    return run(scene, before=before, **options)


def test_accepted_masks_lie_over_what_is_segmented() -> None:
    _, segmented = draw([Disc(20, 20, 8), Disc(20, 60, 8)])
    laid = with_known(segmented, [known(9, Disc(20, 22, 8), 1), known(FAR, Disc(20, 67, 4))])
    assert laid.known == {1: 9, 2: FAR} and laid.phases == (1, 0, 0)
    assert np.array_equal(laid.labels == 1, known(9, Disc(20, 22, 8)).mask)  # the first segment is left out
    rest = (segmented.labels == segmented.labels[20, 60]) & ~known(FAR, Disc(20, 67, 4)).mask
    assert np.array_equal(laid.labels == 3, rest)
    assert len(laid) == 3 and np.isnan(laid.scores[0])


def test_a_smaller_accepted_mask_lies_on_a_larger_one_and_none_may_be_hidden() -> None:
    large, small = known(1, Disc(40, 40, 10)), known(2, Disc(40, 40, 4))
    laid = with_known(nothing(SIZE), [small, large])
    assert laid.known[int(laid.labels[40, 40])] == 2 and laid.known[int(laid.labels[40, 48])] == 1
    for other in (Known(3, 0, small.mask), Known(3, 0, np.zeros(SIZE, bool))):
        with pytest.raises(ValueError, match="no pixel of its own"):
            with_known(nothing(SIZE), [small, other])


def test_what_an_accepted_mask_cuts_in_two_is_two_objects() -> None:
    labels = np.zeros(SIZE, np.uint32)
    labels[10:14, 10:60] = 5
    laid = with_known(of_labels(labels), [known(1, Disc(12, 35, 4))])
    assert laid.labels[12, 15] != laid.labels[12, 55] and len(laid) == 3


def test_accepted_tracks_have_their_numbers_and_new_ones_come_above_the_highest() -> None:
    scene = [draw([Disc(20, 20), Disc(60, 60), Disc(80, 20)])] * 4 + [
        draw([Disc(20, 20), Disc(60, 60), Disc(80, 20), Disc(20, 80)])
    ] * 4
    frames = run(named(scene, {FAR: Disc(20, 20), 7: Disc(60, 60)}), highest=FAR)
    for frame in frames:
        assert track_at(frame, 20, 20) == FAR and track_at(frame, 60, 60) == 7
    assert track_at(frames[0], 80, 20) == FAR + 1 and track_at(frames[-1], 20, 80) == FAR + 2
    assert [(at, new) for at, _, new in events(frames, "birth")] == [(4, (FAR + 2,))]


@pytest.mark.parametrize("at", [0, 5])
def test_accepted_pixels_are_given_out_unchanged(at: int) -> None:
    rng = np.random.default_rng(at)
    ragged = Known(3, 0, known(3, Disc(40, 40, 9)).mask & (rng.random(SIZE) < 0.7))
    scene = [draw([Disc(40, 38 + t / 2), Disc(42, 56), Disc(75, 75)]) for t in range(10)]
    scene[0] = anchored(scene[0], known(3, Disc(40, 38)))
    scene[at] = anchored(draw([Disc(40, 40, 12), Disc(42, 56), Disc(75, 75)]), ragged)
    frames = run(scene, highest=3)
    assert np.array_equal(frames[at].labels == 3, ragged.mask)
    (said,) = [observed for observed in frames[at].objects if observed.track == 3]
    assert (said.confidence, said.bridged, np.isnan(said.score)) == (1.0, False, True)
    assert track_at(frames[-1], 40, 42) == 3


def test_what_is_taken_back_later_leaves_accepted_pixels_alone() -> None:
    # A piece beside the particle is a young object when its mask is accepted, and then turns out to be a part of it.
    whole, cut = draw([Disc(40, 40, 10), Disc(80, 80)]), draw([Disc(40, 40, 10), Disc(80, 80)])
    labels = cut[1].labels.copy()
    labels[:, 42:44] = 0
    labels[(labels == labels[40, 40]) & (np.arange(SIZE[1]) >= 44)] = 9
    accepted = Known(1, 0, labels == labels[40, 40])
    scene = [anchored(whole, known(1, Disc(40, 40, 10)))] + [whole] * 3
    scene += [anchored((cut[0], of_labels(labels)), accepted)] + [whole] * 6
    frames = run(scene, highest=1)
    assert np.array_equal(frames[4].labels == 1, accepted.mask)
    assert track_at(frames[5], 40, 46) == 1


def test_a_missing_track_takes_no_pixel_of_an_accepted_mask() -> None:
    scene = (
        [draw([Disc(40, 40), Disc(80, 80)])] * 4 + [draw([Disc(80, 80)])] * 2 + [draw([Disc(40, 40), Disc(80, 80)])] * 3
    )
    cover = known(8, Disc(40, 40, 12))
    scene[4] = anchored(scene[4], cover)
    frames = run(named(scene, {1: Disc(40, 40)}), highest=8)
    assert np.array_equal(frames[4].labels == 8, cover.mask)


def test_a_known_identity_wins_over_overlap() -> None:
    # Two particles stay where they are; on frame 5 a person says that they are each other.
    one, two = Disc(40, 30), Disc(40, 60)
    scene = named([draw([one, two])] * 10, {1: one, 2: two})
    scene[5] = anchored(scene[5], known(2, one), known(1, two))
    frames = run(scene)
    assert [(track_at(frame, 40, 30), track_at(frame, 40, 60)) for frame in frames] == [(1, 2)] * 5 + [(2, 1)] * 5
    assert not any(frame.events for frame in frames)


def test_an_accepted_mask_is_its_tracks_alone_though_another_one_lies_in_it() -> None:
    both = Known(1, 0, known(1, ONE[0]).mask | known(1, ONE[1]).mask)
    scene = named([draw(APART)] * 10, {1: APART[0], 2: APART[1]})
    scene[5] = anchored(draw(ONE), both)
    frames = run(scene, highest=9)
    assert np.array_equal(frames[5].labels == 1, both.mask)
    assert track_at(frames[-1], 40, 30) == 1 and track_at(frames[-1], 40, 50) == 2


def test_the_tracker_is_told_of_accepted_frames_as_confirmed() -> None:
    told: list[int] = []

    class Listening(Seeing):
        def add(self, frame, labels, *, confirmed=False):  # type: ignore[no-untyped-def]
            if confirmed:
                told.append(int(np.count_nonzero(labels)))
            super().add(frame, labels)

    scene = named([draw([Disc(20, 20), Disc(60, 60)])] * 6, {1: Disc(20, 20)})
    scene[3] = anchored(scene[3], known(1, Disc(20, 20, 7)))
    frames = run(scene, tracker=Listening())
    assert told == [np.count_nonzero(frames[3].labels)]


def test_an_object_that_is_added_in_mid_video_disturbs_no_other() -> None:
    discs = {1: Disc(20, 20), 2: Disc(60, 60)}
    faint = Disc(75, 20, 5)  # the segmenter never finds it by itself
    plain = named([draw(list(discs.values()))] * 12, discs)
    added = list(plain)
    added[4] = anchored(plain[4], known(5, faint))
    frames = run(added, highest=5)
    assert tracks_of(frames[3]) == {1, 2} and tracks_of(frames[4]) == {1, 2, 5}
    assert events(frames, "birth") == [(4, (), (5,))]
    for one, other in zip(run(plain, highest=5), frames, strict=True):
        for track in (1, 2):
            assert np.array_equal(one.labels == track, other.labels == track)


def test_a_track_that_was_given_up_comes_back_without_a_birth() -> None:
    scene = named(
        [draw([Disc(20, 20), Disc(60, 60)])] * 3 + [draw([Disc(20, 20)])] * 12, {1: Disc(20, 20), 2: Disc(60, 60)}
    )
    scene[12] = anchored(scene[12], known(2, Disc(60, 62)))
    frames = run(scene)
    assert [frame.frame for frame in frames if 2 in tracks_of(frame)][:4] == [0, 1, 2, 12]
    assert not events(frames, "birth")


@pytest.mark.parametrize("alive", [True, False])
def test_a_track_that_is_known_to_live_does_not_end_but_is_not_painted_for_ever(alive: bool) -> None:
    scene = named(
        [draw([Disc(20, 20), Disc(60, 60)])] * 3 + [draw([Disc(20, 20)])] * 12, {1: Disc(20, 20), 2: Disc(60, 60)}
    )
    scene += [draw([Disc(20, 20), Disc(60, 62)])] * 4
    frames = run(scene, alive_until={2: 18} if alive else {})
    assert not any(2 in tracks_of(frame) for frame in frames[3:15])
    assert track_at(frames[-1], 60, 62) == (2 if alive else 3)  # found where it was left
    assert bool(events(frames, "dissolution")) is not alive
    assert bool(events(frames, "birth")) is not alive


def test_frames_are_not_held_back_for_a_track_that_has_lapsed() -> None:
    from ml.tracking.graticule import Following
    from ml.tracking.ledger import Settings
    from ml.tracking.overlap import OverlapTracker

    following = Following(OverlapTracker(), Settings(), highest=2, alive_until={2: 90})
    scene = named(
        [draw([Disc(20, 20), Disc(60, 60)])] * 3 + [draw([Disc(20, 20)])] * 12, {1: Disc(20, 20), 2: Disc(60, 60)}
    )
    given = [following.feed(frame, *seen) for frame, seen in enumerate(scene)]
    assert [len(each) for each in given] == [1] * 3 + [0] * 5 + [6] + [1] * 6


def test_a_track_that_was_to_live_and_did_not_come_back_ends_afterwards() -> None:
    scene = named(
        [draw([Disc(20, 20), Disc(60, 60)])] * 3 + [draw([Disc(20, 20)])] * 12, {1: Disc(20, 20), 2: Disc(60, 60)}
    )
    assert events(run(scene, alive_until={2: 10}), "dissolution") == [(11, (2,), ())]


def test_an_accepted_mask_ahead_prevents_a_merge() -> None:
    scene = named([draw(APART)] * 4 + [draw(ONE)] * 12, {1: APART[0], 2: APART[1]})
    merged = run(scene, highest=9)
    assert [(at, set(parents)) for at, parents, _ in events(merged, "merge")] == [(4, {1, 2})]
    frames = run(scene, highest=9, alive_until={1: 15, 2: 15})
    assert not events(frames, "merge")
    assert all({1, 2} <= tracks_of(frame) for frame in frames)


def test_what_lives_until_then_may_merge_afterwards() -> None:
    scene = named([draw(APART)] * 4 + [draw(ONE)] * 12, {1: APART[0], 2: APART[1]})
    ((at, parents, _),) = events(run(scene, highest=9, alive_until={1: 8}), "merge")
    assert at == 9 and set(parents) == {1, 2}


def test_an_accepted_mask_drops_a_merge_that_is_pending() -> None:
    scene = named(
        [draw(APART)] * 4 + [draw(ONE)] * 2 + [draw(APART)] + [draw(ONE)] * 2 + [draw(APART)] * 4,
        {1: APART[0], 2: APART[1]},
    )
    scene[6] = anchored(scene[6], known(1, APART[0]), known(2, APART[1]))
    frames = run(scene, highest=9)
    assert not events(frames, "merge") and all({1, 2} <= tracks_of(frame) for frame in frames)
    scene[6] = anchored(draw(ONE), known(1, ONE[0]))  # one of them suffices: it has not ended
    scene[7:] = [draw(ONE)] * 6
    ((at, *_),) = events(run(scene, highest=9), "merge")
    assert at == 7


def test_an_accepted_mask_prevents_and_drops_a_split() -> None:
    whole = Known(1, 0, known(1, ONE[0]).mask | known(1, ONE[1]).mask)
    scene = [anchored(draw(ONE), whole)] + [draw(ONE)] * 3 + [draw(APART)] * 10
    ((at, parents, _),) = events(run(scene, highest=9), "split")
    assert (at, parents) == (4, (1,))
    ahead = run(scene, highest=9, alive_until={1: 13})
    assert not events(ahead, "split") and all(1 in tracks_of(frame) for frame in ahead)
    scene[5] = anchored(draw(APART), whole)
    dropped = run(scene[:6] + [draw(ONE)] * 6, highest=9)
    assert not events(dropped, "split") and all(track_at(frame, 40, 32) == 1 for frame in dropped)


def test_an_accepted_phase_outweighs_what_was_segmented() -> None:
    scene = [draw([Disc(40, 40), Disc(80, 80)])] * 8
    scene[3] = anchored(scene[3], known(1, Disc(40, 40), phase=1))
    frames = run(named(scene, {1: Disc(40, 40)}))
    assert [observed.phase for observed in frames[-1].objects if observed.track == 1] == [1]


def test_an_accepted_mask_on_a_dead_frame_stands() -> None:
    scene = named([draw([Disc(20, 20), Disc(60, 60)])] * 16, {1: Disc(20, 20), 2: Disc(60, 60)})
    rng = np.random.default_rng(0)
    for t in range(5, 14):
        scene[t] = 0.01 * rng.random(SIZE, np.float32), nothing(SIZE)
    scene[5] = anchored(scene[5], known(1, Disc(20, 21)))
    frames = run(scene)
    assert np.array_equal(frames[5].labels == 1, known(1, Disc(20, 21)).mask)
    assert all(tracks_of(frame) == {1, 2} for frame in frames)


def crowd() -> list[tuple[Grey, Segmented]]:
    """Accepted particles, a merge, a birth, one that is added by hand and one that is lost for a while."""
    scene = []
    for t in range(24):
        gap = 3 if t < 8 else -6
        discs = [Disc(40, 32 - gap / 2, 8), Disc(40, 48 + gap / 2, 8), Disc(75, 20 + t / 3), Disc(75, 60)]
        scene.append(draw(discs[:3] + ([discs[3]] if t not in (9, 10) else []) + ([Disc(15, 15)] if t > 11 else [])))
    scene = named(scene, {5: Disc(40, 30.5, 8), FAR: Disc(40, 49.5, 8), 6: Disc(75, 60)})
    scene[6] = anchored(scene[6], known(7, Disc(15, 80, 5)))
    scene[18] = anchored(scene[18], known(7, Disc(15, 82, 5)), known(6, Disc(75, 60, 7)))
    return scene


@pytest.mark.parametrize("done", [1, 4, 6, 7, 9, 13, 18, 19, 23])
@pytest.mark.parametrize("sparse", [True, False])
def test_going_on_gives_the_tracks_their_numbers(done: int, sparse: bool) -> None:
    scene, options = crowd(), {"highest": FAR, "alive_until": {6: 18, 7: 18}}
    whole = run(scene, **options)
    assert events(whole, "merge") and events(whole, "birth")
    highest = max(track for frame in whole[:done] for track in tracks_of(frame))
    at_hand = {0, done - 1} if sparse else set(range(done))
    rest = broken(scene, whole, done, at_hand, **options | {"highest": max(highest, FAR)})
    assert [frame.frame for frame in rest] == list(range(done, len(scene)))
    for one, two in zip(whole[done:], rest, strict=True):
        assert tracks_of(one) == tracks_of(two), one.frame
        for track in tracks_of(one):
            both = np.count_nonzero((one.labels == track) & (two.labels == track))
            assert both > 0.9 * np.count_nonzero((one.labels == track) | (two.labels == track))
    told = [[(e.kind, e.parents, e.children) for f in each for e in f.events] for each in (whole[done:], rest)]
    assert told[0] == told[1]


def test_new_tracks_after_going_on_are_numbered_above_the_highest_in_use() -> None:
    scene = [draw([Disc(20, 20)])] * 6 + [draw([Disc(20, 20), Disc(60, 60)])] * 6
    whole = run(scene)
    rest = broken(scene, whole, 4, {3}, highest=500)
    assert track_at(rest[-1], 60, 60) == 501 and track_at(rest[-1], 20, 20) == 1


def test_going_on_needs_the_last_frame() -> None:
    scene = [draw([Disc(20, 20)])] * 6
    with pytest.raises(ValueError, match="Of frame 3, the last one"):
        broken(scene, run(scene), 4, {0, 2})


def test_a_series_backwards_keeps_what_is_accepted_at_its_end() -> None:
    forward = [draw([Disc(40, 30 + 2 * t), Disc(75, 75 - t)]) for t in range(12)]
    backward = named(list(reversed(forward)), {3: Disc(40, 52), 4: Disc(75, 64)})
    frames = run(backward, highest=4)
    assert all(tracks_of(frame) == {3, 4} for frame in frames)
    assert track_at(frames[-1], 40, 30) == 3 and track_at(frames[-1], 75, 75) == 4


def test_pieces_give_what_the_whole_gives() -> None:
    from ml.tracking.graticule import Following
    from ml.tracking.ledger import Settings
    from ml.tracking.overlap import OverlapTracker

    scene, pieces, given = crowd(), [], []
    following = Following(OverlapTracker(), Settings(), highest=FAR)
    for frame, (image, segmented) in enumerate(scene):
        steps = following.feed_steps(frame, image, segmented)
        for count in itertools.count():
            try:
                next(steps)
            except StopIteration as end:
                given += end.value
                pieces.append(count)
                break
    given += following.finish(len(scene))
    assert min(pieces) >= 4
    for one, two in zip(given, run(scene, highest=FAR), strict=True):
        assert np.array_equal(one.labels, two.labels) and one.events == two.events


@pytest.mark.parametrize("seed", range(4))
def test_what_is_accepted_stands_whatever_a_segmenter_does(seed: int) -> None:
    """Objects are lost, cut up and joined at random, and accepted here and there: these are given out as they are."""
    rng = np.random.default_rng(seed)
    discs = [Disc(14 + 17 * row, 14 + 17 * column, 7.5) for row in range(5) for column in range(5)]
    followed = rng.choice(len(discs), 8, replace=False)
    scene, accepted, alive_until = [], {}, {}
    for t in range(30):
        discs = [Disc(*np.add((d.row, d.column), rng.normal(0, 0.8, 2)), d.radius) for d in discs]
        image, segmented = draw([disc for disc in discs if rng.random() > 0.1])
        labels = segmented.labels.copy()
        for _ in range(6):
            row, column = rng.integers(0, SIZE[0], 2)
            labels[row : row + 2, :] = 0 if rng.random() < 0.3 else labels[row : row + 2, :]
            labels[:, column : column + 2] = 0 if rng.random() < 0.3 else labels[:, column : column + 2]
        parts, _ = ndimage.label(labels)
        masks = [
            known(int(100 * number), discs[number]) for number in followed if number and (t == 0 or rng.random() < 0.1)
        ]
        if rng.random() < 0.05:
            image = np.zeros_like(image)
        scene.append((image, with_known(of_labels(parts), masks)))
        accepted[t] = {number: scene[t][1].labels == segment for segment, number in scene[t][1].known.items()}
        alive_until |= dict.fromkeys(accepted[t], t)
    frames = run(scene, highest=5000, alive_until=alive_until)
    assert [frame.frame for frame in frames] == list(range(30))
    for frame in frames:
        assert {int(track) for track in np.unique(frame.labels) if track} == tracks_of(frame)
        for number, mask in accepted[frame.frame].items():
            assert np.array_equal(frame.labels == number, mask)
        for event in frame.events:
            if event.kind != "contact":
                assert all(alive_until.get(parent, -1) <= event.first_frame for parent in event.parents)
    spans: dict[int, tuple[int, int]] = {}
    for frame in frames:
        for track in tracks_of(frame):
            spans[track] = spans.get(track, (frame.frame,))[0], frame.frame
    check(spans, [link for frame in frames for link in frame.links])
