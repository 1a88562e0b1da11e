"""Every REST address and method, for a stranger to the server, a stranger to the project, and each role."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from backend.jobs import services as jobs
from backend.projects import tokens
from backend.projects.models import Project, User
from backend.projects.roles import Role
from backend.series import pixel_store, transfers
from backend.series.files import store_folder, store_path
from backend.series.models import DisplayPreset, PixelStore, Series, Transfer
from ml.formats.calibration import Calibration
from tests.backend.builders import make_phase, make_project, make_series, make_user, make_version
from tests.backend.series.files import Frames, ramp

pytestmark = pytest.mark.django_db

ANYONE, SIGNED_IN = "anyone", "signed in"

# Who may, at least. An address or method that is missing here fails the first test.
ACCESS: dict[tuple[str, str], str] = {
    ("healthz", "get"): ANYONE,
    ("session", "get"): ANYONE,
    ("session", "post"): ANYONE,
    ("session", "delete"): ANYONE,
    ("account/preferences", "get"): SIGNED_IN,
    ("account/preferences", "patch"): SIGNED_IN,
    ("tokens", "get"): SIGNED_IN,
    ("tokens", "post"): SIGNED_IN,
    ("tokens/<token>", "delete"): SIGNED_IN,
    ("projects", "get"): SIGNED_IN,
    ("projects", "post"): SIGNED_IN,
    ("projects/<project>", "get"): "viewer",
    ("projects/<project>", "patch"): "manager",
    ("projects/<project>", "delete"): "owner",
    ("projects/<project>/archive", "post"): "manager",
    ("projects/<project>/archive", "delete"): "manager",
    ("projects/<project>/members", "post"): "manager",
    ("projects/<project>/members/<user>", "patch"): "manager",
    ("projects/<project>/members/<user>", "delete"): "manager",
    ("projects/<project>/phases", "post"): "manager",
    ("projects/<project>/phases/<phase>", "patch"): "manager",
    ("projects/<project>/phases/<phase>", "delete"): "manager",
    ("projects/<project>/jobs", "get"): "viewer",
    ("projects/<project>/series", "get"): "viewer",
    ("projects/<project>/uploads", "post"): "annotator",
    ("projects/<project>/transfers", "get"): "annotator",
    ("projects/<project>/transfers", "post"): "annotator",
    ("transfers/<transfer>", "head"): "annotator",  # of these everybody has their own
    ("transfers/<transfer>", "patch"): "annotator",
    ("transfers/<transfer>", "delete"): "annotator",
    ("projects/<project>/imports", "post"): "annotator",
    ("jobs/<job>", "get"): "viewer",
    ("jobs/<job>/pause", "post"): "manager",  # likewise
    ("jobs/<job>/resume", "post"): "manager",
    ("jobs/<job>/cancel", "post"): "manager",  # or whoever asked for the job: tests/backend/jobs/test_views.py
    ("series/<series>", "get"): "viewer",
    ("series/<series>", "patch"): "annotator",
    ("series/<series>", "delete"): "manager",
    ("series/<series>/archive", "post"): "manager",
    ("series/<series>/archive", "delete"): "manager",
    ("series/<series>/pixels/<store>/<level>/<frame>/<row>/<column>", "get"): "viewer",
    ("series/<series>/thumbnail", "get"): "viewer",
    ("series/<series>/histogram", "get"): "viewer",
    ("series/<series>/display-presets", "get"): "viewer",
    ("series/<series>/display-presets", "post"): "annotator",
    ("series/<series>/display-presets/<preset>", "patch"): "annotator",
    ("series/<series>/display-presets/<preset>", "delete"): "annotator",
    ("series/<series>/state", "get"): "viewer",
    ("series/<series>/timeline", "get"): "viewer",
    ("series/<series>/history", "get"): "viewer",
    ("series/<series>/masks/<sha256>", "get"): "viewer",
    ("series/<series>/changesets", "post"): "annotator",
    ("series/<series>/lanes", "get"): "viewer",
    ("series/<series>/restore", "post"): "annotator",
    ("series/<series>/restoration", "post"): "annotator",
    ("series/<series>/difference", "get"): "viewer",
    ("series/<series>/tracks/<track>/life", "get"): "viewer",
    ("series/<series>/tracks/<track>/revisions", "get"): "viewer",
    ("series/<series>/edits", "post"): "annotator",
    ("series/<series>/revert", "post"): "annotator",
    ("series/<series>/actions", "get"): "viewer",
    ("series/<series>/take-back", "post"): "annotator",
    ("series/<series>/revert-job", "post"): "annotator",
    ("series/<series>/calibration", "post"): "annotator",
    ("series/<series>/frames/<frame>.png", "get"): "viewer",
    ("series/<series>/model", "get"): "viewer",
    ("series/<series>/model", "put"): "annotator",
    ("series/<series>/segmentations", "post"): "annotator",
    ("series/<series>/trackings", "post"): "annotator",
    ("trackers", "get"): SIGNED_IN,
    ("series/<series>/proposals", "get"): "viewer",
    ("series/<series>/proposals/accept", "post"): "annotator",
    ("series/<series>/proposals/discard", "post"): "annotator",
    ("series/<series>/exports", "post"): "viewer",
    ("jobs/<job>/download", "get"): "viewer",
    ("models", "get"): SIGNED_IN,
    ("projects/<project>/models", "get"): "viewer",
    ("projects/<project>/models", "post"): "annotator",
    ("models/<version>", "patch"): "annotator",
    ("models/<version>/file", "get"): "viewer",
    ("projects/<project>/trainings", "post"): "annotator",
    ("projects/<project>/trainings/preview", "post"): "viewer",
    ("jobs/<job>/training", "get"): "viewer",
    ("jobs/<job>/finish", "post"): "manager",  # likewise
    ("projects/<project>/comparisons", "post"): "annotator",
    ("jobs/<job>/comparison", "get"): "viewer",
    ("jobs/<job>/comparison.zip", "get"): "viewer",
    ("jobs/<job>/comparison/<key>/<frame>.png", "get"): "viewer",
}
# What needs more than a viewer, and is done in the archive all the same: who sees it, its end and its return; jobs end.
EVEN_ARCHIVED = {
    ("projects/<project>", "delete"),
    ("projects/<project>/archive", "post"),
    ("projects/<project>/archive", "delete"),
    ("projects/<project>/members", "post"),
    ("projects/<project>/members/<user>", "patch"),
    ("projects/<project>/members/<user>", "delete"),
    ("series/<series>", "delete"),
    ("jobs/<job>/pause", "post"),
    ("jobs/<job>/resume", "post"),
    ("jobs/<job>/cancel", "post"),
    ("jobs/<job>/finish", "post"),
}
IN_AN_ARCHIVED_SERIES = EVEN_ARCHIVED | {("series/<series>/archive", "post"), ("series/<series>/archive", "delete")}
CHANGES = [key for key, who in ACCESS.items() if who in Role.values and who != "viewer"]
# What these ask for does not exist, so a permitted person gets 404 as a stranger does; the message tells them apart.
ABSENT = {
    ("series/<series>/masks/<sha256>", "get"): "mask",
    ("series/<series>/tracks/<track>/life", "get"): "no track",
    ("jobs/<job>/download", "get"): "no export",
    ("jobs/<job>/training", "get"): "no training",
    ("jobs/<job>/finish", "post"): "no training",
    ("jobs/<job>/comparison", "get"): "no comparison",
    ("jobs/<job>/comparison.zip", "get"): "no comparison",
    ("jobs/<job>/comparison/<key>/<frame>.png", "get"): "no comparison",
}


CODES = {401: "not_authenticated", 403: "forbidden", 404: "not_found", 409: "archived"}
METHODS = ("get", "head", "post", "put", "patch", "delete")


def routes() -> Iterator[tuple[str, str]]:
    """(address, method) of everything registered below /api/v1/."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, URLPattern]]:
        for pattern in patterns:
            address = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, address)
            else:
                yield address, pattern

    for address, pattern in walk(get_resolver().url_patterns, ""):
        if not address.startswith("api/v1/"):
            continue
        plain = re.sub(r"<\w+:(\w+)>", r"<\1>", address.removeprefix("api/v1/"))
        view = getattr(pattern.callback, "cls", None)
        methods = [name for name in METHODS if view is None or hasattr(view, name)]
        for method in ["get"] if view is None else methods:
            yield plain, method


@dataclass
class World:
    """One project with a member of each role, and one of everything in it."""

    people: dict[str, User]
    values: dict[str, Any]

    def call(self, who: str | None, address: str, method: str) -> tuple[int, dict[str, Any]]:
        client = Client()
        if who:
            client.force_login(self.people[who])
        values = self.values | {"transfer": self.values["transfers"].get(who, self.values["transfer"])}
        url = "/api/v1/" + re.sub(r"<(\w+)>", lambda name: str(values[name[1]]), address)
        options = {"content_type": "application/json", "data": {}} if method in ("post", "put", "patch") else {}
        options |= {"headers": {"Tus-Resumable": "1.0.0"}} if "transfer" in address else {}
        answer = getattr(client, method)(url, **options)
        if method == "head":  # an answer without a body
            return answer.status_code, {"code": CODES.get(answer.status_code), "message": ""}
        is_json = answer.get("Content-Type", "").startswith("application/json")
        return answer.status_code, answer.json() if is_json and answer.content else {}


@pytest.fixture(scope="module")
def stored() -> pixel_store.WrittenStore:
    """Pixels on the disk, once for all tests here; their row is each test's own."""
    with pixel_store.draft_folder(store_folder(), "permissions") as draft:
        written = pixel_store.write(Frames(ramp(seed=77), Calibration()), draft, lambda t: None)
        pixel_store.publish(draft, store_path(written.hash), written)
    return written


def series_of(project: Project, written: pixel_store.WrittenStore) -> Series:
    series = make_series(project)
    values = {name: getattr(written, name) for name in ("hash", "frames", "height", "width", "channels", "dtype")}
    values |= {name: getattr(written, name) for name in ("input_low", "input_high", "size_bytes")}
    series.pixels = PixelStore.objects.create(**values, levels=written.levels_json())
    series.save()
    return series


def begin_transfer(project: Project, person: User) -> Transfer:
    return transfers.begin(project=project, created_by=person, name="a.tif", size_bytes=9, modified_ms=None)


@pytest.fixture
def world(stored: pixel_store.WrittenStore) -> World:
    people = {role: make_user(role) for role in Role.values} | {"stranger": make_user("stranger")}
    author = make_user("author")
    project = make_project(people["owner"], **{role: people[role] for role in Role.values if role != "owner"})
    series = series_of(project, stored)
    job = jobs.enqueue(kind="import", project=project, created_by=author, parameters={})
    token, _ = tokens.create(user=people["stranger"], name="script")
    sent = {who: begin_transfer(project, people[who]).pk for who in Role.values}
    values = {
        "transfer": sent["owner"],
        "transfers": sent,
        "project": project.pk,
        "user": people["viewer"].pk,
        "phase": make_phase(project).pk,
        "series": series.pk,
        "store": series.pixels_id,
        "preset": DisplayPreset.objects.create(
            series=series, name="Dark pores", low=1, high=9, gamma=1, created_by=author
        ).pk,
        "job": job.pk,
        "token": token.pk,
        "version": make_version(project).pk,
        "sha256": "0" * 64,
        "track": uuid.uuid4(),
        "key": "truth",
        **dict.fromkeys(("level", "frame", "row", "column"), 0),
    }
    return World(people, values)


def test_every_address_and_method_has_its_permission_written_down() -> None:
    assert set(routes()) == set(ACCESS)


@pytest.mark.parametrize(("address", "method"), [key for key, who in ACCESS.items() if who != ANYONE])
def test_nobody_gets_in_without_signing_in(world: World, address: str, method: str) -> None:
    status, body = world.call(None, address, method)
    assert (status, body["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize(("address", "method"), [key for key, who in ACCESS.items() if who in Role.values])
def test_a_project_and_all_in_it_are_unknown_to_strangers(world: World, address: str, method: str) -> None:
    status, body = world.call("stranger", address, method)
    assert (status, body["code"]) == (404, "not_found")
    # The very answer that an id gets which nobody has: existence does not show.
    named = {name: uuid.uuid4() for name in ("project", "series", "job", "version", "transfer")}
    there = body["message"]
    for name, other in named.items():
        there = there.replace(str(world.values[name]), str(other))
    world.values |= named
    assert world.call("stranger", address, method)[1]["message"] == there


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize(("address", "method"), [key for key, who in ACCESS.items() if who in Role.values])
def test_each_role_may_what_is_its_own_and_no_more(world: World, address: str, method: str, role: str) -> None:
    needed = Role(ACCESS[address, method])
    status, body = world.call(role, address, method)
    if not Role(role).covers(needed):
        assert (status, body["code"]) == (403, "forbidden")
    elif (address, method) in ABSENT:
        assert status == 404
        assert ABSENT[address, method] in body["message"]
    else:
        # Bodies are empty on purpose: a permitted person is told what is missing, or in the way.
        assert status in (200, 201, 204, 400, 415) or body["code"] in ("jobs_running", "not_archived"), body


@pytest.mark.parametrize(("address", "method"), CHANGES)
def test_an_archived_project_refuses_every_change(world: World, address: str, method: str) -> None:
    Project.objects.update(archived_at=timezone.now())
    status, body = world.call("owner", address, method)
    # A series goes there and comes back in a project that is open.
    assert ((status, body.get("code")) == (409, "archived")) == ((address, method) not in EVEN_ARCHIVED), body


@pytest.mark.parametrize(("address", "method"), [key for key in CHANGES if key[0].startswith("series/")])
def test_an_archived_series_refuses_every_change(world: World, address: str, method: str) -> None:
    Series.objects.update(archived_at=timezone.now())
    status, body = world.call("owner", address, method)
    allowed = (address, method) in IN_AN_ARCHIVED_SERIES
    assert ((status, body.get("code")) != (409, "archived")) == allowed, body


@pytest.mark.parametrize(("address", "method"), [key for key, who in ACCESS.items() if who == "viewer"])
def test_an_archived_series_is_seen_and_exported(world: World, address: str, method: str) -> None:
    Series.objects.update(archived_at=timezone.now())
    Project.objects.update(archived_at=timezone.now())
    status, body = world.call("viewer", address, method)
    assert status in ((404,) if (address, method) in ABSENT else (200, 201, 400)), body


def test_any_signed_in_person_has_own_projects_and_tokens(world: World) -> None:
    assert world.call("stranger", "projects", "get") == (200, [])
    assert world.call("stranger", "tokens", "get")[0] == 200
    assert world.call("viewer", "tokens/<token>", "delete")[0] == 404
    assert world.call("stranger", "tokens/<token>", "delete")[0] == 204


def test_schema_and_docs_hold_no_data_and_are_open(client: Client) -> None:
    assert client.get("/api/schema").status_code == 200
    assert client.get("/api/docs").status_code == 200
    assert settings.DEBUG is False
