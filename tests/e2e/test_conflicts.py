"""Two people change the same object: pictures of before, mine and theirs, and one of three answers for each."""

import uuid
from collections.abc import Iterator
from pathlib import Path

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
    live_app.add_person("finn")
    return live_app.add_person("cleo")


@pytest.fixture
def series(person: Person, tmp_path: Path) -> str:
    project = person.post("/projects", {"name": "Conflicts"})["id"]
    person.post(f"/projects/{project}/members", {"username": "finn", "role": "annotator"})
    return person.import_series(project, "conflicts", drawn_frames(tmp_path, count=2, size=SIZE))


def opened(page: Page, app: App, series: str, username: str) -> Annotator:
    annotator = Annotator(page)
    annotator.offer_only_the_fake_model()
    annotator.enter(app.url, username)
    annotator.open(app.url, series, frame=0, height=SIZE, width=SIZE, warm=False)
    return annotator


def area(person: Person, series: str) -> int:
    (mask,) = person.get(f"/series/{series}/state?frame=0")["masks"]
    found: int = mask["area_px"]
    return found


@pytest.fixture
def contested(
    watched: Page, browser: Browser, live_app: App, person: Person, series: str
) -> Iterator[tuple[Annotator, int, int]]:
    """Cleo, whose stroke on an object lost to Finn's: her page, the area before and the area that he made of it."""
    cleo = opened(watched, live_app, series, "cleo")
    cleo.press("b")
    with cleo.answer("changeset.committed"):
        cleo.drag((60, 120), (120, 120))
    before = area(person, series)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        finn = opened(context.new_page(), live_app, series, "finn")
        watched.context.set_offline(True)
        expect(watched.get_by_role("status").filter(has_text="Offline")).to_be_visible()
        cleo.drag((60, 120), (60, 180))
        finn.press("v")
        finn.click(90, 120)
        finn.press("b")
        with finn.answer("changeset.committed"):
            finn.drag((120, 120), (120, 60))
        theirs = area(person, series)
        watched.context.set_offline(False)
        watched.get_by_role("button", name="1 change not saved: decide").wait_for()
        yield cleo, before, theirs
    finally:
        context.close()


def test_both_masks_can_become_one_by_keys_alone(
    contested: tuple[Annotator, int, int], person: Person, series: str
) -> None:
    cleo, before, theirs = contested
    cleo.press("Shift+U")
    dialog = cleo.page.get_by_role("dialog", name="Not saved: Paint a mask")
    expect(dialog.get_by_text("was changed by finn meanwhile")).to_be_visible()
    for name in ("Before", "Mine", "finn’s", "Both together"):
        expect(dialog.get_by_text(name, exact=True)).to_be_visible()
    assert dialog.locator("canvas").count() == 4
    expect(dialog.get_by_role("radio", name="Mine")).to_be_focused()
    cleo.press("ArrowRight")
    cleo.press("ArrowRight")
    expect(dialog.get_by_role("radio", name="Both together")).to_be_checked()
    with cleo.answer("changeset.committed"):
        cleo.press("Enter")
    grown = theirs - before
    assert area(person, series) > before + 1.5 * grown  # hers is as large as his
    expect(cleo.page.get_by_role("status").filter(has_text="Saved")).to_be_visible()


def test_theirs_stays_where_it_is_chosen(contested: tuple[Annotator, int, int], person: Person, series: str) -> None:
    cleo, _, theirs = contested
    cleo.page.get_by_role("button", name="1 change not saved: decide").click()
    dialog = cleo.page.get_by_role("dialog", name="Not saved: Paint a mask")
    dialog.get_by_text("finn’s", exact=True).click()
    dialog.get_by_role("button", name="Save as chosen").click()
    expect(cleo.page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    assert area(person, series) == theirs


def test_a_calibration_is_not_written_over_a_newer_one_unseen(
    watched: Page, live_app: App, person: Person, series: str
) -> None:
    cleo = opened(watched, live_app, series, "cleo")
    cleo.page.locator(".calibration-button").click()
    dialog = cleo.page.get_by_role("dialog", name="Calibration")
    dialog.get_by_label("Pixel size").fill("0.25")
    meanwhile = {"pixel_size": 0.5, "unit": "nm", "frame_interval_s": None, "request_id": str(uuid.uuid4())}
    person.post(f"/series/{series}/calibration", meanwhile)
    save = dialog.get_by_role("button", name="Save")
    save.click()
    expect(dialog.get_by_text("The calibration was changed meanwhile: the pixel size is 0.5 nm")).to_be_visible()
    assert person.get(f"/series/{series}")["calibration"]["pixel_size"] == 0.5
    save.click()
    expect(dialog).to_have_count(0)
    assert person.get(f"/series/{series}")["calibration"]["pixel_size"] == 0.25
