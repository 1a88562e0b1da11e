"""Edits of tracks over many frames: who gets which masks, what becomes of events, and what is refused; and undoing."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from backend.annotations import reversals, selectors, services
from backend.annotations.history import Wanted, history
from backend.annotations.lanes import lanes
from backend.annotations.models import Changeset, EventHead, MaskHead, MaskState, TrackHead
from backend.annotations.requests import Committed
from backend.annotations.steps import Edit
from backend.annotations.values import StaleBaseError
from backend.projects.models import Membership
from backend.projects.roles import Role
from backend.protocol.errors import ConflictError, InvalidError
from backend.protocol.messages import MaskRle, MaskSet, TrackCreate, TrackDelete
from backend.series.models import Series
from ml import rle
from tests.backend.builders import commit, make_phase, make_series, make_user, owner_of, rectangle

pytestmark = [pytest.mark.django_db, pytest.mark.database]

LEFT, RIGHT = rectangle(0, 0, 4, 4), rectangle(10, 0, 14, 4)


@pytest.fixture
def series() -> Series:
    return make_series()


def draw(series: Series, frames: range, mask: MaskRle = LEFT, **options: Any) -> UUID:
    """A new track with the mask on these frames."""
    track = uuid4()
    state = options.pop("state", "accepted")
    operations: list[Any] = [TrackCreate(track=track, phase=options.pop("phase", None))]
    operations += [MaskSet(track=track, frame=frame, mask=mask, state=state) for frame in frames]
    commit(series, operations, [(track, None, None), *((track, frame, None) for frame in frames)], **options)
    return track


def edit(
    series: Series, *steps: dict[str, Any], author: Any = None, seen: int | None = None, **values: Any
) -> Committed:
    head = selectors.head_of(series.pk)
    asked = {"request_id": uuid4(), "reason": "Edit", "seen": head if seen is None else seen, "steps": steps} | values
    return services.edit(series_id=series.pk, author=author or owner_of(series), asked=Edit.model_validate(asked))


def reassign(*moves: tuple[UUID, UUID], first: int = 0, last: int | None = None, **values: Any) -> dict[str, Any]:
    named = [{"track": track, "to": to} for track, to in moves]
    return {"op": "tracks.reassign", "moves": named, "first_frame": first, "last_frame": last} | values


def merge(parents: list[UUID], child: UUID, frame: int, **values: Any) -> dict[str, Any]:
    """The child is there from `frame` on."""
    tracks = {"parents": parents, "children": [child]}
    return {"op": "event.set", "event": uuid4(), "what": "merge", "first_frame": frame - 1, "last_frame": frame} | (
        tracks | values
    )


def frames_of(series: Series, track: UUID) -> list[int]:
    rows = MaskHead.objects.filter(series=series.pk, track=track).exclude(shown="")
    return sorted(rows.values_list("frame", flat=True))


def pixels(series: Series, track: UUID, frame: int) -> MaskRle | None:
    state = selectors.state_at(series=series, version=None, frame=frame)
    return next((each.mask for each in state.masks if each.track == track), None)


def is_deleted(track: UUID) -> bool:
    return TrackHead.objects.get(pk=track).revision.deleted


def events(series: Series) -> list[tuple[str, list[UUID], list[UUID]]]:
    state = selectors.state_at(series=series, version=None, frame=0)
    return [(each.what, each.parents, each.children) for each in state.events]


# ---- masks change hands -----------------------------------------------------------------------------------------


def test_an_id_changes_from_a_frame_on(series: Series) -> None:
    one, other = draw(series, range(6)), draw(series, range(2), RIGHT)
    edit(series, reassign((one, other), first=3))
    assert (frames_of(series, one), frames_of(series, other)) == ([0, 1, 2], [0, 1, 3, 4, 5])


def test_a_track_is_cut_into_a_new_one(series: Series) -> None:
    phase, new = make_phase(series.project), uuid4()
    one = draw(series, range(4), phase=phase.pk)
    edit(series, {"op": "track.create", "track": new, "phase": phase.pk}, reassign((one, new), first=2))
    assert (frames_of(series, one), frames_of(series, new)) == ([0, 1], [2, 3])
    assert TrackHead.objects.get(pk=new).revision.phase_id == phase.pk


def test_two_tracks_are_joined_and_the_empty_one_is_deleted(series: Series) -> None:
    one, other = draw(series, range(3)), draw(series, range(3, 6), RIGHT)
    edit(series, reassign((other, one)))
    assert frames_of(series, one) == list(range(6))
    assert is_deleted(other)


def test_two_tracks_exchange_their_masks_on_some_frames(series: Series) -> None:
    one, other = draw(series, range(4)), draw(series, range(4), RIGHT)
    edit(series, reassign((one, other), (other, one), first=1, last=2))
    assert [pixels(series, one, frame) for frame in range(4)] == [LEFT, RIGHT, RIGHT, LEFT]
    assert [pixels(series, other, frame) for frame in range(4)] == [RIGHT, LEFT, LEFT, RIGHT]


def test_masks_that_would_lie_on_each_other_are_refused_or_joined(series: Series) -> None:
    one, other = draw(series, range(3)), draw(series, range(1, 3), RIGHT)
    with pytest.raises(InvalidError, match="both have masks on 2 of these frames") as refused:
        edit(series, reassign((other, one)))
    assert refused.value.code == "collision"
    edit(series, reassign((other, one), collision="join"))
    joined = pixels(series, one, 1)
    assert joined is not None
    both = rle.union([rle.validate(each.size, each.counts) for each in (LEFT, RIGHT)])
    assert joined.counts == both.counts
    assert selectors.masks_at(series.pk, selectors.head_of(series.pk)).get(track=one, frame=1).origin["edited"]


@pytest.mark.parametrize(("way", "kept"), [("keep", LEFT), ("replace", RIGHT)])
def test_of_two_masks_in_one_place_one_can_be_kept(series: Series, way: str, kept: MaskRle) -> None:
    one, other = draw(series, range(3)), draw(series, range(1, 5), RIGHT)
    with pytest.raises(InvalidError, match="#1 and #2 both have masks on 2 of these frames"):
        edit(series, reassign((other, one)))
    edit(series, reassign((other, one), collision=way))
    assert [pixels(series, one, frame) for frame in range(5)] == [LEFT, kept, kept, RIGHT, RIGHT]
    assert is_deleted(other)


def test_what_was_accepted_stays_so_when_it_is_joined_with_a_larger_proposal(series: Series) -> None:
    one = draw(series, range(3))
    larger = draw(series, range(3), rectangle(10, 0, 30, 20), state="proposal")
    edit(series, reassign((larger, one), collision="join"))
    assert set(MaskHead.objects.filter(track=one).values_list("shown", flat=True)) == {MaskState.ACCEPTED}


def test_the_first_frame_that_changes_hands_is_accepted_and_the_rest_stay_proposals(series: Series) -> None:
    one, other = draw(series, range(4), state="proposal"), draw(series, range(1), RIGHT)
    edit(series, reassign((one, other), first=2))
    states = MaskHead.objects.filter(track=other, frame__gte=2).order_by("frame").values_list("shown", flat=True)
    assert list(states) == [MaskState.ACCEPTED, MaskState.PROPOSAL]


def test_a_proposal_that_is_kept_in_its_place_stays_one(series: Series) -> None:
    one, other = draw(series, range(3), state="proposal"), draw(series, range(1, 3), RIGHT, state="proposal")
    edit(series, reassign((other, one), collision="keep"))
    assert set(MaskHead.objects.filter(track=one).values_list("shown", flat=True)) == {MaskState.PROPOSAL}


def test_a_track_ends_where_its_later_masks_are_deleted(series: Series) -> None:
    one = draw(series, range(5))
    edit(series, {"op": "masks.delete", "track": one, "first_frame": 3})
    assert frames_of(series, one) == [0, 1, 2]
    edit(series, {"op": "masks.delete", "track": one, "first_frame": 0})
    assert is_deleted(one)


def test_proposals_of_a_track_are_accepted_over_frames(series: Series) -> None:
    one, other = draw(series, range(4), state="proposal"), draw(series, range(4), RIGHT, state="proposal")
    edit(series, {"op": "masks.accept", "tracks": [one], "first_frame": 0, "last_frame": 2})
    assert MaskHead.objects.filter(track=one, shown=MaskState.ACCEPTED).count() == 3
    assert not MaskHead.objects.filter(track=other, shown=MaskState.ACCEPTED).exists()
    edit(series, {"op": "masks.accept", "tracks": None, "first_frame": 0})
    assert not MaskHead.objects.filter(shown=MaskState.PROPOSAL).exists()


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        (lambda one: [reassign((one, one))], "moves"),
        (lambda one: [reassign((one, uuid4()))], "no_track"),
        (lambda one: [{"op": "masks.delete", "track": one, "first_frame": 5}], "no_mask"),
        (lambda one: [{"op": "track.create", "track": one, "phase": None}], "track_exists"),
        (lambda one: [{"op": "track.create", "track": uuid4(), "phase": uuid4()}], "no_phase"),
        (lambda one: [{"op": "event.delete", "event": uuid4()}], "no_event"),
        (lambda one: [merge([one], uuid4(), 2)], "event_tracks"),
        (lambda one: [merge([one, uuid4()], one, 2)], "event_tracks"),
        (lambda one: [merge([one, uuid4()], uuid4(), 99)], "event_frames"),
    ],
)
def test_an_impossible_step_refuses_the_whole_edit(series: Series, steps: Any, code: str) -> None:
    one = draw(series, range(3))
    accepted = {"op": "masks.accept", "tracks": [one], "first_frame": 0}
    with pytest.raises(InvalidError) as refused:
        edit(series, accepted, *steps(one))
    assert refused.value.code == code
    assert selectors.head_of(series.pk) == 1


def test_the_id_of_another_series_track_is_taken(series: Series) -> None:
    elsewhere = draw(make_series(frames=5), range(1))
    draw(series, range(1))
    with pytest.raises(InvalidError, match="is taken"):
        edit(series, {"op": "track.create", "track": elsewhere, "phase": None})


def test_a_mask_that_somebody_drew_meanwhile_is_a_conflict(series: Series) -> None:
    other_author = make_user()
    Membership.objects.create(project=series.project, user=other_author, role=Role.ANNOTATOR)
    one, other = draw(series, range(3)), draw(series, range(1), RIGHT)
    seen = selectors.head_of(series.pk)
    revision = selectors.masks_at(series.pk, seen).get(track=one, frame=2).pk
    commit(series, [MaskSet(track=one, frame=2, mask=RIGHT)], [(one, 2, revision)], author=other_author)
    with pytest.raises(StaleBaseError):
        edit(series, reassign((one, other), first=1), seen=seen)
    edit(series, reassign((one, other), first=1, last=1), seen=seen)  # that frame is as it was seen
    assert frames_of(series, other) == [0, 1]


def test_a_repeated_request_gets_its_first_answer(series: Series) -> None:
    one, other = draw(series, range(3)), draw(series, range(1), RIGHT)
    request = uuid4()
    first = edit(series, reassign((one, other), first=1), request_id=request, seen=2)
    # A page that was loaded anew has seen more by then.
    again = edit(series, reassign((one, other), first=1), request_id=request, seen=3)
    assert (again.version, again.repeated) == (first.version, True)


# ---- lineage ----------------------------------------------------------------------------------------------------


@pytest.fixture
def family(series: Series) -> tuple[UUID, UUID, UUID]:
    """Two parents until frame 2, and their child from 3 on."""
    return draw(series, range(3)), draw(series, range(3), RIGHT), draw(series, range(3, 6))


def test_a_merge_is_written_down_and_removed(series: Series, family: tuple[UUID, UUID, UUID]) -> None:
    one, other, child = family
    step = merge([one, other], child, 3, confidence=0.8, state="proposal")
    edit(series, step)
    assert events(series) == [("merge", [one, other], [child])]
    edit(series, step | {"state": "accepted"})
    assert EventHead.objects.get().revision.state == MaskState.ACCEPTED
    edit(series, {"op": "event.delete", "event": step["event"]})
    assert events(series) == []


def test_a_track_has_in_its_history_the_events_that_named_it(series: Series, family: tuple[UUID, UUID, UUID]) -> None:
    one, other, child = family
    third = draw(series, range(3), RIGHT)

    def touching(track: UUID) -> list[int]:
        return [
            row.version for row in history(series_id=series.pk, before=None, limit=9, wanted=Wanted(track=track))[0]
        ]

    merged = merge([one, other], child, 3)
    made = edit(series, merged).version
    changed = edit(series, merged | {"parents": [one, third]}).version
    removed = edit(series, {"op": "event.delete", "event": merged["event"]}).version
    assert touching(one)[:3] == [removed, changed, made]
    assert touching(other)[:2] == [changed, made]
    assert touching(third)[:2] == [removed, changed]


def test_parents_end_before_their_child_begins(series: Series, family: tuple[UUID, UUID, UUID]) -> None:
    one, other, child = family
    with pytest.raises(InvalidError, match="has a mask on frame 3") as refused:
        edit(series, merge([one, other], child, 2))
    assert refused.value.code == "lineage"
    edit(series, merge([one, other], child, 3))
    with pytest.raises(InvalidError, match="undo the merge"):
        commit(series, [MaskSet(track=one, frame=4, mask=RIGHT)], [(one, 4, None)])
    with pytest.raises(InvalidError, match="#3 has a mask on frame 1"):
        commit(series, [MaskSet(track=child, frame=0, mask=RIGHT)], [(child, 0, None)])
    commit(series, [MaskSet(track=child, frame=3, mask=RIGHT)], [(child, 3, revision(series, child, 3))])


def revision(series: Series, track: UUID, frame: int) -> int:
    return selectors.masks_at(series.pk, selectors.head_of(series.pk)).get(track=track, frame=frame).pk


def test_events_follow_the_masks_that_show_them(series: Series, family: tuple[UUID, UUID, UUID]) -> None:
    one, other, child = family
    edit(series, merge([one, other], child, 3))
    new = uuid4()
    edit(series, {"op": "track.create", "track": new, "phase": None}, reassign((one, new), first=2))
    assert events(series) == [("merge", [new, other], [child])]
    edit(series, reassign((new, one), first=0))
    assert events(series) == [("merge", [one, other], [child])]


def test_a_merge_into_one_of_its_parents_is_none(series: Series, family: tuple[UUID, UUID, UUID]) -> None:
    one, other, child = family
    edit(series, merge([one, other], child, 3))
    edit(series, reassign((child, one)))
    assert events(series) == []
    assert frames_of(series, one) == list(range(6))


def test_an_event_that_somebody_changed_meanwhile_is_a_conflict(
    series: Series, family: tuple[UUID, UUID, UUID]
) -> None:
    one, other, child = family
    step, other_author = merge([one, other], child, 3, state="proposal"), make_user()
    Membership.objects.create(project=series.project, user=other_author, role=Role.ANNOTATOR)
    edit(series, step)
    seen = selectors.head_of(series.pk)
    edit(series, step | {"state": "accepted"}, author=other_author)
    for change in (step, {"op": "event.delete", "event": step["event"]}):
        with pytest.raises(ConflictError):
            edit(series, change, seen=seen)
    assert EventHead.objects.get().revision.state == MaskState.ACCEPTED


def test_a_deleted_parent_takes_the_merge_out_of_force_until_it_is_back(
    series: Series, family: tuple[UUID, UUID, UUID]
) -> None:
    one, other, child = family
    edit(series, merge([one, other], child, 3))
    commit(series, [TrackDelete(track=one)], [(one, None, TrackHead.objects.get(pk=one).revision_id)])
    commit(series, [MaskSet(track=other, frame=4, mask=RIGHT)], [(other, 4, None)])
    with pytest.raises(InvalidError, match="has a mask on frame 5"):
        reversals.revert(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=5)


# ---- undo -------------------------------------------------------------------------------------------------------


def test_any_version_is_undone_and_redone(series: Series, family: tuple[UUID, UUID, UUID]) -> None:
    one, other, child = family
    edit(series, merge([one, other], child, 3))
    before = [selectors.state_at(series=series, version=4, frame=frame).model_dump(mode="json") for frame in range(6)]
    made = edit(series, reassign((child, one)))
    undone = reversals.revert(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=made.version)
    assert [stated(series, frame) for frame in range(6)] == [comparable(state) for state in before]
    reversals.revert(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=undone.version)
    assert frames_of(series, one) == list(range(6))
    assert events(series) == []


def test_edits_that_build_on_each_other_are_undone_one_by_one_and_redone(
    series: Series, family: tuple[UUID, UUID, UUID]
) -> None:
    one, other, child = family
    part = uuid4()
    edit(series, merge([one, other], child, 3))
    steps = (
        [{"op": "track.create", "track": part, "phase": None}, reassign((child, part), first=4)],
        [reassign((part, child))],
        [reassign((one, other), (other, one), first=1)],
    )
    shown, versions = [whole(series)], []
    for each in steps:
        versions.append(edit(series, *each).version)
        shown.append(whole(series))
    for _ in range(2):
        undone = []
        for version, before in zip(reversed(versions), reversed(shown[:-1]), strict=True):
            undone.append(revert(series, version))
            assert whole(series) == before
        versions = []
        for version, after in zip(reversed(undone), shown[1:], strict=True):
            versions.append(revert(series, version))
            assert whole(series) == after


def whole(series: Series) -> list[Any]:
    return [stated(series, frame) for frame in range(6)]


def revert(series: Series, version: int) -> int:
    return reversals.revert(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=version).version


def test_an_undo_that_is_undone_is_called_a_redo(series: Series) -> None:
    one, other = draw(series, range(2)), draw(series, range(2, 4))
    made = edit(series, reassign((other, one)), reason="Join #1 and #2").version
    for reason in ("Undo: Join #1 and #2", "Redo: Join #1 and #2", "Undo: Join #1 and #2"):
        made = revert(series, made)
        assert Changeset.objects.get(series=series, version=made).reason == reason


def stated(series: Series, frame: int) -> Any:
    return comparable(selectors.state_at(series=series, version=None, frame=frame).model_dump(mode="json"))


def comparable(state: dict[str, Any]) -> Any:
    """What is there, apart from who wrote it down when."""
    return [
        sorted(str({k: v for k, v in row.items() if k != "revision"}) for row in state[kind])
        for kind in ("tracks", "events", "masks")
    ]


def test_what_somebody_changed_since_is_not_undone(series: Series) -> None:
    one = draw(series, range(3))
    commit(series, [MaskSet(track=one, frame=0, mask=RIGHT)], [(one, 0, revision(series, one, 0))])
    with pytest.raises(StaleBaseError):
        reversals.revert(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=1)


def test_an_event_that_was_changed_since_is_not_undone(series: Series, family: tuple[UUID, UUID, UUID]) -> None:
    one, other, child = family
    step = merge([one, other], child, 3, state="proposal")
    made = edit(series, step)
    edit(series, step | {"state": "accepted"})
    with pytest.raises(ConflictError):
        reversals.revert(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=made.version)


def test_a_track_that_others_gave_masks_to_does_not_go_with_an_undo(series: Series) -> None:
    one, new, other_author = draw(series, range(4)), uuid4(), make_user()
    Membership.objects.create(project=series.project, user=other_author, role=Role.ANNOTATOR)
    cut = edit(series, {"op": "track.create", "track": new, "phase": None}, reassign((one, new), first=2))
    commit(series, [MaskSet(track=new, frame=5, mask=RIGHT)], [(new, 5, None)], author=other_author)
    with pytest.raises(StaleBaseError):
        reversals.revert(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=cut.version)
    assert frames_of(series, new) == [2, 3, 5]


def test_masks_do_not_come_back_to_a_track_that_was_deleted_since(series: Series) -> None:
    one = draw(series, range(4))
    ended = edit(series, {"op": "masks.delete", "track": one, "first_frame": 2})
    commit(series, [TrackDelete(track=one)], [(one, None, TrackHead.objects.get(pk=one).revision_id)])
    with pytest.raises(StaleBaseError):
        reversals.revert(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=ended.version)
    assert frames_of(series, one) == []


def test_a_restored_series_has_its_events_again(series: Series, family: tuple[UUID, UUID, UUID]) -> None:
    one, other, child = family
    edit(series, merge([one, other], child, 3))
    edit(series, reassign((child, one)))
    reversals.restore(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=4)
    assert events(series) == [("merge", [one, other], [child])]
    reversals.restore(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=3)
    assert events(series) == []


# ---- what is read -----------------------------------------------------------------------------------------------


def test_lanes_are_runs_of_frames_with_one_state_and_level_of_confidence(series: Series) -> None:
    one = draw(series, range(2))
    draw(series, range(1, 4), RIGHT, state="proposal")
    commit(series, [MaskSet(track=one, frame=4, mask=LEFT)], [(one, 4, None)])
    found = lanes(series_id=series.pk, version=None)
    runs = [[(run.first, run.last, run.state) for run in lane.runs] for lane in found.tracks]
    assert runs == [[(0, 1, "accepted"), (4, 4, "accepted")], [(1, 3, "proposal")]]
    assert [lane.number for lane in found.tracks] == [1, 2]
    earlier = lanes(series_id=series.pk, version=1)
    assert [[(run.first, run.last) for run in lane.runs] for lane in earlier.tracks] == [[(0, 1)]]


def test_edits_come_through_the_api(client: Client, series: Series, family: tuple[UUID, UUID, UUID]) -> None:
    one, other, child = family
    client.force_login(owner_of(series))
    step = merge([one, other], child, 3)
    body = {"request_id": str(uuid4()), "seen": 3, "steps": [step | {"event": str(step["event"])}]}
    body["steps"][0] |= {"parents": [str(one), str(other)], "children": [str(child)]}
    answer = client.post(f"/api/v1/series/{series.pk}/edits", body, "application/json")
    assert answer.status_code == 201, answer.content
    assert [each["kind"] for each in answer.json()["revisions"]] == ["event"]
    lane = client.get(f"/api/v1/series/{series.pk}/lanes").json()
    assert [each["what"] for each in lane["events"]] == ["merge"]
    body = {"request_id": str(uuid4()), "version": answer.json()["version"]}
    assert client.post(f"/api/v1/series/{series.pk}/revert", body, "application/json").status_code == 201
    assert client.get(f"/api/v1/series/{series.pk}/lanes").json()["events"] == []
    bad = {"request_id": str(uuid4()), "seen": 3, "steps": [{"op": "tracks.reassign", "moves": []}]}
    assert client.post(f"/api/v1/series/{series.pk}/edits", bad, "application/json").status_code == 400
