"""What a tracking writes of a frame, and what of the frame it leaves alone."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.annotations import reversals, selectors, services
from backend.annotations.following import Followed, FollowedObject
from backend.annotations.models import Changeset, EventHead, MaskHead, MaskState
from backend.annotations.requests import Committed
from backend.annotations.values import EventValue
from backend.jobs.models import Job, Queue
from backend.protocol.messages import MaskRle, Origin
from backend.series.models import Series
from ml.rle import Rle
from tests.backend.annotations.test_edits import draw, edit, events, frames_of, is_deleted, merge, pixels
from tests.backend.builders import make_phase, make_series, owner_of, rectangle

pytestmark = [pytest.mark.django_db, pytest.mark.database]

HERE, THERE, BELOW = rectangle(0, 0, 4, 4), rectangle(10, 0, 14, 4), rectangle(0, 10, 4, 14)
ORIGIN = Origin(model="threshold", tracker="overlap", score=0.9, confidence=0.75).model_dump(mode="json")


@pytest.fixture
def series() -> Series:
    return make_series()


@pytest.fixture
def job(series: Series) -> Job:
    return Job.objects.create(
        kind="track", queue=Queue.LONG, project=series.project, created_by=owner_of(series), series=series.pk
    )


def follow(series: Series, job: Job, frame: int, masks: dict[UUID, MaskRle], **values: Any) -> Committed | None:
    phase = values.pop("phase", None)
    objects = [FollowedObject(track, phase, Rle(mask.size, mask.counts), ORIGIN) for track, mask in masks.items()]
    usual: dict[str, Any] = {"kept": (), "events": {}, "between": (frame - 1, frame) if frame else None, "scope": None}
    return services.follow(
        series_id=series.pk,
        author=owner_of(series),
        job=job,
        request_id=uuid4(),
        followed=Followed(frame, objects, **usual | values),
    )


def event(kind: str, frame: int, parents: tuple[UUID, ...] = (), children: tuple[UUID, ...] = ()) -> EventValue:
    return EventValue(kind, frame - 1, frame, parents, children, 0.7, MaskState.PROPOSAL.value, ORIGIN)


def shown(series: Series, frame: int) -> dict[UUID, str]:
    rows = MaskHead.objects.filter(series=series.pk, frame=frame).exclude(shown="")
    return dict(rows.values_list("track", "shown"))


def test_tracks_get_their_masks_as_proposals_with_what_found_them(series: Series, job: Job) -> None:
    phase, one = make_phase(series.project), draw(series, range(1))
    new = uuid4()
    follow(series, job, 1, {one: HERE, new: THERE}, phase=phase.pk)
    assert shown(series, 1) == {one: "proposal", new: "proposal"}
    state = selectors.state_at(series=series, version=None, frame=1)
    assert [(each.origin.tracker, each.origin.confidence) for each in state.masks] == [("overlap", 0.75)] * 2
    assert [track.phase for track in state.tracks] == [None, phase.pk]  # one has the phase that it had
    assert Changeset.objects.get(version=2).job == job


def test_accepted_masks_stay_whatever_was_tracked(series: Series, job: Job) -> None:
    one = draw(series, range(3))
    follow(series, job, 1, {one: THERE})
    assert pixels(series, one, 1) == HERE
    assert shown(series, 1) == {one: "accepted"}


def test_what_was_given_to_the_tracker_stays_though_it_is_a_proposal(series: Series, job: Job) -> None:
    one = draw(series, range(2), state="proposal")
    assert follow(series, job, 1, {one: THERE}, kept=[one]) is None
    assert pixels(series, one, 1) == HERE


def test_proposals_that_were_not_found_again_give_way_and_bare_tracks_go(series: Series, job: Job) -> None:
    one, other = draw(series, range(3), state="proposal"), draw(series, range(1, 2), THERE, state="proposal")
    follow(series, job, 1, {one: BELOW})
    assert (pixels(series, one, 1), pixels(series, other, 1)) == (BELOW, None)
    assert is_deleted(other)
    assert not is_deleted(one)


def test_only_the_tracks_that_are_followed_give_way(series: Series, job: Job) -> None:
    one, other = draw(series, range(3), state="proposal"), draw(series, range(3), THERE, state="proposal")
    follow(series, job, 1, {}, scope={one})
    assert shown(series, 1) == {other: "proposal"}


def test_a_track_that_was_deleted_meanwhile_comes_back_with_its_mask(series: Series, job: Job) -> None:
    one = draw(series, range(1, 2), state="proposal")
    edit(series, {"op": "masks.delete", "track": one, "first_frame": 0})
    follow(series, job, 1, {one: HERE})
    assert frames_of(series, one) == [1]
    assert not is_deleted(one)


def test_a_merge_is_written_with_its_tracks(series: Series, job: Job) -> None:
    one, other, child = draw(series, range(2)), draw(series, range(2), THERE), uuid4()
    follow(series, job, 2, {child: HERE}, events={uuid4(): event("merge", 2, (one, other), (child,))})
    assert events(series) == [("merge", [one, other], [child])]
    assert EventHead.objects.get().revision.confidence == 0.7


def test_what_was_found_between_two_frames_before_gives_way(series: Series, job: Job) -> None:
    one, other, child = draw(series, range(2)), draw(series, range(2), THERE), uuid4()
    name = uuid4()
    follow(series, job, 2, {child: HERE}, events={name: event("merge", 2, (one, other), (child,))})
    follow(series, job, 2, {one: HERE, other: THERE}, kept=[])
    assert events(series) == []
    assert is_deleted(child)


def test_a_confirmed_merge_stays_and_is_not_told_twice(series: Series, job: Job) -> None:
    one, other, child = draw(series, range(2)), draw(series, range(2), THERE), draw(series, range(2, 4))
    edit(series, merge([one, other], child, 2))
    ended = {uuid4(): event("dissolution", 2, (one,)), uuid4(): event("birth", 2, (), (child,))}
    follow(series, job, 2, {child: HERE}, events=ended)
    assert events(series) == [("merge", [one, other], [child])]


def test_a_mask_that_contradicts_a_confirmed_merge_is_left_out(series: Series, job: Job) -> None:
    one, other, child = draw(series, range(2)), draw(series, range(2), THERE), draw(series, range(2, 4))
    edit(series, merge([one, other], child, 2))
    new = uuid4()
    follow(series, job, 3, {one: BELOW, new: THERE})
    assert shown(series, 3) == {child: "accepted", new: "proposal"}


def test_a_merge_that_contradicts_accepted_masks_is_not_written(series: Series, job: Job) -> None:
    one, other, child = draw(series, range(4)), draw(series, range(2), THERE), uuid4()
    follow(series, job, 2, {child: BELOW}, events={uuid4(): event("merge", 2, (one, other), (child,))})
    assert events(series) == []
    assert shown(series, 2) == {one: "accepted", child: "proposal"}


def test_old_proposals_ahead_give_way_to_a_merge_that_ends_their_tracks(series: Series, job: Job) -> None:
    one, other = draw(series, range(6), state="proposal"), draw(series, range(6), THERE, state="proposal")
    child = uuid4()
    follow(series, job, 2, {child: HERE}, events={uuid4(): event("merge", 2, (one, other), (child,))})
    assert events(series) == [("merge", [one, other], [child])]
    assert (frames_of(series, one), frames_of(series, other)) == ([0, 1], [0, 1])
    reversals.revert_job(series_id=series.pk, author=owner_of(series), request_id=uuid4(), job=job.pk)
    assert (frames_of(series, one), events(series)) == (list(range(6)), [])


# ---- undo of the whole job --------------------------------------------------------------------------------------


def test_a_job_is_undone_but_for_what_people_changed_since(series: Series, job: Job) -> None:
    one, new, kept = draw(series, range(1)), uuid4(), uuid4()
    for frame in range(1, 4):
        follow(series, job, frame, {one: HERE, new: THERE, kept: BELOW})
    edit(series, {"op": "masks.accept", "tracks": [kept], "first_frame": 2, "last_frame": 2})
    undone = reversals.revert_job(series_id=series.pk, author=owner_of(series), request_id=uuid4(), job=job.pk)
    assert undone == 8
    assert frames_of(series, one) == [0]
    assert frames_of(series, kept) == [2]
    assert is_deleted(new)
    assert not is_deleted(kept)
    assert reversals.revert_job(series_id=series.pk, author=owner_of(series), request_id=uuid4(), job=job.pk) == 0


def test_undoing_a_job_brings_back_what_gave_way(series: Series, job: Job) -> None:
    one, other = draw(series, range(3), state="proposal"), draw(series, range(1, 2), THERE, state="proposal")
    follow(series, job, 1, {one: BELOW})
    reversals.revert_job(series_id=series.pk, author=owner_of(series), request_id=uuid4(), job=job.pk)
    assert (pixels(series, one, 1), pixels(series, other, 1)) == (HERE, THERE)
    assert not is_deleted(other)


def test_a_merge_that_a_job_removed_stays_away_where_people_went_on_without_it(series: Series, job: Job) -> None:
    one, other, child = (
        draw(series, range(2)),
        draw(series, range(2), THERE),
        draw(series, range(2, 4), state="proposal"),
    )
    edit(series, merge([one, other], child, 2, state="proposal"))
    follow(series, job, 2, {one: HERE, other: THERE})
    edit(series, {"op": "masks.accept", "tracks": [one], "first_frame": 2})
    reversals.revert_job(series_id=series.pk, author=owner_of(series), request_id=uuid4(), job=job.pk)
    assert events(series) == []
    assert frames_of(series, one) == [0, 1, 2]
