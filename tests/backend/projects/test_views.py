"""Projects over REST: the shapes that the browser relies on, and errors in one form."""

import uuid
from datetime import datetime
from typing import Any, Literal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from backend.projects.models import User
from backend.protocol.messages import MaskSet, TrackCreate
from backend.series.models import Series
from tests.backend.builders import commit, make_phase, make_project, make_series, make_user, put_away, rectangle

pytestmark = pytest.mark.django_db
JSON = "application/json"


def test_the_list_holds_own_projects_with_role_and_number_of_series(client: Client) -> None:
    ada = make_user("ada")
    make_project()
    project = make_project(annotator=ada)
    make_series(project)
    client.force_login(ada)
    (listed,) = client.get("/api/v1/projects").json()
    assert (listed["id"], listed["role"], listed["series_count"]) == (str(project.pk), "annotator", 1)
    assert listed["member_count"] == 2


def test_the_list_tells_how_far_a_project_is_and_who_changed_it_last(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ada, bert = make_user("ada"), make_user("bert")
    project = make_project(ada, annotator=bert)
    empty = make_project(ada)
    first, second = make_series(project), make_series(project, frames=4)
    put_away(make_series(project, frames=9))
    draw(first, bert, state="accepted")
    draw(second, ada, state="proposal", frames=2)
    draw(first, bert, state="proposal")
    client.force_login(ada)
    with django_assert_max_num_queries(4):  # session, person, projects, people
        answer = client.get("/api/v1/projects").json()
    listed = {each["id"]: each for each in answer}
    told = listed[str(project.pk)]
    names = ("series_count", "frames", "annotated_frames", "proposals", "member_count", "cover")
    assert [told[name] for name in names] == [2, 10, 1, 3, 2, str(first.pk)]
    first.refresh_from_db()
    assert told["changed_by"] == {"id": bert.pk, "name": "bert"}
    assert datetime.fromisoformat(told["changed_at"]) == first.changed_at
    bare = listed[str(empty.pk)]
    assert [bare[name] for name in (*names, "changed_at", "changed_by")] == [0, 0, 0, 0, 1, None, None, None]


def draw(series: Series, author: User, *, state: Literal["accepted", "proposal"], frames: int = 1) -> None:
    """A new object on the first frames."""
    track = uuid.uuid4()
    operations: list[Any] = [TrackCreate(track=track, phase=None)]
    operations += [MaskSet(track=track, frame=t, mask=rectangle(1, 1, 5, 5), state=state) for t in range(frames)]
    base = [(track, None, None), *((track, t, None) for t in range(frames))]
    commit(series, operations, base, author=author)


def test_a_project_shows_its_phases_and_members(client: Client) -> None:
    ada = make_user("ada")
    project = make_project(ada, viewer=make_user("vera"))
    phase = make_phase(project)
    client.force_login(ada)
    shown = client.get(f"/api/v1/projects/{project.pk}").json()
    assert shown["role"] == "owner"
    assert shown["settings_version"] == 2
    assert shown["phases"] == [
        {"id": str(phase.pk), "name": "Au particle", "colour": "#ffaa00", "key": "", "description": "", "order": 0}
    ]
    assert [(member["user"]["username"], member["role"]) for member in shown["members"]] == [
        ("ada", "owner"),
        ("vera", "viewer"),
    ]


def test_a_project_is_made_changed_and_deleted(client: Client) -> None:
    client.force_login(make_user())
    made = client.post("/api/v1/projects", {"name": "Au", "description": "800 °C"}, content_type=JSON)
    assert (made.status_code, made.json()["role"], made.json()["description"]) == (201, "owner", "800 °C")
    url = f"/api/v1/projects/{made.json()['id']}"
    assert client.patch(url, {"name": "Pt"}, content_type=JSON).json()["name"] == "Pt"
    assert client.get(url).json()["description"] == "800 °C"
    assert (client.delete(url).status_code, client.delete(url).json()["code"]) == (409, "not_archived")
    assert client.post(f"{url}/archive").status_code == 200
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404


def test_phases_and_members_are_managed_over_rest(client: Client) -> None:
    ada = make_user("ada")
    vera = make_user("vera")
    project = make_project(ada)
    client.force_login(ada)
    url = f"/api/v1/projects/{project.pk}"
    phase = client.post(f"{url}/phases", {"name": "Au", "colour": "#FFAA00", "key": "1"}, content_type=JSON)
    assert (phase.status_code, phase.json()["colour"]) == (201, "#ffaa00")
    changed = client.patch(f"{url}/phases/{phase.json()['id']}", {"key": ""}, content_type=JSON)
    assert (changed.status_code, changed.json()["key"], changed.json()["name"]) == (200, "", "Au")
    assert client.delete(f"{url}/phases/{phase.json()['id']}").status_code == 204
    member = client.post(f"{url}/members", {"username": "vera", "role": "viewer"}, content_type=JSON)
    assert (member.status_code, member.json()["user"]["id"]) == (201, vera.pk)
    changed = client.patch(f"{url}/members/{vera.pk}", {"role": "annotator"}, content_type=JSON)
    assert changed.json()["role"] == "annotator"
    assert client.delete(f"{url}/members/{vera.pk}").status_code == 204
    assert len(client.get(url).json()["members"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "colour": "#ffaa00"}, "name"),
        ({"name": "x" * 101, "colour": "#ffaa00"}, "name"),
        ({"name": "Au", "colour": "orange"}, "colour"),
        ({"name": "Au", "colour": "#ffaa00", "key": "12"}, "key"),
        ({"name": "Au", "colour": "#ffaa00", "color": "#ffaa00"}, "color"),
    ],
)
def test_a_bad_phase_is_refused_with_the_field_named(client: Client, body: dict[str, str], field: str) -> None:
    ada = make_user()
    project = make_project(ada)
    client.force_login(ada)
    answer = client.post(f"/api/v1/projects/{project.pk}/phases", body, content_type=JSON)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert list(answer.json()["fields"]) == [field]
    assert field in answer.json()["message"]


def test_every_error_has_code_and_message(client: Client) -> None:
    client.force_login(make_user())
    answers = {
        "unknown address": client.get("/api/v1/nothing"),
        "unknown project": client.get(f"/api/v1/projects/{uuid.uuid4()}"),
        "wrong method": client.put("/api/v1/projects", {}, content_type=JSON),
        "broken JSON": client.post("/api/v1/projects", "{", content_type=JSON),
        "wrong type": client.post("/api/v1/projects", "<p/>", content_type="text/xml"),
        "a list": client.post("/api/v1/projects", [1], content_type=JSON),
    }
    statuses = {name: answer.status_code for name, answer in answers.items()}
    assert statuses == {
        "unknown address": 404,
        "unknown project": 404,
        "wrong method": 405,
        "broken JSON": 400,
        "wrong type": 415,
        "a list": 400,
    }
    for name, answer in answers.items():
        assert answer.json()["code"], name
        assert answer.json()["message"], name


def test_an_unforeseen_error_tells_a_number_and_no_detail(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(user: object) -> None:
        raise RuntimeError("password of the database")

    monkeypatch.setattr("backend.projects.selectors.memberships_of", fail)
    client.force_login(make_user())
    answer = client.get("/api/v1/projects")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "password of the database" not in answer.json()["message"]
    (logged,) = [record for record in caplog.records if record.exc_info and record.name == "backend.config.exceptions"]
    assert logged.args is not None
    assert str(logged.args[0]) in answer.json()["message"]


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30])
def test_a_member_whose_number_no_database_holds_is_not_found(client: Client, number: int) -> None:
    ada = make_user("ada")
    project = make_project(ada)
    client.force_login(ada)
    assert client.delete(f"/api/v1/projects/{project.pk}/members/{number}").status_code == 404


def test_a_body_that_is_nested_too_deeply_is_refused(client: Client) -> None:
    client.force_login(make_user("ada"))
    answer = client.post("/api/v1/projects", "[" * 100_000, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
    assert "nested too deeply" in answer.json()["message"]
