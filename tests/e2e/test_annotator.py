"""What a person relies on in the annotator, with a segmenter that answers at once: a disc around the click."""

import re
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.frames import drawn_frames
from tests.infrastructure.person import Person

SIZE = 256
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def person(live_app: App) -> Person:
    return live_app.add_person("lise")


@pytest.fixture
def series(person: Person, tmp_path: Path) -> str:
    project = person.post("/projects", {"name": "Discs"})["id"]
    return person.import_series(project, "discs", drawn_frames(tmp_path, count=3, size=SIZE))


def opened(page: Page, app: App, series: str, username: str, *, warm: bool = True) -> Annotator:
    annotator = Annotator(page)
    annotator.offer_only_the_fake_model()
    annotator.enter(app.url, username)
    annotator.open(app.url, series, frame=0, height=SIZE, width=SIZE, warm=warm)
    return annotator


def test_open_prompt_survives_a_reload_of_the_tab(watched: Page, live_app: App, person: Person, series: str) -> None:
    annotator = opened(watched, live_app, series, "lise")
    annotator.press("c")
    with annotator.answer("prompt.predicted"):
        annotator.click(100, 100)
    with annotator.answer("hello"):
        watched.reload()
    expect(watched.get_by_role("button", name="Accept")).to_be_visible()
    with annotator.answer("changeset.committed"):
        annotator.press("Enter")
    assert len(person.get(f"/series/{series}/state?frame=0")["masks"]) == 1


def test_work_done_without_the_server_is_sent_when_it_is_back(
    watched: Page, live_app: App, person: Person, series: str
) -> None:
    annotator = opened(watched, live_app, series, "lise")
    former = live_app.kill("web")
    annotator.press("b")
    annotator.drag((60, 60), (90, 90))
    with annotator.answer("changeset.committed"):
        live_app.wait_until_restarted("web", former)
    (mask,) = person.get(f"/series/{series}/state?frame=0")["masks"]
    assert mask["area_px"] > 0
    expect(watched.get_by_role("status").filter(has_text="Saved")).to_be_visible()


def test_undo_and_redo_are_versions_of_their_own(watched: Page, live_app: App, person: Person, series: str) -> None:
    annotator = opened(watched, live_app, series, "lise")
    annotator.press("b")
    with annotator.answer("changeset.committed"):
        annotator.drag((60, 60), (90, 90))
    (drawn,) = person.get(f"/series/{series}/state?frame=0")["masks"]
    with annotator.answer("changeset.committed"):
        annotator.press("Control+z")
    assert person.get(f"/series/{series}/state?frame=0")["masks"] == []
    with annotator.answer("changeset.committed"):
        annotator.press("Control+Shift+z")
    (again,) = person.get(f"/series/{series}/state?frame=0")["masks"]
    assert again["sha256"] == drawn["sha256"]
    assert [entry["version"] for entry in person.get(f"/series/{series}/history")["results"]] == [3, 2, 1]


def test_a_colleague_sees_a_new_mask_without_a_reload(
    watched: Page, browser: Browser, live_app: App, person: Person, series: str
) -> None:
    live_app.add_person("otto")
    project = person.get(f"/series/{series}")["project"]
    person.post(f"/projects/{project}/members", {"username": "otto", "role": "viewer"})
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        colleague = opened(context.new_page(), live_app, series, "otto", warm=False)
        annotator = opened(watched, live_app, series, "lise")
        annotator.press("b")
        with colleague.answer("changeset.committed") as seen:
            annotator.drag((60, 60), (90, 90))
        assert seen.message["changeset"]["author"]["name"] == "lise"
        expect(colleague.page.get_by_text("Objects on this frame 1")).to_be_visible()
        expect(colleague.page.get_by_role("button", name="Brush")).to_be_disabled()
    finally:
        context.close()


def test_enter_after_a_click_on_the_wand_accepts_what_it_found(
    watched: Page, live_app: App, person: Person, series: str
) -> None:
    annotator = opened(watched, live_app, series, "lise")
    with annotator.answer("frame.segmented"):
        watched.get_by_role("button", name="Segment the whole frame").click()
    with annotator.answer("changeset.committed"):
        annotator.press("Enter")
    assert len(person.get(f"/series/{series}/state?frame=0")["masks"]) > 0


def test_what_floats_over_the_image_is_dark_in_the_light_theme_too(
    watched: Page, live_app: App, person: Person, series: str
) -> None:
    watched.emulate_media(color_scheme="light")
    opened(watched, live_app, series, "lise").press("c")
    colours = watched.evaluate(
        "['.tool-hint', '.top-bar'].map((part) => getComputedStyle(document.querySelector(part)).backgroundColor)"
    )
    hint, bar = (sum(int(channel) for channel in re.findall(r"\d+", colour)[:3]) for colour in colours)
    assert hint < 3 * 64
    assert bar > 3 * 192


def test_arrow_keys_go_on_from_a_clicked_row_of_the_list(
    watched: Page, live_app: App, person: Person, series: str
) -> None:
    annotator = opened(watched, live_app, series, "lise")
    annotator.press("b")
    for y in (60, 120):
        with annotator.answer("changeset.committed"):
            annotator.drag((60, y), (90, y))
        annotator.press("Escape")
    listed = watched.get_by_role("grid")
    first, second = listed.get_by_role("row").all()
    first.click()
    annotator.press("ArrowDown")
    expect(second).to_have_attribute("aria-selected", "true")
    expect(listed).to_be_focused()


def test_the_hint_fades_under_the_pointer(watched: Page, live_app: App, person: Person, series: str) -> None:
    opened(watched, live_app, series, "lise").press("c")
    hint = watched.locator(".tool-hint")
    expect(hint).to_have_css("opacity", "1")
    box = hint.bounding_box()
    assert box is not None
    watched.mouse.move(box["x"] + 20, box["y"] + 10)
    expect(hint).to_have_css("opacity", "0.15")


def test_a_series_that_is_not_there_is_said_so(watched: Page, live_app: App, person: Person) -> None:
    Annotator(watched).sign_in(live_app.url, "lise")
    watched.goto(f"{live_app.url}/series/{UUID(int=0)}")
    expect(watched.get_by_text("There is no such series")).to_be_visible()
    watched.get_by_role("link", name="Projects", exact=True).click()
    expect(watched.get_by_role("heading", name="Projects", exact=True)).to_be_visible()


def test_a_typed_frame_number_is_taken_and_keys_go_back_to_the_image(
    watched: Page, live_app: App, person: Person, series: str
) -> None:
    opened(watched, live_app, series, "lise")
    number = watched.get_by_role("spinbutton", name="Frame")
    for typed, shown in (("3", "3"), ("999", "3"), ("", "3")):
        number.fill(typed)
        number.press("Enter")
        expect(number).to_have_value(shown)
    watched.keyboard.press("b")
    expect(watched.get_by_role("button", name="Brush")).to_have_attribute("aria-pressed", "true")
