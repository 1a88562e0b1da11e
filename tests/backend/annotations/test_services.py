"""Committing: what becomes a version, and what is refused."""

import threading
import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from backend.annotations import heads, requests, reversals, selectors, services
from backend.annotations.models import Changeset, Mask, MaskRevision, Track
from backend.annotations.values import CalibrationValue, MaskValue, StaleBaseError
from backend.annotations.wire import conflicts_about
from backend.projects.services import delete_project
from backend.protocol.errors import ConflictError, InvalidError, NotFoundError
from backend.protocol.messages import (
    MaskDelete,
    MaskRle,
    MaskSet,
    Origin,
    PendingBase,
    TrackCreate,
    TrackDelete,
    TrackRestore,
    TrackSet,
)
from backend.series.models import Series
from backend.series.services import delete_series
from tests.backend.builders import (
    HEIGHT,
    WIDTH,
    commit,
    make_phase,
    make_project,
    make_series,
    make_user,
    message,
    owner_of,
    put_away,
    rectangle,
)

pytestmark = [pytest.mark.django_db, pytest.mark.database]

DOT = rectangle(2, 3, 6, 8)
BAR = rectangle(0, 10, 30, 12)


@pytest.fixture
def series() -> Series:
    return make_series()


def draw(series: Series, *, frame: int = 0, mask: MaskRle = DOT, **options: object) -> UUID:
    """A new track with a mask."""
    track = uuid4()
    operations = [TrackCreate(track=track, phase=None), MaskSet(track=track, frame=frame, mask=mask)]
    commit(series, operations, [(track, None, None), (track, frame, None)], **options)
    return track


def head(series: Series, track: UUID, frame: int) -> int:
    """The revision that holds now."""
    return selectors.masks_at(series.pk, selectors.head_of(series.pk)).get(track=track, frame=frame).pk


def track_head(series: Series, track: UUID) -> int:
    return selectors.tracks_at(series.pk, selectors.head_of(series.pk)).get(track=track).pk


def masks(series: Series, frame: int = 0, version: int | None = None) -> dict[UUID, MaskRle | None]:
    return {each.track: each.mask for each in selectors.state_at(series=series, version=version, frame=frame).masks}


# ---- what a commit makes --------------------------------------------------------------------------------------


def test_a_commit_makes_the_next_version_with_its_revisions(series: Series) -> None:
    phase = make_phase(series.project)
    track = uuid4()
    origin = Origin(model="efficient_sam_ti", model_hash="ab" * 32, points=[{"x": 3, "y": 4, "label": 1}], score=0.9)
    operations = [
        TrackCreate(track=track, phase=phase.pk, name="neck"),
        MaskSet(track=track, frame=2, mask=DOT, origin=origin),
    ]
    made = commit(series, operations, [(track, None, None), (track, 2, None)], reason="Click")
    assert (made.version, made.repeated) == (1, False)
    changeset = selectors.changeset(series.pk, 1)
    assert changeset.reason == "Click"
    assert changeset.author.name == owner_of(series).username
    properties, mask = changeset.revisions
    assert (properties.kind, properties.number, properties.phase, properties.name) == ("track", 1, phase.pk, "neck")
    assert (mask.kind, mask.frame, mask.mask, mask.area_px, mask.box) == ("mask", 2, DOT, 20, (2, 3, 6, 8))
    assert mask.origin == origin
    series.refresh_from_db()
    assert (series.version, series.annotated_frames) == (1, 1)


def test_tracks_are_numbered_in_the_order_of_their_creation(series: Series) -> None:
    tracks = [draw(series), draw(series)]
    pair = [uuid4(), uuid4()]
    commit(series, [TrackCreate(track=each, phase=None) for each in pair], [(each, None, None) for each in pair])
    numbers = dict(Track.objects.filter(series=series).values_list("id", "number"))
    assert [numbers[track] for track in [*tracks, *pair]] == [1, 2, 3, 4]


def test_equal_masks_are_stored_once(series: Series) -> None:
    draw(series)
    draw(make_series(series.project))
    assert Mask.objects.count() == 1
    assert MaskRevision.objects.count() == 2


def test_new_masks_lie_on_top_and_edited_ones_stay_in_place(series: Series) -> None:
    lower, upper = draw(series), draw(series, mask=BAR)
    commit(series, [MaskSet(track=lower, frame=0, mask=BAR)], [(lower, 0, head(series, lower, 0))])
    commit(series, [MaskSet(track=upper, frame=0, mask=DOT, order=-5)], [(upper, 0, head(series, upper, 0))])
    state = selectors.state_at(series=series, version=None, frame=0)
    assert [(each.track, each.order) for each in state.masks] == [(upper, -5), (lower, 0)]


def test_annotated_frames_count_frames_with_an_accepted_mask(series: Series) -> None:
    track = draw(series)
    proposal = MaskSet(track=track, frame=1, mask=DOT, state="proposal")
    commit(series, [proposal], [(track, 1, None)])
    series.refresh_from_db()
    assert series.annotated_frames == 1
    commit(series, [MaskSet(track=track, frame=1, mask=DOT)], [(track, 1, head(series, track, 1))])
    series.refresh_from_db()
    assert series.annotated_frames == 2
    commit(series, [MaskDelete(track=track, frame=0)], [(track, 0, head(series, track, 0))])
    series.refresh_from_db()
    assert series.annotated_frames == 1


def test_deleting_a_track_deletes_its_masks_and_restoring_brings_them_back(series: Series) -> None:
    track, other = draw(series), draw(series, mask=BAR)
    commit(series, [MaskSet(track=track, frame=3, mask=BAR)], [(track, 3, None)])
    # A mask that was deleted before the track does not come back with it.
    commit(series, [MaskSet(track=track, frame=4, mask=BAR)], [(track, 4, None)])
    commit(series, [MaskDelete(track=track, frame=4)], [(track, 4, head(series, track, 4))])
    commit(series, [TrackDelete(track=track)], [(track, None, track_head(series, track))])
    assert masks(series) == {other: BAR}
    assert masks(series, frame=3) == {}
    assert [each.track for each in selectors.state_at(series=series, version=None, frame=0).tracks] == [other]
    commit(series, [TrackRestore(track=track)], [(track, None, track_head(series, track))])
    assert masks(series) == {track: DOT, other: BAR}
    assert masks(series, frame=3) == {track: BAR}
    assert masks(series, frame=4) == {}


def test_a_restored_track_does_not_take_masks_that_another_tracks_deletion_left(series: Series) -> None:
    first, second = draw(series), draw(series, mask=BAR)
    together = [TrackDelete(track=first), MaskDelete(track=second, frame=0)]
    commit(series, together, [(first, None, track_head(series, first)), (second, 0, head(series, second, 0))])
    commit(series, [TrackDelete(track=second)], [(second, None, track_head(series, second))])
    both = [TrackRestore(track=first), TrackRestore(track=second)]
    commit(series, both, [(each, None, track_head(series, each)) for each in (first, second)])
    assert masks(series) == {first: DOT}


def test_operations_of_one_commit_apply_in_order(series: Series) -> None:
    track = uuid4()
    operations = [
        TrackCreate(track=track, phase=None),
        MaskSet(track=track, frame=0, mask=DOT),
        MaskSet(track=track, frame=0, mask=BAR),
        MaskSet(track=track, frame=1, mask=BAR),
        MaskDelete(track=track, frame=1),
        TrackSet(track=track, phase=None, name="bar"),
    ]
    commit(series, operations, [(track, None, None), (track, 0, None), (track, 1, None)])
    assert masks(series) == {track: BAR}
    assert [each.kind for each in selectors.changeset(series.pk, 1).revisions] == ["track", "mask"]


# ---- conflicts and repetition ---------------------------------------------------------------------------------


def test_a_stale_base_is_refused_and_the_newer_revision_named(series: Series) -> None:
    colleague = make_user("colleague")
    track = draw(series)
    seen = head(series, track, 0)
    commit(series, [MaskSet(track=track, frame=0, mask=BAR)], [(track, 0, seen)], author=colleague)
    with pytest.raises(StaleBaseError) as refused:
        commit(series, [MaskDelete(track=track, frame=0)], [(track, 0, seen)])
    (conflict,) = refused.value.conflicts
    assert (conflict.track, conflict.frame) == (track, 0)
    assert conflict.author is not None
    assert conflict.author.name == "colleague"
    assert conflict.current is not None
    assert conflict.current.revision == head(series, track, 0)
    assert conflict.current.kind == "mask"
    assert conflict.current.mask == BAR
    assert refused.value.body()["code"] == "conflict"
    assert selectors.head_of(series.pk) == 2


def test_a_mask_may_be_drawn_anew_by_somebody_who_never_saw_the_deleted_one(series: Series) -> None:
    track = draw(series)
    commit(series, [MaskDelete(track=track, frame=0)], [(track, 0, head(series, track, 0))], author=make_user())
    commit(series, [MaskSet(track=track, frame=0, mask=BAR)], [(track, 0, None)])
    assert masks(series) == {track: BAR}


def test_drawing_where_a_colleague_drew_meanwhile_is_a_conflict(series: Series) -> None:
    track = draw(series)
    commit(series, [MaskSet(track=track, frame=1, mask=DOT)], [(track, 1, None)], author=make_user())
    with pytest.raises(StaleBaseError):
        commit(series, [MaskSet(track=track, frame=1, mask=BAR)], [(track, 1, None)])


def test_a_large_conflict_is_answered_quickly(series: Series) -> None:
    # The series is locked meanwhile. 20 000 is the most that a commit may name.
    subjects = [(uuid4(), 0) for _ in range(20_000)]
    began = time.process_time()
    found = conflicts_about(series.pk, subjects)
    assert time.process_time() - began < 3
    assert [(each.track, each.frame, each.current) for each in found] == [(*subject, None) for subject in subjects]


def test_drawing_on_a_track_that_a_colleague_deleted_is_a_conflict(series: Series) -> None:
    track = draw(series)
    commit(series, [TrackDelete(track=track)], [(track, None, track_head(series, track))], author=make_user())
    with pytest.raises(StaleBaseError) as refused:
        commit(series, [MaskSet(track=track, frame=1, mask=BAR)], [(track, 1, None)])
    (conflict,) = refused.value.conflicts
    assert conflict.current is not None
    assert conflict.current.kind == "track"
    assert conflict.current.deleted


def test_deleting_a_track_on_which_a_colleague_drew_since_is_a_conflict(series: Series) -> None:
    request_id = uuid4()
    track = draw(series, request_id=request_id)
    commit(series, [MaskSet(track=track, frame=1, mask=BAR)], [(track, 1, None)])
    colleague = make_user("colleague")
    for frame in (2, 3):
        commit(series, [MaskSet(track=track, frame=frame, mask=BAR)], [(track, frame, None)], author=colleague)
    commit(series, [MaskDelete(track=track, frame=3)], [(track, 3, head(series, track, 3))], author=colleague)
    for base in (PendingBase(request_id=request_id), track_head(series, track)):
        with pytest.raises(StaleBaseError) as refused:
            commit(series, [TrackDelete(track=track)], [(track, None, base)])
        (conflict,) = refused.value.conflicts
        assert (conflict.track, conflict.frame) == (track, 2)
        assert conflict.author is not None
        assert conflict.author.name == "colleague"
    assert masks(series, frame=2) == {track: BAR}
    # Who names the mask as seen means it.
    seen = [(track, None, track_head(series, track)), (track, 2, head(series, track, 2))]
    commit(series, [TrackDelete(track=track)], seen)
    assert masks(series, frame=2) == {}


def test_deleting_a_track_takes_the_masks_that_were_there_at_its_base(series: Series) -> None:
    track = draw(series)
    commit(series, [MaskSet(track=track, frame=1, mask=BAR)], [(track, 1, None)], author=make_user())
    commit(series, [TrackSet(track=track, phase=None, name="x")], [(track, None, track_head(series, track))])
    commit(series, [TrackDelete(track=track)], [(track, None, track_head(series, track))])
    assert masks(series, frame=1) == {}


def test_one_stale_base_of_many_writes_nothing(series: Series) -> None:
    track, other = draw(series), draw(series)
    before = Changeset.objects.count(), MaskRevision.objects.count(), Mask.objects.count()
    operations = [MaskSet(track=track, frame=0, mask=BAR), MaskSet(track=other, frame=0, mask=BAR)]
    with pytest.raises(StaleBaseError) as refused:
        commit(series, operations, [(track, 0, head(series, track, 0)), (other, 0, 999_999)])
    assert [each.track for each in refused.value.conflicts] == [other]
    assert (Changeset.objects.count(), MaskRevision.objects.count(), Mask.objects.count()) == before
    assert selectors.head_of(series.pk) == 2


def test_a_repeated_request_gets_its_first_answer(series: Series) -> None:
    track = uuid4()
    sent = message(
        [TrackCreate(track=track, phase=None), MaskSet(track=track, frame=0, mask=DOT)],
        [(track, None, None), (track, 0, None)],
    )
    author = owner_of(series)
    first = services.commit(series_id=series.pk, author=author, message=sent)
    draw(series)
    again = services.commit(series_id=series.pk, author=author, message=sent)
    assert (again.version, again.repeated) == (first.version, True)
    assert selectors.head_of(series.pk) == 2


def test_a_request_id_cannot_be_used_for_something_else(series: Series) -> None:
    request_id = uuid4()
    draw(series, request_id=request_id)
    with pytest.raises(ConflictError) as refused:
        draw(series, request_id=request_id)
    assert refused.value.code == "request_reused"
    # Another person may have drawn the same number.
    draw(series, request_id=request_id, author=make_user())


def test_a_base_may_name_the_authors_own_pending_request(series: Series) -> None:
    request_id = uuid4()
    track = draw(series, request_id=request_id)
    pending = PendingBase(request_id=request_id)
    commit(series, [MaskSet(track=track, frame=0, mask=BAR)], [(track, 0, pending)])
    assert masks(series) == {track: BAR}
    # By now another commit came after that request.
    with pytest.raises(StaleBaseError):
        commit(series, [MaskSet(track=track, frame=0, mask=DOT)], [(track, 0, pending)])


def test_a_pending_request_that_failed_or_is_anothers_is_no_base(series: Series) -> None:
    request_id = uuid4()
    track = draw(series, request_id=request_id, author=make_user())
    for claimed in (request_id, uuid4()):
        with pytest.raises(StaleBaseError):
            commit(series, [MaskDelete(track=track, frame=0)], [(track, 0, PendingBase(request_id=claimed))])


# ---- refusals -------------------------------------------------------------------------------------------------


def test_an_object_without_base_is_named(series: Series) -> None:
    track = draw(series)
    with pytest.raises(InvalidError, match=f"mask of track {track} on frame 0") as refused:
        commit(series, [MaskSet(track=track, frame=0, mask=BAR)], [(track, None, track_head(series, track))])
    assert refused.value.code == "base_missing"


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (MaskRle(size=(HEIGHT, WIDTH + 1), counts="0"), "24×32 pixels"),
        (MaskRle(size=(HEIGHT, WIDTH), counts="zzz"), "Cannot read"),
        (rectangle(3, 3, 3, 3), "There is no pixel"),
    ],
)
def test_an_impossible_mask_is_refused(series: Series, mask: MaskRle, words: str) -> None:
    track = uuid4()
    operations = [TrackCreate(track=track, phase=None), MaskSet(track=track, frame=0, mask=mask)]
    with pytest.raises(InvalidError, match=words):
        commit(series, operations, [(track, None, None), (track, 0, None)])
    assert selectors.head_of(series.pk) == 0


def test_a_frame_outside_the_series_is_refused(series: Series) -> None:
    track = draw(series)
    with pytest.raises(InvalidError, match="frames 0 to 5"):
        commit(series, [MaskSet(track=track, frame=6, mask=DOT)], [(track, 6, None)])


def test_a_phase_of_another_project_is_refused(series: Series) -> None:
    foreign = make_phase(make_project())
    track = uuid4()
    with pytest.raises(InvalidError, match=str(foreign.pk)):
        commit(series, [TrackCreate(track=track, phase=foreign.pk)], [(track, None, None)])


def test_a_track_of_another_series_is_neither_drawn_on_nor_taken_over(series: Series) -> None:
    foreign = draw(make_series(series.project))
    with pytest.raises(InvalidError, match="no track"):
        commit(series, [MaskSet(track=foreign, frame=0, mask=DOT)], [(foreign, 0, None)])
    with pytest.raises(InvalidError, match="taken"):
        commit(series, [TrackCreate(track=foreign, phase=None)], [(foreign, None, None)])


def test_deleting_what_is_not_there_is_refused(series: Series) -> None:
    track = draw(series)
    with pytest.raises(InvalidError, match="no mask on frame 1"):
        commit(series, [MaskDelete(track=track, frame=1)], [(track, 1, None)])
    with pytest.raises(InvalidError, match="not deleted"):
        commit(series, [TrackRestore(track=track)], [(track, None, track_head(series, track))])


def test_a_drawing_order_that_the_database_cannot_hold_is_refused(series: Series) -> None:
    track = draw(series)
    operations = [MaskSet(track=track, frame=0, mask=DOT, order=2**40)]
    with pytest.raises(InvalidError, match="drawing order"):
        commit(series, operations, [(track, 0, head(series, track, 0))])


def test_a_series_that_is_gone_is_not_found(series: Series) -> None:
    author = owner_of(series)
    Series.objects.filter(pk=series.pk).delete()
    track = uuid4()
    with pytest.raises(NotFoundError):
        services.commit(
            series_id=series.pk,
            author=author,
            message=message([TrackCreate(track=track, phase=None)], [(track, None, None)]),
        )


# ---- restore and calibration ----------------------------------------------------------------------------------


def test_restoring_writes_only_what_differs(series: Series) -> None:
    changed, untouched = draw(series), draw(series)
    commit(series, [MaskSet(track=changed, frame=0, mask=BAR)], [(changed, 0, head(series, changed, 0))])
    late = draw(series, frame=1)
    made = reversals.restore(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=2)
    assert made.version == 5
    changeset = selectors.changeset(series.pk, 5)
    assert {(each.kind, each.track) for each in changeset.revisions if each.kind != "calibration"} == {
        ("mask", changed),
        ("mask", late),
        ("track", late),
    }
    assert masks(series) == {changed: DOT, untouched: DOT}
    assert masks(series, version=4) == {changed: BAR, untouched: DOT}
    series.refresh_from_db()
    assert series.annotated_frames == 1


def test_restoring_one_frame_revives_a_track_without_its_other_masks(series: Series) -> None:
    track = draw(series)
    commit(series, [MaskSet(track=track, frame=1, mask=BAR)], [(track, 1, None)])
    commit(series, [TrackDelete(track=track)], [(track, None, track_head(series, track))])
    reversals.restore(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=2, frames=(1, 1))
    assert masks(series, frame=1) == {track: BAR}
    assert masks(series, frame=0) == {}


def test_restoring_a_frame_deletes_the_tracks_that_it_leaves_bare(series: Series) -> None:
    before = draw(series, frame=2)
    commit(series, [MaskDelete(track=before, frame=2)], [(before, 2, head(series, before, 2))])
    version = selectors.head_of(series.pk)
    commit(series, [MaskSet(track=before, frame=2, mask=BAR)], [(before, 2, None)])
    bare, elsewhere = draw(series, frame=2), draw(series, frame=2)
    commit(series, [MaskSet(track=elsewhere, frame=3, mask=BAR)], [(elsewhere, 3, None)])
    reversals.restore(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=version, frames=(2, 2))
    state = selectors.state_at(series=series, version=None, frame=2)
    assert {each.track for each in state.tracks} == {before, elsewhere}  # `before` lived without a mask
    assert state.masks == []
    reversals.revert(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=state.version)
    assert masks(series, frame=2) == {before: BAR, bare: DOT, elsewhere: DOT}


def test_the_history_names_a_restored_frame_as_the_timeline_does(series: Series) -> None:
    draw(series, frame=1)
    made = reversals.restore(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=0, frames=(1, 1))
    assert selectors.changeset(series.pk, made.version).reason == "Restore version 0 of frame 2"


def test_restoring_some_tracks_leaves_the_others(series: Series) -> None:
    track, other = draw(series), draw(series, frame=1)
    reversals.restore(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=0, tracks=[track])
    assert masks(series) == {}
    assert masks(series, frame=1) == {other: DOT}


def test_restoring_reads_only_the_masks_that_changed_since(series: Series, monkeypatch: pytest.MonkeyPatch) -> None:
    changed, *untouched = [draw(series) for _ in range(4)]
    version = selectors.head_of(series.pk)
    commit(series, [MaskSet(track=changed, frame=0, mask=BAR)], [(changed, 0, head(series, changed, 0))])
    late = draw(series, frame=2)
    read: list[UUID] = []
    value = heads.mask_value

    def counted(revision: MaskRevision) -> MaskValue:
        read.append(revision.track_id)
        return value(revision)

    monkeypatch.setattr(heads, "mask_value", counted)
    reversals.restore(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=version)
    assert sorted(read) == sorted([changed, changed, late])  # what is there now, and what was
    assert masks(series) == dict.fromkeys([changed, *untouched], DOT)
    assert masks(series, frame=2) == {}


def test_restoring_what_is_so_already_or_never_was_is_refused(series: Series) -> None:
    draw(series)
    for version, tracks, words in [(1, None, "as in version 1"), (2, None, "versions 0 to 1"), (0, [uuid4()], "no tr")]:
        with pytest.raises(InvalidError, match=words):
            reversals.restore(
                series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=version, tracks=tracks
            )


def test_a_calibration_that_somebody_changed_meanwhile_is_a_conflict(series: Series) -> None:
    def calibrate(size: float, base: int | None) -> None:
        value = CalibrationValue(size, "nm", None, "grating replica")
        asked = {"series_id": series.pk, "author": owner_of(series), "request_id": uuid4()}
        services.set_calibration(**asked, value=value, base=base)
        series.refresh_from_db()

    calibrate(1.0, 0)
    first = series.calibration["revision"]
    calibrate(2.0, first)
    for seen in (0, first):
        with pytest.raises(ConflictError, match=r"the pixel size is 2 nm \(grating replica\)"):
            calibrate(3.0, seen)
    calibrate(3.0, None)
    assert series.calibration["pixel_size"] == 3.0


def test_a_calibration_is_a_version_and_comes_back_with_an_older_one(series: Series) -> None:
    value = CalibrationValue(0.21, "nm", None, "grating replica")
    services.set_calibration(series_id=series.pk, author=owner_of(series), request_id=uuid4(), value=value)
    series.refresh_from_db()
    (revision,) = selectors.changeset(series.pk, 1).revisions
    assert revision.kind == "calibration"
    assert series.calibration == {
        "pixel_size": 0.21,
        "unit": "nm",
        "frame_interval_s": None,
        "source": "grating replica",
        "revision": revision.revision,
    }
    assert selectors.calibration_at(series, 0).pixel_size == 0.5
    assert selectors.calibration_at(series, 1) == value
    reversals.restore(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=0)
    series.refresh_from_db()
    assert series.calibration["pixel_size"] == 0.5
    assert series.calibration["source"] == "file"


# ---- two at once ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_edits_at_once_one_wins_and_one_learns_of_it() -> None:
    series = make_series()
    track = draw(series)
    seen = head(series, track, 0)
    author = owner_of(series)
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def edit(mask: MaskRle) -> None:
        try:
            barrier.wait(10)
            sent = message([MaskSet(track=track, frame=0, mask=mask)], [(track, 0, seen)])
            services.commit(series_id=series.pk, author=author, message=sent)
            outcomes.append("committed")
        except StaleBaseError:
            outcomes.append("conflict")
        finally:
            connection.close()

    threads = [threading.Thread(target=edit, args=(rectangle(0, 0, 1, 1 + index),)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["committed", "conflict"]
    assert selectors.head_of(series.pk) == 2


@pytest.mark.django_db(transaction=True)
def test_independent_edits_at_once_all_get_versions_of_their_own() -> None:
    series = make_series()
    author = owner_of(series)
    writers, each_writes = 4, 5
    versions: list[int] = []

    def write() -> None:
        try:
            for _ in range(each_writes):
                track = uuid4()
                operations = [TrackCreate(track=track, phase=None), MaskSet(track=track, frame=0, mask=DOT)]
                sent = message(operations, [(track, None, None), (track, 0, None)])
                versions.append(services.commit(series_id=series.pk, author=author, message=sent).version)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(versions) == list(range(1, writers * each_writes + 1))
    numbers = Track.objects.filter(series=series).values_list("number", flat=True)
    assert sorted(numbers) == list(range(1, writers * each_writes + 1))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("whole_project", [False, True])
def test_a_deletion_waits_for_the_commit_that_is_under_way(
    monkeypatch: pytest.MonkeyPatch, whole_project: bool
) -> None:
    series = make_series()
    author = owner_of(series)
    appended, outcomes = threading.Event(), []
    real = requests.append

    def slow(**values: Any) -> Changeset:
        changeset = real(**values)
        appended.set()
        time.sleep(0.5)  # the deletion begins meanwhile
        return changeset

    monkeypatch.setattr(requests, "append", slow)

    def draw() -> None:
        try:
            track = uuid4()
            operations = [TrackCreate(track=track, phase=None), MaskSet(track=track, frame=0, mask=DOT)]
            sent = message(operations, [(track, None, None), (track, 0, None)])
            outcomes.append(services.commit(series_id=series.pk, author=author, message=sent).version)
        finally:
            connection.close()

    thread = threading.Thread(target=draw)
    thread.start()
    assert appended.wait(30)
    if whole_project:
        put_away(series.project)
        delete_project(project_id=series.project_id)
    else:
        put_away(series)
        delete_series(series_id=series.pk)
    thread.join(30)
    assert outcomes == [1]
    assert not Series.objects.exists()
    assert not MaskRevision.objects.exists()
