"""Nothing that was drawn is lost, and the screen says where it is: reloads, crashes, bad networks, two tabs."""

from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.frames import drawn_frames
from tests.infrastructure.person import Person

SIZE = 256
CUT_OFF = """
window.WebSocket = class {
  constructor() { setTimeout(() => this.onclose({ code: 1006 })); }
  close() {}
};
window.dispatchEvent(new Event("offline"));
"""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def person(live_app: App) -> Person:
    return live_app.add_person("dora")


@pytest.fixture
def series(person: Person, tmp_path: Path) -> str:
    project = person.post("/projects", {"name": "Drafts"})["id"]
    return person.import_series(project, "drafts", drawn_frames(tmp_path, count=2, size=SIZE))


def opened(page: Page, app: App, series: str, *, sign_in: bool = True) -> Annotator:
    annotator = Annotator(page)
    annotator.offer_only_the_fake_model()
    if sign_in:
        annotator.enter(app.url, "dora")
    annotator.open(app.url, series, frame=0, height=SIZE, width=SIZE, warm=False)
    return annotator


def stored(person: Person, series: str) -> int:
    return len(person.get(f"/series/{series}/state?frame=0")["masks"])


def draw(annotator: Annotator, y: float) -> None:
    annotator.press("b")
    annotator.press("Escape")
    annotator.drag((60, y), (90, y))


def test_what_is_drawn_without_a_network_survives_a_crash_and_is_sent_once(
    browser: Browser, live_app: App, person: Person, series: str
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        page = context.new_page()
        annotator = opened(page, live_app, series)
        other = opened(context.new_page(), live_app, series, sign_in=False)
        expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
        context.set_offline(True)
        expect(page.get_by_role("status").filter(has_text="Offline")).to_be_visible()
        draw(annotator, 60)
        draw(annotator, 100)
        expect(page.get_by_role("status").filter(has_text="Offline, 2 changes kept here")).to_be_visible()
        crash(page)
        # The tab that lives takes them over.
        expect(other.page.get_by_role("status").filter(has_text="Offline, 2 changes kept here")).to_be_visible()
        page.close()  # Playwright cannot bring what is left of it back to the network
        context.set_offline(False)
        expect(other.page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
        assert stored(person, series) == 2
        assert [entry["version"] for entry in person.get(f"/series/{series}/history")["results"]] == [2, 1]
    finally:
        context.close()


def crash(page: Page) -> None:
    """As when the tab's process dies: without any unload."""
    with page.expect_event("crash"), suppress(Error):
        page.goto("chrome://crash", timeout=5000)


def test_a_tab_says_what_another_one_has_not_sent(browser: Browser, live_app: App, person: Person, series: str) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        annotator = opened(context.new_page(), live_app, series)
        other = opened(context.new_page(), live_app, series, sign_in=False)
        # Only the first is cut off: its socket closes and none opens again.
        annotator.page.evaluate(CUT_OFF)
        expect(annotator.page.get_by_role("status").filter(has_text="Offline")).to_be_visible()
        draw(annotator, 60)
        chip = other.page.get_by_role("status").filter(has_text="Another tab of yours: 1 change not sent")
        expect(chip).to_be_visible()
        assert stored(person, series) == 0
        annotator.page.close()
        expect(other.page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
        assert stored(person, series) == 1
    finally:
        context.close()


def test_undo_goes_on_after_a_reload_where_it_was(watched: Page, live_app: App, person: Person, series: str) -> None:
    annotator = opened(watched, live_app, series)
    for y in (60, 100):
        with annotator.answer("changeset.committed"):
            draw(annotator, y)
    with annotator.answer("changeset.committed"):
        annotator.press("Control+z")
    with annotator.answer("hello"):
        watched.reload()
    annotator.canvas.wait_for()
    with annotator.answer("changeset.committed"):
        annotator.press("Control+z")
    assert stored(person, series) == 0
    for count in (1, 2):
        with annotator.answer("changeset.committed"):
            annotator.press("Control+Shift+z")
        assert stored(person, series) == count


def test_a_stroke_under_way_survives_a_reload(watched: Page, live_app: App, person: Person, series: str) -> None:
    annotator = opened(watched, live_app, series)
    annotator.press("b")
    watched.mouse.move(*annotator.screen(60, 60))
    watched.mouse.down()
    watched.mouse.move(*annotator.screen(100, 60), steps=8)
    watched.wait_for_timeout(500)
    with annotator.answer("changeset.committed"):
        watched.reload()
    (mask,) = person.get(f"/series/{series}/state?frame=0")["masks"]
    assert mask["area_px"] > 100
    expect(watched.get_by_role("status").filter(has_text="Saved")).to_be_visible()


def test_prompts_go_back_step_by_step_before_older_work_does(
    watched: Page, live_app: App, person: Person, series: str
) -> None:
    annotator = opened(watched, live_app, series)
    with annotator.answer("changeset.committed"):
        draw(annotator, 60)
    annotator.press("Escape")
    annotator.press("c")
    for x in (150, 180):
        with annotator.answer("prompt.predicted"):
            annotator.click(x, 180)
    annotator.press("Control+z")
    expect(watched.get_by_role("button", name="Accept")).to_be_visible()
    annotator.press("Control+z")
    expect(watched.get_by_role("button", name="Accept")).to_be_hidden()
    assert stored(person, series) == 1
    with annotator.answer("changeset.committed"):
        annotator.press("Control+z")
    assert stored(person, series) == 0


def test_a_computer_that_slept_connects_anew_at_once(watched: Page, live_app: App, person: Person, series: str) -> None:
    watched.clock.install()
    annotator = opened(watched, live_app, series)
    with annotator.answer("hello"):
        watched.clock.fast_forward("01:00:00")
    with annotator.answer("changeset.committed"):
        draw(annotator, 60)
    assert stored(person, series) == 1
