"""Annotations over REST."""

import json
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backend.annotations import selectors, services
from backend.annotations.values import CalibrationValue
from backend.protocol.messages import ChangesetCommit, MaskSet, TrackCreate
from backend.series.models import Series
from tests.backend.builders import CALIBRATION, commit, make_series, message, owner_of, rectangle

pytestmark = [pytest.mark.django_db, pytest.mark.database]

DOT, BAR = rectangle(2, 3, 6, 8), rectangle(0, 10, 30, 12)


@pytest.fixture
def series() -> Series:
    return make_series()


@pytest.fixture
def owner(series: Series, client: Client) -> Client:
    client.force_login(owner_of(series))
    return client


@pytest.fixture
def track(series: Series) -> UUID:
    """Version 1: a track with a mask on frame 0."""
    track = uuid4()
    operations = [TrackCreate(track=track, phase=None), MaskSet(track=track, frame=0, mask=DOT)]
    commit(series, operations, [(track, None, None), (track, 0, None)], reason="Draw")
    return track


def get(client: Client, series: Series, what: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1/series/{series.pk}/{what}")
    assert answer.status_code == status, answer.content
    return answer.json()


def post(client: Client, series: Series, what: str, body: dict[str, Any], status: int = 201) -> Any:
    answer = client.post(f"/api/v1/series/{series.pk}/{what}", body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def as_body(sent: ChangesetCommit) -> dict[str, Any]:
    return sent.model_dump(mode="json", exclude={"type"})


def test_the_state_of_a_frame_names_version_tracks_and_masks(owner: Client, series: Series, track: UUID) -> None:
    state = get(owner, series, "state?frame=0")
    assert (state["version"], state["head"], state["frame"]) == (1, 1, 0)
    assert [(each["track"], each["number"]) for each in state["tracks"]] == [(str(track), 1)]
    assert [each["mask"] for each in state["masks"]] == [DOT.model_dump(mode="json")]
    empty = get(owner, series, "state?frame=0&version=0")
    assert (empty["version"], empty["head"], empty["tracks"], empty["masks"]) == (0, 1, [], [])


def test_the_state_at_a_version_has_the_calibration_of_that_version(owner: Client, series: Series) -> None:
    value = CalibrationValue(0.21, "nm", None, "grating replica")
    services.set_calibration(series_id=series.pk, author=owner_of(series), request_id=uuid4(), value=value)
    (revision,) = selectors.changeset(series.pk, 1).revisions
    now, before = get(owner, series, "state?frame=0"), get(owner, series, "state?frame=0&version=0")
    assert now["calibration"] == asdict(value) | {"revision": revision.revision}
    assert before["calibration"] == CALIBRATION


@pytest.mark.parametrize("sha256", ["%00", "ab" * 31 + "g0", "AB" * 32])
def test_what_is_no_hash_is_no_mask(owner: Client, series: Series, sha256: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert get(owner, series, f"masks/{sha256}", 404)["code"] == "not_found"
    assert not [each["sql"] for each in asked if "maskrevision" in each["sql"]]


def test_a_frame_or_version_that_is_not_there_is_named(owner: Client, series: Series) -> None:
    assert "frames 0 to 5" in get(owner, series, "state?frame=6", 400)["message"]
    assert "versions 0 to 0" in get(owner, series, "state?frame=0&version=1", 400)["message"]
    assert get(owner, series, "state", 400)["fields"] == {"frame": ["This field is required."]}


def test_the_timeline_lists_frames_with_masks(owner: Client, series: Series, track: UUID) -> None:
    assert get(owner, series, "timeline") == {"version": 1, "frames": [{"frame": 0, "accepted": 1, "proposals": 0}]}
    assert get(owner, series, "timeline?version=0") == {"version": 0, "frames": []}


def test_history_says_who_did_what_where(owner: Client, series: Series, track: UUID) -> None:
    history = get(owner, series, "history?limit=1")
    (entry,) = history["results"]
    assert (entry["version"], entry["reason"], entry["frames"]) == (1, "Draw", [0])
    assert entry["author"]["name"] == owner_of(series).shown_name
    assert entry["counts"]["masks_set"] == entry["counts"]["tracks_created"] == 1
    assert history["next"] is None


def test_a_mask_is_had_by_its_hash_and_kept(owner: Client, series: Series, track: UUID) -> None:
    sha256 = get(owner, series, "state?frame=0")["masks"][0]["sha256"]
    answer = owner.get(f"/api/v1/series/{series.pk}/masks/{sha256}")
    assert answer.json() == DOT.model_dump(mode="json")
    assert "immutable" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]
    again = owner.get(f"/api/v1/series/{series.pk}/masks/{sha256}", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


def test_a_mask_of_another_series_is_not_given_away(owner: Client, series: Series, track: UUID) -> None:
    sha256 = get(owner, series, "state?frame=0")["masks"][0]["sha256"]
    other = make_series(series.project)
    assert get(owner, other, f"masks/{sha256}", 404)["code"] == "not_found"


def test_a_script_commits_and_its_repetition_gets_the_same_answer(owner: Client, series: Series) -> None:
    track = uuid4()
    operations = [TrackCreate(track=track, phase=None), MaskSet(track=track, frame=1, mask=BAR)]
    body = as_body(message(operations, [(track, None, None), (track, 1, None)]))
    first = post(owner, series, "changesets", body)
    assert first["version"] == 1
    assert post(owner, series, "changesets", body, 200) == first


def test_a_script_is_told_of_conflicts(owner: Client, series: Series, track: UUID) -> None:
    body = as_body(message([MaskSet(track=track, frame=0, mask=BAR)], [(track, 0, None)]))
    answer = post(owner, series, "changesets", body, 409)
    assert answer["code"] == "conflict"
    (conflict,) = answer["conflicts"]
    assert (conflict["track"], conflict["frame"]) == (str(track), 0)
    assert conflict["current"]["mask"] == DOT.model_dump(mode="json")


def test_what_a_script_misspells_is_named(owner: Client, series: Series) -> None:
    answer = post(owner, series, "changesets", {"request_id": "7", "operations": [{"op": "mask.paint"}]}, 400)
    assert answer["code"] == "invalid"
    assert {"request_id", "reason", "base", "operations[0]"} <= set(answer["fields"])


@pytest.mark.parametrize("text", ["\\u0000", "a\\u0000b"])
def test_text_that_a_database_cannot_hold_is_refused(owner: Client, series: Series, text: str) -> None:
    body = json.dumps(as_body(message([TrackCreate(track=uuid4(), phase=None)], [], reason="REASON")))
    answer = owner.post(
        f"/api/v1/series/{series.pk}/changesets", body.replace("REASON", text), content_type="application/json"
    )
    assert answer.status_code == 400
    assert "reason" in answer.json()["fields"]


def test_a_version_is_restored_as_a_new_one(owner: Client, series: Series, track: UUID) -> None:
    body = {"version": 0, "request_id": str(uuid4()), "frame": None, "tracks": None}
    changeset = post(owner, series, "restore", body)
    assert (changeset["version"], changeset["reason"]) == (2, "Restore version 0")
    assert selectors.state_at(series=series, version=None, frame=0).masks == []
    assert post(owner, series, "restore", body, 200) == changeset
    again = body | {"request_id": str(uuid4())}
    assert post(owner, series, "restore", again, 400)["code"] == "unchanged"


def test_what_somebody_has_not_seen_is_not_undone_by_restoring(owner: Client, series: Series, track: UUID) -> None:
    body = {"version": 0, "request_id": str(uuid4()), "base": 0}
    refused = post(owner, series, "restore", body, 409)
    assert (refused["code"], refused["version"]) == ("stale", 1)
    assert selectors.state_at(series=series, version=None, frame=0).masks
    assert post(owner, series, "restore", body | {"base": 1})["version"] == 2
    assert post(owner, series, "restore", body | {"base": 1}, 200)["version"] == 2


def test_a_calibration_is_entered_with_its_source(owner: Client, series: Series) -> None:
    body = {
        "pixel_size": 0.21,
        "unit": "nm",
        "frame_interval_s": None,
        "request_id": str(uuid4()),
        "source_note": "grating replica",
    }
    (revision,) = post(owner, series, "calibration", body)["revisions"]
    name = owner_of(series).shown_name
    assert (revision["pixel_size"], revision["source"]) == (0.21, f"Entered by {name}: grating replica")
    answer = owner.get(f"/api/v1/series/{series.pk}").json()
    assert answer["calibration"] == {
        "pixel_size": 0.21,
        "unit": "nm",
        "frame_interval_s": None,
        "source": revision["source"],
        "revision": revision["revision"],
    }
    assert answer["version"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pixel_size": 0}, "pixel_size"),
        ({"pixel_size": None}, "unit"),
        ({"unit": "px"}, "unit"),
        ({"unit": "furlong"}, "unit"),
        ({"frame_interval_s": -1.0}, "frame_interval_s"),
    ],
)
def test_an_impossible_calibration_is_refused(
    owner: Client, series: Series, change: dict[str, Any], field: str
) -> None:
    body = {"pixel_size": 0.2, "unit": "nm", "frame_interval_s": 1.0, "request_id": str(uuid4())} | change
    assert field in post(owner, series, "calibration", body, 400)["fields"]


def test_tracks_and_events_may_be_left_out(client: Client) -> None:
    series = make_series()
    client.force_login(owner_of(series))
    track = uuid4()
    commit(
        series,
        [TrackCreate(track=track, phase=None), MaskSet(track=track, frame=0, mask=rectangle(0, 0, 3, 3))],
        [(track, None, None), (track, 0, None)],
    )
    state = client.get(f"/api/v1/series/{series.pk}/state?frame=0&masks_only=true").json()
    assert (len(state["masks"]), state["tracks"], state["events"]) == (1, [], [])
    assert len(client.get(f"/api/v1/series/{series.pk}/state?frame=0").json()["tracks"]) == 1
