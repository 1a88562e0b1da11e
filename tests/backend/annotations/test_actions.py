"""A person's own actions: what undo and redo mean after a reload, of everything and of one object."""

import random
import threading
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client

from backend.annotations import actions, reversals, services
from backend.annotations.actions import Actions, actions_of
from backend.annotations.models import Changeset
from backend.annotations.proposals import Selection
from backend.annotations.selectors import state_at
from backend.annotations.values import CalibrationValue, StaleBaseError
from backend.jobs.services import enqueue
from backend.projects.models import User
from backend.protocol.errors import ConflictError, InvalidError, NotFoundError
from backend.protocol.messages import MaskDelete, MaskRle, MaskSet, TrackCreate
from backend.series.models import Series
from tests.backend.builders import commit, make_series, make_user, message, owner_of, rectangle

pytestmark = [pytest.mark.django_db, pytest.mark.database]

DOT = rectangle(2, 3, 6, 8)
BAR = rectangle(0, 10, 30, 12)
BLOCK = rectangle(10, 10, 20, 20)


@pytest.fixture
def series() -> Series:
    return make_series()


def masks(series: Series, frame: int = 0) -> dict[UUID, str]:
    state = state_at(series=series, version=None, frame=frame)
    return {each.track: each.sha256 or "" for each in state.masks}


def head(series: Series, track: UUID, frame: int = 0) -> int | None:
    found = [each.revision for each in state_at(series=series, version=None, frame=frame).masks if each.track == track]
    return found[0] if found else None


def draw(series: Series, mask: MaskRle = DOT, frame: int = 0, *, proposal: bool = False) -> UUID:
    track = uuid4()
    state = "proposal" if proposal else "accepted"
    operations = [TrackCreate(track=track, phase=None), MaskSet(track=track, frame=frame, mask=mask, state=state)]
    commit(series, operations, [(track, None, None), (track, frame, None)], reason="Draw")
    return track


def paint(series: Series, track: UUID, mask: MaskRle, author: User | None = None) -> None:
    operations = [MaskSet(track=track, frame=0, mask=mask)]
    values = message(operations, [(track, 0, head(series, track))], reason="Paint")
    services.commit(series_id=series.pk, author=author or owner_of(series), message=values)


def take_back(series: Series, action: UUID) -> None:
    reversals.take_back(series_id=series.pk, author=owner_of(series), request_id=uuid4(), action=action)


def undo(series: Series) -> None:
    take_back(series, actions_of(series.pk, owner_of(series).pk).undo[-1].id)


def redo(series: Series) -> None:
    take_back(series, actions_of(series.pk, owner_of(series).pk).redo[-1].id)


def last_version(series: Series) -> int:
    return Series.objects.get(pk=series.pk).version


def revert(series: Series, version: int, author: User) -> int:
    return reversals.revert(series_id=series.pk, author=author, request_id=uuid4(), version=version).version


def calibrate(series: Series, size: float) -> None:
    value = CalibrationValue(size, "nm", None, "ruler")
    services.set_calibration(series_id=series.pk, author=owner_of(series), request_id=uuid4(), value=value)


def pixel_size(series: Series) -> float | None:
    size: float | None = Series.objects.get(pk=series.pk).calibration["pixel_size"]
    return size


def undo_of_object(series: Series, track: UUID, frame: int = 0) -> None:
    reversals.take_back_of_object(
        series_id=series.pk, author=owner_of(series), request_id=uuid4(), track=track, frame=frame
    )


def test_undo_and_redo_go_through_the_actions_one_by_one(series: Series) -> None:
    track = draw(series)
    drawn = masks(series)
    paint(series, track, BAR)
    painted = masks(series)
    undo(series)
    assert masks(series) == drawn
    undo(series)
    assert masks(series) == {}
    redo(series)
    assert masks(series) == drawn
    redo(series)
    assert masks(series) == painted
    assert actions_of(series.pk, owner_of(series).pk).redo == []


def test_a_commit_that_says_what_it_undoes_is_no_action_of_its_own(series: Series) -> None:
    track = draw(series)
    [drawn] = actions_of(series.pk, owner_of(series).pk).undo
    values = message([MaskDelete(track=track, frame=0)], [(track, 0, head(series, track))])
    values = values.model_copy(update={"undoes": drawn.id})
    services.commit(series_id=series.pk, author=owner_of(series), message=values)
    found = actions_of(series.pk, owner_of(series).pk)
    assert [found.undo, [each.id for each in found.redo]] == [[], [values.request_id]]
    assert found.redo[0].reason == "Draw"


def test_only_ones_own_actions_are_listed_and_taken_back(series: Series) -> None:
    draw(series)
    stranger = make_user()
    assert actions_of(series.pk, stranger.pk).undo == []
    [drawn] = actions_of(series.pk, owner_of(series).pk).undo
    with pytest.raises(NotFoundError, match="You have no action"):
        reversals.take_back(series_id=series.pk, author=stranger, request_id=uuid4(), action=drawn.id)


def test_what_another_person_changed_since_is_never_overwritten(series: Series) -> None:
    track = draw(series)
    paint(series, track, BAR, make_user("otto"))
    seen = masks(series)
    with pytest.raises(StaleBaseError):
        undo(series)
    with pytest.raises(InvalidError, match="otto changed this object last, in version 2"):
        undo_of_object(series, track)
    assert masks(series) == seen


def test_calibrations_are_no_actions(series: Series) -> None:
    value = CalibrationValue(1.0, "nm", None, "test")
    services.set_calibration(series_id=series.pk, author=owner_of(series), request_id=uuid4(), value=value)
    assert actions_of(series.pk, owner_of(series).pk).undo == []


def test_many_accepted_proposals_are_one_action(series: Series, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.annotations.proposals.MOST_IN_ONE", 2)
    for frame in range(5):
        draw(series, frame=frame, proposal=True)
    action = uuid4()
    author = owner_of(series)
    count = services.accept_proposals(series_id=series.pk, author=author, selection=Selection(), action=action)
    assert (count, Changeset.objects.filter(action=action).count()) == (5, 3)
    assert actions_of(series.pk, author.pk).undo[-1].id == action
    undo(series)
    states = [mask.state for frame in range(5) for mask in state_at(series=series, version=None, frame=frame).masks]
    assert states == ["proposal"] * 5
    redo(series)
    states = [mask.state for frame in range(5) for mask in state_at(series=series, version=None, frame=frame).masks]
    assert states == ["accepted"] * 5


def test_many_come_back_all_or_none(series: Series, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.annotations.proposals.MOST_IN_ONE", 1)
    tracks = [draw(series, mask, proposal=True) for mask in (DOT, BAR)]
    services.accept_proposals(series_id=series.pk, author=owner_of(series), selection=Selection())
    paint(series, tracks[0], BLOCK, make_user())
    version = Changeset.objects.filter(series=series).count()
    with pytest.raises(StaleBaseError):
        undo(series)
    assert Changeset.objects.filter(series=series).count() == version


def test_undo_on_one_object_goes_back_step_by_step_and_leaves_the_others(series: Series) -> None:
    one, other = draw(series, DOT), draw(series, BAR)
    drawn = masks(series)
    paint(series, one, BAR)
    paint(series, one, BLOCK)
    paint(series, other, BLOCK)
    later = masks(series)[other]
    undo_of_object(series, one)
    undo_of_object(series, one)
    assert masks(series) == {one: drawn[one], other: later}
    undo_of_object(series, one)
    assert masks(series) == {other: later}
    with pytest.raises(InvalidError, match="no change of this object left"):
        undo_of_object(series, one)
    for _ in range(3):  # each of them is an action that can itself be undone
        undo(series)
    assert masks(series)[other] == later
    undo(series)
    assert masks(series)[other] == drawn[other]


def test_a_repeated_request_is_answered_with_its_first_version(series: Series) -> None:
    track = draw(series)
    author, request = owner_of(series), uuid4()
    values = {"series_id": series.pk, "author": author, "request_id": request}
    paint(series, track, BAR)
    first = reversals.take_back_of_object(**values, track=track, frame=0)
    again = reversals.take_back_of_object(**values, track=track, frame=0)
    assert (again.version, again.repeated) == (first.version, True)


@pytest.mark.parametrize("seed", range(8))
def test_undoing_everything_leads_back_whatever_came_in_between(series: Series, seed: int) -> None:
    """Drawing, painting, deleting, undo, redo and undo on one object, in any order."""
    rng = random.Random(seed)
    states = [masks(series)]  # after each action that stands
    undone: list[dict[UUID, str]] = []
    for _ in range(25):
        present = masks(series)
        what = rng.choice(["draw", "paint", "delete", "undo", "undo", "redo", "object"])
        if what == "undo" and len(states) > 1:
            undo(series)
            undone.append(states.pop())
            assert masks(series) == states[-1]
        elif what == "redo" and undone:
            redo(series)
            states.append(undone.pop())
            assert masks(series) == states[-1]
        elif what in ("undo", "redo") or (what != "draw" and not present):
            continue
        else:
            track = rng.choice(sorted(present, key=str)) if what != "draw" else uuid4()
            if what == "draw":
                draw(series, rng.choice([DOT, BAR, BLOCK]))
            elif what == "paint":
                x = rng.randrange(20)
                paint(series, track, rectangle(x, 2, x + 5, 9))
            elif what == "delete":
                commit(series, [MaskDelete(track=track, frame=0)], [(track, 0, head(series, track))])
            else:
                undo_of_object(series, track)
                assert {t: sha for t, sha in masks(series).items() if t != track} == {
                    t: sha for t, sha in present.items() if t != track
                }
            states.append(masks(series))
            undone = []
    while len(states) > 1:
        states.pop()
        undo(series)
        assert masks(series) == states[-1]
    assert actions_of(series.pk, owner_of(series).pk).undo == []


def test_a_part_that_was_undone_leaves_the_action_to_be_undone(series: Series, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.annotations.proposals.MOST_IN_ONE", 2)
    for frame in range(4):
        draw(series, frame=frame, proposal=True)
    author = owner_of(series)
    services.accept_proposals(series_id=series.pk, author=author, selection=Selection())
    revert(series, last_version(series), author)
    found = actions_of(series.pk, author.pk)
    assert [each.reason for each in found.undo[-2:]] == ["Accept proposals", "Undo: Accept proposals"]
    undo(series)
    undo(series)
    states = [mask.state for frame in range(4) for mask in state_at(series=series, version=None, frame=frame).masks]
    assert states == ["proposal"] * 4


def test_what_somebody_else_undid_does_not_bar_what_is_below(series: Series) -> None:
    author, otto = owner_of(series), make_user("otto")
    draw(series, BAR)
    [first] = masks(series)
    other = draw(series)
    undone = revert(series, last_version(series), otto)
    assert [each.version for each in actions_of(series.pk, author.pk).undo] == [1]
    revert(series, undone, otto)  # and did again
    assert [each.version for each in actions_of(series.pk, author.pk).undo] == [1, 2]
    revert(series, last_version(series), otto)
    undo(series)
    assert masks(series) == {}
    redo(series)
    assert set(masks(series)) == {first} != {other}
    revert(series, last_version(series), otto)  # the redo: there is nothing left of one's own
    assert actions_of(series.pk, author.pk) == Actions([], [])


def test_what_was_taken_back_out_of_turn_can_come_back(series: Series) -> None:
    author = owner_of(series)
    one, two = draw(series), draw(series, BAR)
    revert(series, 1, author)
    assert [each.version for each in actions_of(series.pk, author.pk).undo] == [2, 3]
    assert set(masks(series)) == {two}
    undo(series)
    assert set(masks(series)) == {one, two}
    assert [each.version for each in actions_of(series.pk, author.pk).undo] == [1, 2]
    redo(series)
    assert set(masks(series)) == {two}
    assert [each.reason for each in actions_of(series.pk, author.pk).undo] == ["Draw", "Undo: Draw"]
    for _ in range(3):
        undo(series)
    assert masks(series) == {}
    assert actions_of(series.pk, author.pk).undo == []


def test_a_restored_calibration_is_undone_with_the_rest(series: Series) -> None:
    author = owner_of(series)
    draw(series)
    calibrate(series, 9.0)
    drawn = masks(series)
    draw(series, BAR)
    for version, left in ((1, drawn), (0, {})):
        reversals.restore(series_id=series.pk, author=author, request_id=uuid4(), version=version)
        assert (pixel_size(series), masks(series)) == (0.5, left)
        undo(series)
        assert (pixel_size(series), len(masks(series))) == (9.0, 2)
    redo(series)
    assert pixel_size(series) == 0.5


def test_a_restoration_of_the_calibration_alone_can_be_undone(series: Series) -> None:
    calibrate(series, 9.0)
    reversals.restore(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=0)
    undo(series)
    assert pixel_size(series) == 9.0
    redo(series)
    assert pixel_size(series) == 0.5
    calibrate(series, 7.0)
    with pytest.raises(ConflictError, match="The calibration was changed since"):
        revert(series, 2, owner_of(series))
    assert pixel_size(series) == 7.0


def test_a_job_that_was_taken_back_is_one_action_and_can_come_back(series: Series) -> None:
    author, request = owner_of(series), uuid4()
    job = enqueue(kind="track", project=series.project, created_by=author, parameters={}, series=series.pk)
    for frame in range(4):
        track = uuid4()
        operations = [TrackCreate(track=track, phase=None), MaskSet(track=track, frame=frame, mask=DOT)]
        values = message(operations, [(track, None, None), (track, frame, None)], reason="Track")
        services.commit(series_id=series.pk, author=author, message=values, job=job)
    before = [masks(series, frame) for frame in range(4)]
    for _ in range(2):  # the answer was lost, and it is asked again
        asked = {"series_id": series.pk, "author": author, "request_id": request, "job": job.pk}
        assert reversals.revert_job(**asked) == 4
        assert last_version(series) == 8
    [taken] = actions_of(series.pk, author.pk).undo
    assert (taken.id, taken.version) == (request, 8)
    undo(series)
    assert [masks(series, frame) for frame in range(4)] == before


@pytest.mark.django_db(transaction=True)
def test_an_action_gets_no_part_while_it_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    series = make_series()
    track = draw(series)
    drawn, real = threading.Event(), actions.parts_of

    def meanwhile() -> None:
        try:
            draw(series, BAR)
            drawn.set()
        finally:
            connection.close()

    thread = threading.Thread(target=meanwhile)

    def slow(*values: Any) -> list[Changeset]:
        thread.start()
        assert not drawn.wait(1)
        return real(*values)

    monkeypatch.setattr(actions, "parts_of", slow)
    take_back(series, Changeset.objects.get(series=series).request_id)
    thread.join(30)
    assert drawn.is_set()
    assert track not in masks(series)


def test_the_lists_and_taking_back_over_rest(series: Series, client: Client) -> None:
    client.force_login(owner_of(series))
    track = draw(series)
    url = f"/api/v1/series/{series.pk}"
    listed = client.get(f"{url}/actions").json()
    assert [(each["reason"], each["version"]) for each in listed["undo"]] == [("Draw", 1)]
    body = {"request_id": str(uuid4()), "action": listed["undo"][0]["action"]}
    assert client.post(f"{url}/take-back", body, "application/json").status_code == 201
    assert client.post(f"{url}/take-back", body, "application/json").status_code == 200
    both = body | {"track": str(track), "frame": 0}
    assert client.post(f"{url}/take-back", both, "application/json").status_code == 400
