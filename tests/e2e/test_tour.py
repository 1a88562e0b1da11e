"""The tour of the annotator: a first visit begins it, real actions carry it on, Escape ends it for good."""

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.frames import drawn_frames
from tests.infrastructure.person import Person

SIZE, FRAMES = 256, 4
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def newcomer(live_app: App) -> tuple[str, Person]:
    name = f"tom-{uuid.uuid4().hex[:6]}"
    return name, live_app.add_person(name)


@pytest.fixture
def series(newcomer: tuple[str, Person], tmp_path: Path) -> str:
    _, person = newcomer
    project = person.post("/projects", {"name": "First steps"})["id"]
    return person.import_series(project, "discs", drawn_frames(tmp_path, count=FRAMES, size=SIZE))


@pytest.fixture
def annotator(watched: Page, live_app: App, newcomer: tuple[str, Person]) -> Annotator:
    annotator = Annotator(watched)
    annotator.offer_only_the_fake_model()
    annotator.sign_in(live_app.url, newcomer[0], tour=True)
    return annotator


def card(page: Page) -> Any:
    return page.get_by_role("region", name="Tour")


def at(page: Page, number: int, title: str) -> None:
    expect(card(page)).to_contain_text(f"Step {number} of 8")
    expect(card(page).get_by_role("heading")).to_contain_text(title)


def test_a_first_visit_leads_from_a_click_to_an_export(annotator: Annotator, live_app: App, series: str) -> None:
    page = annotator.page
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE)
    at(page, 1, "Click an object")
    # Where it stands: beside the tool, not in the middle of the image.
    tool, bubble = page.locator('[data-tour="point"]').bounding_box(), card(page).bounding_box()
    assert tool is not None
    assert bubble is not None
    assert 0 <= bubble["x"] - (tool["x"] + tool["width"]) < 20
    with annotator.answer("prompt.predicted"):
        annotator.click(200, 200)
    at(page, 2, "Keep the mask")
    with annotator.answer("changeset.committed"):
        annotator.press("Enter")
    at(page, 3, "Correct it with the brush")
    annotator.press("b")
    with annotator.answer("changeset.committed"):
        annotator.drag((200, 190), (200, 150))
    at(page, 4, "Take it back")
    with annotator.answer("changeset.committed"):
        annotator.press("Control+z")
    at(page, 5, "Go through the frames")
    annotator.press("ArrowRight")
    at(page, 6, "Follow objects")
    # By keyboard alone; Next is there for who will not.
    card(page).get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    at(page, 7, "Look back")
    page.get_by_role("tab", name="History").click()
    at(page, 8, "Take it with you")
    page.get_by_role("button", name="Export", exact=True).click()
    expect(card(page)).to_have_count(0)
    expect(page.get_by_role("dialog", name=re.compile("Export"))).to_be_visible()
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE)
    expect(card(page)).to_have_count(0)


def test_escape_cancels_a_prompt_first_and_then_skips_the_tour_until_it_is_asked_for(
    annotator: Annotator, live_app: App, series: str
) -> None:
    page = annotator.page
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE)
    at(page, 1, "Click an object")
    with annotator.answer("prompt.predicted"):
        annotator.click(200, 200)
    at(page, 2, "Keep the mask")
    annotator.press("Escape")
    expect(page.get_by_role("button", name=re.compile("^Accept"))).to_have_count(0)
    at(page, 2, "Keep the mask")
    annotator.press("Escape")
    expect(card(page)).to_have_count(0)
    # It is the person who has had it, not the browser.
    page.evaluate("localStorage.clear()")
    with page.expect_response("**/account/preferences"):
        annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE)
    page.wait_for_timeout(500)
    expect(card(page)).to_have_count(0)
    # Once more from the help, and from the account's menu, there and on another page.
    annotator.press("?")
    page.get_by_role("button", name="Take the tour").click()
    at(page, 1, "Click an object")
    page.get_by_role("button", name="Skip the tour").click()
    page.goto(live_app.url)
    page.get_by_role("button", name=re.compile("^Account of")).click()
    page.get_by_role("menuitem", name="Tour of the annotator").click()
    page.wait_for_url(f"**/series/{series}*")
    at(page, 1, "Click an object")


def test_a_viewer_has_no_tour(annotator: Annotator, live_app: App, newcomer: tuple[str, Person], series: str) -> None:
    _, person = newcomer
    project = person.get(f"/series/{series}")["project"]
    visitor = f"vic-{uuid.uuid4().hex[:6]}"
    live_app.add_person(visitor)
    person.post(f"/projects/{project}/members", {"username": visitor, "role": "viewer"})
    page = annotator.page
    page.context.clear_cookies()
    annotator.sign_in(live_app.url, visitor, tour=True)
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE, warm=False)
    expect(card(page)).to_have_count(0)
