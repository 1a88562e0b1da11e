"""Lists of projects and series in a browser: searching, leafing, keys, many series; and the archive from end to end."""

import re
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from ml import rle
from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.frames import drawn_frames
from tests.infrastructure.person import Person, new_objects

SIZE, FRAMES = 128, 5
MANY = 200
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
# Copies rows: what a list costs does not depend on whose pixels it shows.
COPIES = """
from backend.series.models import Series
one = Series.objects.get(pk={series!r})
for number in range({many}):
    one.pk, one.id, one.name = None, __import__("uuid").uuid4(), f"Copy {{number + 1}}"
    one._state.adding = True
    one.save(force_insert=True)
"""


@pytest.fixture(scope="module")
def person(live_app: App) -> Person:
    return live_app.add_person("paula")


@pytest.fixture
def project(person: Person) -> str:
    project: str = person.post("/projects", {"name": f"Lists {uuid.uuid4().hex[:6]}"})["id"]
    return project


@pytest.fixture
def series(person: Person, project: str, tmp_path: Path) -> str:
    return person.import_series(project, "Au on carbon", drawn_frames(tmp_path, count=FRAMES, size=SIZE))


@pytest.fixture
def annotator(watched: Page, live_app: App, person: Person) -> Annotator:
    annotator = Annotator(watched)
    annotator.offer_only_the_fake_model()
    annotator.sign_in(live_app.url, "paula")
    return annotator


def draw(person: Person, series: str, frame: int, state: str) -> None:
    mask = np.zeros((SIZE, SIZE), bool)
    mask[20:40, 20:40] = True
    encoded = rle.encode(mask)
    track = str(uuid.uuid4())
    drawn = {"op": "mask.set", "track": track, "frame": frame, "state": state}
    drawn |= {"mask": {"size": list(encoded.size), "counts": encoded.counts}}
    operations: list[dict[str, Any]] = [{"op": "track.create", "track": track, "phase": None}, drawn]
    person.post(f"/series/{series}/changesets", new_objects(operations))


def cards(page: Page) -> Any:
    return page.get_by_role("list", name="Series").locator(".card-link")


def menu(page: Page, name: str, item: str) -> None:
    page.get_by_role("button", name=f"Actions for {name}").click()
    page.get_by_role("menuitem", name=item).click()


def test_a_list_is_searched_narrowed_down_and_walked_by_keys(
    annotator: Annotator, person: Person, project: str, series: str, tmp_path: Path
) -> None:
    page = annotator.page
    other = person.import_series(project, "Pt 10", drawn_frames(tmp_path, count=2, size=SIZE))
    person.import_series(project, "Pt 9", drawn_frames(tmp_path, count=1, size=SIZE))
    draw(person, series, 0, "accepted")
    draw(person, other, 1, "proposal")
    page.goto(f"{page.url.rstrip('/')}/projects/{project}")
    # The last changed first; whom and how far the cards tell.
    expect(cards(page)).to_have_text(["Pt 10", "Au on carbon", "Pt 9"])
    card = page.locator(".card", has_text="Au on carbon")
    expect(card).to_contain_text("1 of 5 frames annotated")
    expect(card).to_contain_text(re.compile("changed .* by paula"))
    expect(page.locator(".card", has_text="Pt 10")).to_contain_text("1 proposal")
    expect(page.locator(".card", has_text="Pt 9")).to_contain_text("imported")
    page.get_by_label("Order").select_option("By name")
    expect(cards(page)).to_have_text(["Au on carbon", "Pt 9", "Pt 10"])
    page.get_by_role("button", name="Proposals wait 1").click()
    expect(cards(page)).to_have_text(["Pt 10"])
    page.get_by_role("button", name="Not begun 1").click()
    expect(cards(page)).to_have_text(["Pt 9"])
    page.get_by_role("button", name="All 3").click()
    # The keyboard alone: / searches, Escape shows all again, arrows walk, Enter opens.
    page.keyboard.press("/")
    page.keyboard.type("PT")
    expect(cards(page)).to_have_text(["Pt 9", "Pt 10"])
    page.keyboard.type("x")
    expect(page.get_by_role("heading", name="No series matches")).to_be_visible()
    page.keyboard.press("Escape")
    expect(cards(page)).to_have_count(3)
    cards(page).first.focus()
    page.keyboard.press("ArrowRight")
    expect(cards(page).nth(1)).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/series/{other}*")


def test_the_pointer_leafs_through_a_series(annotator: Annotator, live_app: App, project: str, series: str) -> None:
    page = annotator.page
    page.goto(f"{live_app.url}/projects/{project}")
    picture = page.locator(".card-image").first
    box = picture.bounding_box()
    assert box is not None
    for part, frame in ((0.05, 0), (0.5, 2), (0.95, FRAMES - 1)):
        page.mouse.move(box["x"] + part * box["width"], box["y"] + 20)
        expect(picture).to_contain_text(f"{frame + 1} / {FRAMES}")
        expect(picture.locator("img")).to_have_attribute("src", re.compile(rf"frame={frame}$"))
    page.mouse.move(0, 0)
    expect(picture.locator("img")).to_have_attribute("src", re.compile("frame=0$"))


def test_two_hundred_series_stay_quick(annotator: Annotator, live_app: App, project: str, series: str) -> None:
    page = annotator.page
    live_app.manage("shell", "-c", COPIES.format(series=series, many=MANY - 1))
    lists, pictures = [], []
    page.on("request", lambda request: lists.append(request) if request.url.endswith("/series") else None)
    page.on("request", lambda request: pictures.append(request) if "/thumbnail" in request.url else None)
    began = time.monotonic()
    page.goto(f"{live_app.url}/projects/{project}")
    expect(cards(page)).to_have_count(MANY)
    assert time.monotonic() - began < 5.0
    page.wait_for_load_state("networkidle")
    assert len(lists) == 1
    # Only what is in sight, or soon will be, has its picture fetched.
    assert len(pictures) < MANY / 2
    page.keyboard.press("/")
    began = time.monotonic()
    page.keyboard.type("copy 19")
    expect(cards(page)).to_have_count(12)  # 19, 119, and 190 to 199
    assert time.monotonic() - began < 2.0


def test_a_series_goes_into_the_archive_and_comes_back(
    annotator: Annotator, live_app: App, person: Person, project: str, series: str
) -> None:
    page = annotator.page
    page.goto(f"{live_app.url}/projects/{project}")
    menu(page, "Au on carbon", "Archive")
    expect(page.get_by_text("Au on carbon is in the archive.")).to_be_visible()
    expect(page.get_by_role("heading", name="No series yet")).to_be_visible()
    page.get_by_role("button", name="Archived").click()
    expect(cards(page)).to_have_text(["Au on carbon"])
    # The annotator shows it, read-only, until a manager restores it there.
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE, warm=False)
    banner = page.get_by_text("In the archive")
    expect(banner).to_be_visible()
    expect(page.get_by_role("button", name="Brush", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(banner).to_be_hidden()
    expect(page.get_by_role("button", name="Brush", exact=True)).to_be_enabled()
    annotator.press("b")
    with annotator.answer("changeset.committed"):
        annotator.drag((30, 30), (60, 60))
    # Somebody archives it meanwhile: the open page says so.
    person.post(f"/series/{series}/archive", None)
    expect(banner).to_be_visible()
    expect(page.get_by_role("button", name="Brush", exact=True)).to_be_disabled()


def test_what_is_archived_is_deleted_under_its_typed_name(
    annotator: Annotator, live_app: App, person: Person, project: str, series: str
) -> None:
    page = annotator.page
    page.goto(f"{live_app.url}/projects/{project}")
    page.get_by_role("button", name="Actions for Au on carbon").click()
    expect(page.get_by_role("menuitem", name="Delete…")).to_have_count(0)
    page.keyboard.press("Escape")
    menu(page, "Au on carbon", "Archive")
    page.get_by_role("button", name="Archived").click()
    menu(page, "Au on carbon", "Delete…")
    confirm = page.get_by_role("button", name="Delete series")
    expect(confirm).to_be_disabled()
    page.get_by_label("Type “Au on carbon” to confirm").fill("Au on carbon")
    confirm.click()
    expect(page.get_by_role("heading", name="No series in the archive")).to_be_visible()
    assert person.get(f"/projects/{project}/series?archived=true") == []


def test_a_project_goes_into_the_archive_with_all_that_is_in_it(
    annotator: Annotator, live_app: App, person: Person, project: str, series: str
) -> None:
    page = annotator.page
    name = person.get(f"/projects/{project}")["name"]
    page.goto(f"{live_app.url}/projects/{project}/settings")
    page.get_by_role("button", name="Archive project").click()
    expect(page.get_by_text("This project is in the archive")).to_be_visible()
    page.get_by_role("link", name="Series").click()
    expect(page.get_by_role("button", name="Import series")).to_have_count(0)
    page.get_by_role("link", name="Phases").click()
    expect(page.get_by_role("heading", name="Phases", exact=True)).to_be_visible()
    expect(page.get_by_label("Name of the new phase")).to_have_count(0)
    page.goto(live_app.url)
    expect(page.get_by_role("heading", name="Projects", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=name)).to_have_count(0)
    page.get_by_role("button", name="Archived").click()
    page.get_by_role("link", name=name).click()
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE, warm=False)
    expect(page.get_by_text("In the archive")).to_be_visible()
    page.goto(f"{live_app.url}/projects/{project}")
    page.get_by_role("button", name="Restore project").click()
    expect(page.get_by_role("button", name="Import series").first).to_be_visible()


def test_projects_tell_how_far_they_are(
    annotator: Annotator, live_app: App, person: Person, project: str, series: str
) -> None:
    page = annotator.page
    draw(person, series, 0, "accepted")
    name = person.get(f"/projects/{project}")["name"]
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/api/v1/projects" in request.url else None)
    page.goto(live_app.url)
    card = page.locator(".card", has_text=name)
    for text in ("1 series", "1 member", "1 of 5 frames annotated", "by paula"):
        expect(card).to_contain_text(text)
    expect(card.locator("img")).to_have_attribute("src", re.compile(series))
    page.keyboard.press("/")
    page.keyboard.type(name[-6:])
    expect(page.locator(".card")).to_have_count(1)
    assert len(asked) == 1


def test_somebody_alone_in_a_project_is_shown_once(
    annotator: Annotator, live_app: App, person: Person, project: str, series: str
) -> None:
    page = annotator.page
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE)
    avatars = page.locator(".top-bar .avatar")
    expect(avatars).to_have_count(1)
    live_app.add_person("pablo")
    person.post(f"/projects/{project}/members", {"username": "pablo", "role": "viewer"})
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE)
    expect(page.get_by_role("link", name="1 other member")).to_be_visible()
    expect(avatars).to_have_count(2)


def test_phases_that_look_alike_are_said_and_told_apart(annotator: Annotator, person: Person, project: str) -> None:
    page = annotator.page
    for name, colour, key in (("Particle", "#d62728", "1"), ("Support", "#2ca02c", "2")):
        body = {"name": name, "colour": colour, "key": key, "description": f"What is {name.lower()}"}
        person.post(f"/projects/{project}/phases", body)
    page.goto(f"{page.url.rstrip('/')}/projects/{project}/phases")
    note = page.get_by_text("Particle and Support look alike to people with red–green colour blindness")
    expect(note).to_be_visible()
    page.get_by_role("button", name="Another colour for Support").click()
    expect(note).to_be_hidden()
    # A key has one phase.
    keys = page.get_by_label("Key of Support").locator("option:disabled")
    expect(keys).to_have_text(["1 Particle"])
    # The order is the list's, and lasts.
    page.get_by_role("button", name="Move Support up").click()
    expect(page.get_by_label(re.compile("^Name of (?!the new)")).first).to_have_value("Support")
    assert [phase["name"] for phase in person.get(f"/projects/{project}")["phases"]] == ["Support", "Particle"]


def test_the_annotator_tells_what_a_phase_is(
    annotator: Annotator, live_app: App, person: Person, project: str, series: str
) -> None:
    page = annotator.page
    person.post(f"/projects/{project}/phases", {"name": "Pore", "colour": "#56b4e9", "description": "Bright, no edge"})
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE)
    expect(page.get_by_role("button", name="Pore")).to_have_attribute("title", "Bright, no edge")
