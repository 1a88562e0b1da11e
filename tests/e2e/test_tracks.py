"""Following objects through a series and correcting their tracks: undo, collisions, a new start from a correction."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.person import Person

SIZE, FRAMES = 192, 6
LEFT, RIGHT = (50, 60), (130, 120)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def person(live_app: App) -> Person:
    return live_app.add_person("chandra")


@pytest.fixture
def series(person: Person, tmp_path: Path) -> str:
    """Two dark discs at rest on a bright, noisy background."""
    noise, files = np.random.default_rng(5), []
    y, x = np.mgrid[:SIZE, :SIZE]
    for frame in range(FRAMES):
        image = noise.normal(180, 5, (SIZE, SIZE))
        for column, row in (LEFT, RIGHT):
            image[(x - column) ** 2 + (y - row) ** 2 < 20**2] -= 100
        files.append(tmp_path / f"frame{frame}.png")
        Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save(files[-1])
    return person.import_series(person.post("/projects", {"name": "Tracks"})["id"], "discs", files)


@pytest.fixture
def annotator(watched: Page, live_app: App, person: Person, series: str) -> Annotator:
    """The series with both discs followed from its first to its last frame."""
    annotator = Annotator(watched)
    annotator.enter(live_app.url, "chandra")
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE, warm=False)
    annotator.press("v")
    annotator.press("t")
    page = annotator.page
    page.get_by_label("Tracker", exact=True).select_option("overlap")
    page.get_by_label("Segmenter", exact=True).select_option("threshold")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("Done: 12 masks, 2 new objects")).to_be_visible()
    annotator.catch_up()
    return annotator


def number_at(person: Person, series: str, frame: int, centre: tuple[int, int]) -> int:
    """The number of the track whose mask lies there."""
    state = person.get(f"/series/{series}/state?frame={frame}")
    numbers = {track["track"]: track["number"] for track in state["tracks"]}
    (number,) = (
        numbers[mask["track"]]
        for mask in state["masks"]
        if mask["box"] is not None
        and mask["box"][0] <= centre[0] < mask["box"][2]
        and mask["box"][1] <= centre[1] < mask["box"][3]
    )
    return int(number)


def numbers(person: Person, series: str, centre: tuple[int, int]) -> list[int]:
    return [number_at(person, series, frame, centre) for frame in range(FRAMES)]


def test_tracks_are_cut_exchanged_and_brought_back(annotator: Annotator, person: Person, series: str) -> None:
    page = annotator.page
    left, right = (number_at(person, series, 0, centre) for centre in (LEFT, RIGHT))
    assert numbers(person, series, LEFT) == [left] * FRAMES
    page.get_by_role("tab", name="Objects").click()
    for _ in range(2):
        annotator.press("ArrowRight")
    row = page.get_by_role("row").filter(has_text=f"#{left}")
    expect(row).to_be_visible()
    annotator.click(*LEFT)
    with annotator.answer("changeset.committed"):
        annotator.press("x")
    new = number_at(person, series, 2, LEFT)
    assert new not in (left, right)
    assert numbers(person, series, LEFT) == [left] * 2 + [new] * 4
    for key, expected in (("Control+z", left), ("Control+Shift+z", new), ("Control+z", left)):
        with annotator.answer("changeset.committed"):
            annotator.press(key)
        assert number_at(person, series, 2, LEFT) == expected

    annotator.click(*LEFT)
    annotator.press("i")
    page.get_by_label("To the ID").first.fill(str(right))
    page.get_by_role("button", name="Change", exact=True).click()
    with annotator.answer("changeset.committed"):
        page.get_by_role("button", name="Exchange the two").click()
    assert numbers(person, series, LEFT) == [left] * 2 + [right] * 4
    assert numbers(person, series, RIGHT) == [right] * 2 + [left] * 4


def test_after_a_correction_the_rest_is_followed_anew(annotator: Annotator, person: Person, series: str) -> None:
    page = annotator.page
    annotator.press("ArrowRight")
    annotator.click(*LEFT)
    annotator.press("b")
    with annotator.answer("changeset.committed"):
        annotator.drag((LEFT[0] + 18, LEFT[1]), (LEFT[0] + 24, LEFT[1]))
    with annotator.answer("changeset.committed", lambda message: message["changeset"]["job"] is not None):
        page.get_by_role("button", name=re.compile("^Re-track from here")).click()
    expect(page.get_by_text(re.compile(r"^Done: \d+ masks"))).to_be_visible()
    page.get_by_title("Undo this tracking").click()
    page.get_by_role("button", name="Undo it").click()
    expect(page.get_by_text(re.compile("of the tracking taken back"))).to_be_visible()
