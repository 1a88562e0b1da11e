"""Keys: listed, searched, changed, kept for the person, and enough to annotate without a mouse."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.frames import drawn_frames
from tests.infrastructure.person import Person

SIZE = 256
ALT = "With click: this does not belong; with brush: erase; with outlines: cut out"
BRUSHES = ["Brush", "Smaller brush", "Larger brush", ALT, "With brush: its size"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def person(live_app: App) -> Person:
    return live_app.add_person("kaia")


@pytest.fixture
def series(person: Person, tmp_path: Path) -> str:
    project = person.post("/projects", {"name": "Keys"})["id"]
    return person.import_series(project, "keys", drawn_frames(tmp_path, count=2, size=SIZE))


def opened(page: Page, app: App, series: str) -> Annotator:
    annotator = Annotator(page)
    annotator.offer_only_the_fake_model()
    annotator.enter(app.url, "kaia")
    annotator.open(app.url, series, frame=0, height=SIZE, width=SIZE)
    return annotator


def test_a_changed_key_works_is_shown_and_follows_the_person(
    watched: Page, browser: Browser, live_app: App, person: Person, series: str
) -> None:
    annotator = opened(watched, live_app, series)
    annotator.press("?")
    dialog = watched.get_by_role("dialog", name="Keys")
    dialog.get_by_label("Search").fill("brush")
    expect(dialog.locator("dt")).to_have_text(BRUSHES)
    dialog.get_by_role("button", name="B: change this key of “Brush”").click()
    with watched.expect_response(lambda answer: "account/preferences" in answer.url):
        annotator.press("Shift+J")
    dialog.get_by_role("button", name="Close").last.click()
    annotator.press("b")
    brush = watched.get_by_role("toolbar").get_by_role("button", name="Brush")
    expect(brush).to_have_attribute("aria-pressed", "false")
    annotator.press("Shift+J")
    expect(brush).to_have_attribute("aria-pressed", "true")
    expect(brush).to_have_attribute("aria-keyshortcuts", "Shift+J")
    elsewhere = browser.new_context()
    try:
        other = opened(elsewhere.new_page(), live_app, series)
        other.press("Shift+J")
        expect(other.page.get_by_role("button", name="Brush")).to_have_attribute("aria-pressed", "true")
    finally:
        elsewhere.close()
    annotator.press("?")
    dialog.get_by_role("button", name="Reset all").click()
    expect(dialog.get_by_role("button", name="B: change this key of “Brush”")).to_be_visible()


def test_a_key_that_another_has_is_named_and_can_be_taken_from_it(
    watched: Page, live_app: App, person: Person, series: str
) -> None:
    annotator = opened(watched, live_app, series)
    annotator.press("?")
    dialog = watched.get_by_role("dialog", name="Keys")
    dialog.get_by_role("button", name="F: change this key of “Fit the image”").click()
    annotator.press("2")
    expect(dialog.get_by_text("2 belongs to the phases")).to_be_visible()
    annotator.press("m")
    expect(dialog.get_by_text("M is the key of “Masks on, off”")).to_be_visible()
    dialog.get_by_role("button", name="Use it here instead").click()
    expect(dialog.get_by_role("button", name="M: change this key of “Fit the image”")).to_be_visible()
    expect(dialog.locator(".key-row", has_text="Masks on, off").get_by_text("no key")).to_be_visible()
    dialog.locator(".key-row", has_text="Masks on, off").get_by_role("button", name="Reset to M").click()
    expect(dialog.get_by_role("button", name="M: change this key of “Masks on, off”")).to_be_visible()
    dialog.get_by_role("button", name="Reset all").click()
    expect(dialog.get_by_role("button", name="F: change this key of “Fit the image”")).to_be_visible()


def test_an_object_is_made_selected_and_deleted_by_keys_alone(
    watched: Page, live_app: App, person: Person, series: str
) -> None:
    annotator = opened(watched, live_app, series)
    annotator.press("c")
    annotator.press("Control+ArrowRight")
    with annotator.answer("prompt.predicted"):
        annotator.press("Control+Enter")
    with annotator.answer("changeset.committed"):
        annotator.press("Enter")
    annotator.press("b")
    annotator.press("Escape")
    annotator.press("Control+Space")
    for _ in range(12):
        annotator.press("Control+ArrowDown")
    with annotator.answer("changeset.committed"):
        annotator.press("Control+Space")
    assert len(person.get(f"/series/{series}/state?frame=0")["masks"]) == 2
    annotator.press("v")
    annotator.press("Escape")
    annotator.press("ArrowDown")
    annotator.press("Shift+F10")
    expect(watched.get_by_role("menu", name="What to do with the object")).to_be_visible()
    annotator.press("Escape")
    with annotator.answer("changeset.committed"):
        annotator.press("Delete")
    assert len(person.get(f"/series/{series}/state?frame=0")["masks"]) == 1


ESCAPED_AT_ONCE = """() => new Promise((tell) => {
  const show = HTMLElement.prototype.showPopover;
  HTMLElement.prototype.showPopover = function (...how) {
    show.apply(this, how);
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    HTMLElement.prototype.showPopover = show;
    tell(this.getAttribute("role"));
  };
  window.dispatchEvent(new KeyboardEvent("keydown", { key: "F10", shiftKey: true, bubbles: true }));
})"""


def test_a_key_pressed_as_a_menu_opens_is_the_menus(watched: Page, live_app: App, person: Person, series: str) -> None:
    annotator = opened(watched, live_app, series)
    annotator.press("c")
    with annotator.answer("prompt.predicted"):
        annotator.press("Control+Enter")
    with annotator.answer("changeset.committed"):
        annotator.press("Enter")
    annotator.press("v")
    selected = watched.locator('[role="row"][aria-selected="true"]')
    expect(selected).to_have_count(1)
    assert watched.evaluate(ESCAPED_AT_ONCE) == "menu"
    expect(watched.get_by_role("menu", name="What to do with the object")).to_be_visible()
    expect(selected).to_have_count(1)
