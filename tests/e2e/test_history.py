"""The history in a browser: filters and pictures, differences drawn and counted, lives of objects, restoring."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from ml import rle
from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.person import Person

SIZE, FRAMES, GREY = 128, 6, 110
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

Box = tuple[int, int, int, int]
OLD, NEW, REMOVED, ADDED = (20, 20, 60, 60), (40, 20, 80, 60), (90, 90, 120, 120), (60, 80, 100, 120)


class Series:
    """A series that two people annotate over REST: every call is one version."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.heads: dict[tuple[str, int | None], int] = {}

    def write(self, person: Person, reason: str, *operations: dict[str, Any]) -> None:
        subjects = [(one["track"], one.get("frame")) for one in operations]
        base = [
            {"track": track, "frame": frame, "revision": self.heads.get((track, frame))} for track, frame in subjects
        ]
        body = {"request_id": str(uuid4()), "reason": reason, "base": base, "operations": list(operations)}
        made = person.post(f"/series/{self.name}/changesets", body)
        for revision in made["revisions"]:
            self.heads[revision["track"], revision.get("frame")] = revision["revision"]


def paint(track: str, frame: int, box: Box) -> dict[str, Any]:
    x0, y0, x1, y1 = box
    mask = np.zeros((SIZE, SIZE), bool)
    mask[y0:y1, x0:x1] = True
    encoded = rle.encode(mask)
    return {"op": "mask.set", "track": track, "frame": frame, "mask": {"size": encoded.size, "counts": encoded.counts}}


@pytest.fixture(scope="module")
def people(live_app: App) -> tuple[Person, Person]:
    return live_app.add_person("noether"), live_app.add_person("meitner")


@pytest.fixture
def series(people: tuple[Person, Person], tmp_path: Path) -> Series:
    """Version 1 has masks on frames 1 and 2 (from 1), 2 moves one, 3 adds an object on frame 5, 4 deletes a mask."""
    noether, meitner = people
    files = []
    for frame in range(FRAMES):
        files.append(tmp_path / f"frame{frame}.png")
        Image.fromarray(np.full((SIZE, SIZE), GREY + frame, np.uint8)).save(files[-1])
    project = noether.post("/projects", {"name": "History"})["id"]
    noether.post(f"/projects/{project}/members", {"username": "meitner", "role": "annotator"})
    series = Series(noether.import_series(project, "grey", files))
    one, two = str(uuid4()), str(uuid4())
    create = {"op": "track.create", "phase": None, "name": ""}
    first = [create | {"track": one}, paint(one, 0, OLD), paint(one, 1, REMOVED)]
    series.write(noether, "Draw two masks", *first)
    series.write(meitner, "Correct a mask", paint(one, 0, NEW))
    series.write(meitner, "Draw an object", create | {"track": two}, paint(two, 4, ADDED))
    series.write(noether, "Delete a mask", {"op": "mask.delete", "track": one, "frame": 1})
    return series


@pytest.fixture
def annotator(watched: Page, live_app: App, series: Series) -> Annotator:
    annotator = Annotator(watched)
    annotator.enter(live_app.url, "noether")
    annotator.open(live_app.url, series.name, frame=2, height=SIZE, width=SIZE, warm=False)
    annotator.press("v")
    watched.get_by_role("tab", name="History").click()
    expect(watched.locator(".history-entry")).to_have_count(4)
    return annotator


def colour(annotator: Annotator, box: Box) -> NDArray[np.float64]:
    """Mean red, green and blue in the middle of a box of the image."""
    x0, y0, x1, y1 = box
    (top, left), (bottom, right) = annotator.pixel(x0 + 3, y0 + 3), annotator.pixel(x1 - 3, y1 - 3)
    mean: NDArray[np.float64] = annotator.picture()[top:bottom, left:right].reshape(-1, 3).mean(0)
    return mean


def stripes(annotator: Annotator, box: Box) -> float:
    """How much the red of a box varies: a full fill does not."""
    x0, y0, x1, y1 = box
    (top, left), (bottom, right) = annotator.pixel(x0 + 3, y0 + 3), annotator.pixel(x1 - 3, y1 - 3)
    return float(annotator.picture()[top:bottom, left:right, 0].std())


def compare_first_with_now(annotator: Annotator) -> None:
    """With the keyboard: the oldest entry, then D."""
    page = annotator.page
    page.locator(".history-entry").first.focus()
    for _ in range(3):
        annotator.press("ArrowDown")
    expect(page.locator(".history-entry").last).to_be_focused()
    annotator.press("d")
    expect(page.get_by_role("region", name="Comparison of versions")).to_contain_text("Version 1 → 4 (now)")


def test_a_difference_is_drawn_counted_and_stepped_through(annotator: Annotator) -> None:
    page = annotator.page
    compare_first_with_now(annotator)
    banner = page.get_by_role("region", name="Comparison of versions")
    # Nothing differs on frame 3, so it leads to the first frame that does: the mask there has moved to the right.
    expect(banner).to_contain_text("This frame: 1 changed; +800 −800 px")
    expect(annotator.canvas).to_have_attribute("aria-label", "Frame 1 of grey")
    annotator.press("f")
    page.wait_for_timeout(300)
    red, _, blue = colour(annotator, (60, 20, 80, 60))
    assert blue > red + 40, "added: blue"
    assert stripes(annotator, (60, 20, 80, 60)) < 4
    red, _, blue = colour(annotator, (20, 20, 40, 60))
    assert red > blue + 40, "removed: orange"
    assert stripes(annotator, (20, 20, 40, 60)) > 8
    red, green, blue = colour(annotator, (40, 20, 60, 60))
    assert red > blue + 5 and green > blue + 5, "kept: pale yellow"
    grey = colour(annotator, (90, 20, 120, 60))
    assert np.ptp(grey) < 4, "elsewhere there is only the image"

    annotator.press("n")
    expect(banner).to_contain_text("This frame: 1 removed; +0 −900 px")
    page.wait_for_timeout(300)
    red, _, blue = colour(annotator, REMOVED)
    assert red > blue + 40
    annotator.press("n")
    expect(banner).to_contain_text("This frame: 1 added; +1,600 −0 px")
    page.wait_for_timeout(300)
    red, _, blue = colour(annotator, ADDED)
    assert blue > red + 40
    expect(page.get_by_role("button", name="Next frame that differs")).to_be_disabled()
    annotator.press("Shift+N")
    expect(annotator.canvas).to_have_attribute("aria-label", "Frame 2 of grey")

    expect(page.get_by_text("1 mask added, 1 mask removed, 1 mask changed on 3 frames.")).to_be_visible()
    expect(page.get_by_text("1 new object.")).to_be_visible()
    page.get_by_role("button", name="Frame 5").click()
    expect(annotator.canvas).to_have_attribute("aria-label", "Frame 5 of grey")
    annotator.press("Escape")
    expect(banner).to_have_count(0)
    expect(page.locator(".history-entry")).to_have_count(4)


def test_what_one_version_changed_and_any_two_versions_are_compared(annotator: Annotator) -> None:
    page = annotator.page
    banner = page.get_by_role("region", name="Comparison of versions")
    page.get_by_role("button", name="What to do with version 3").click()
    page.get_by_role("menuitem", name="What it changed").click()
    expect(banner).to_contain_text("Version 2 → 3")
    expect(banner).to_contain_text("This frame: 1 added")
    annotator.press("Escape")
    page.get_by_role("button", name="What to do with version 3").click()
    page.get_by_role("menuitem", name="Compare with another version").click()
    expect(page.get_by_text("Choose the version to compare with version 3.")).to_be_visible()
    page.locator(".history-entry").last.click()
    expect(banner).to_contain_text("Version 1 → 3")
    banner.get_by_role("button", name="Close").click()
    page.locator(".history-entry").last.click()
    annotator.press("d")
    expect(banner).to_contain_text("Version 1 → 4 (now)")


def test_a_range_is_restored_after_saying_what_will_change_and_taken_back(
    annotator: Annotator, people: tuple[Person, Person], series: Series
) -> None:
    page = annotator.page
    compare_first_with_now(annotator)
    page.get_by_role("button", name="Restore 1…").click()
    dialog = page.get_by_role("dialog", name="Restore version 1")
    expect(dialog.get_by_text("This will change: 2 masks, 1 mask deleted, 1 object deleted")).to_be_visible()
    dialog.get_by_label("A range of frames").check()
    dialog.get_by_label("Frames, first and last").fill("4-9")
    expect(dialog.get_by_text("Give a frame from 1 to 6, or a range such as 1-6.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Restore", exact=True)).to_be_disabled()
    dialog.get_by_label("Frames, first and last").fill("3-4")
    expect(dialog.get_by_text("Nothing would change: it is as in version 1.")).to_be_visible()
    dialog.get_by_label("Frames, first and last").fill("1-2")
    expect(dialog.get_by_text("This will change: 2 masks on 2 frames (1 to 2).")).to_be_visible()
    with annotator.answer("changeset.committed") as made:
        dialog.get_by_role("button", name="Restore", exact=True).click()
    assert made.message["changeset"]["reason"] == "Restore version 1 of frames 1 to 2"
    expect(page.get_by_role("region", name="Comparison of versions")).to_have_count(0)
    assert areas(people[0], series) == {0: 1600, 1: 900, 4: 1600}
    with annotator.answer("changeset.committed"):
        annotator.press("Control+z")
    assert areas(people[0], series) == {0: 1600, 4: 1600}
    boxes = people[0].get(f"/series/{series.name}/state?frame=0")["masks"]
    assert [mask["box"] for mask in boxes] == [list(NEW)]


def areas(person: Person, series: Series) -> dict[int, int]:
    states = {frame: person.get(f"/series/{series.name}/state?frame={frame}")["masks"] for frame in range(FRAMES)}
    return {frame: sum(mask["area_px"] for mask in masks) for frame, masks in states.items() if masks}


def test_one_object_is_restored_on_one_frame(
    annotator: Annotator, people: tuple[Person, Person], series: Series
) -> None:
    page = annotator.page
    page.locator(".history-entry").last.click()
    expect(page.get_by_text("Viewing version 1 of 4, read-only")).to_be_visible()
    annotator.press("ArrowLeft")
    annotator.press("f")
    page.wait_for_timeout(300)
    annotator.click(105, 105)
    page.get_by_role("button", name="Restore this version…").click()
    dialog = page.get_by_role("dialog", name="Restore version 1")
    dialog.get_by_label("This frame (2)").check()
    dialog.get_by_label("Only #1").check()
    expect(dialog.get_by_text("This will change: 1 mask on frame 2.")).to_be_visible()
    with annotator.answer("changeset.committed"):
        dialog.get_by_role("button", name="Restore", exact=True).click()
    assert areas(people[0], series) == {0: 1600, 1: 900, 4: 1600}


def test_the_history_is_filtered_and_says_so(annotator: Annotator) -> None:
    page = annotator.page
    entries = page.locator(".history-entry")
    words = page.locator(".history-filter-words")
    expect(words).to_have_text("All changes")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_label("Person").select_option("meitner")
    expect(entries).to_have_count(2)
    page.get_by_role("button", name="Objects, phases").click()
    expect(entries).to_have_count(1)
    expect(words).to_have_text("meitner · Objects, phases")
    page.get_by_role("button", name="Clear").click()
    expect(entries).to_have_count(4)
    page.get_by_role("button", name="Deletions").click()
    expect(entries).to_have_text([re.compile("Delete a mask")])
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Object", exact=True).fill("99")
    expect(page.get_by_text("No object has the number 99.")).to_be_visible()
    expect(entries).to_have_count(4)
    page.get_by_label("Object", exact=True).fill("#1")
    expect(words).to_have_text("#1")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_label("Object", exact=True)).to_have_value("")
    expect(page.get_by_text("No object has")).to_have_count(0)
    page.get_by_label("Frame, or a range").fill("2-5")
    expect(entries).to_have_count(3)
    page.get_by_label("Frame, or a range").fill("1")
    expect(entries).to_have_count(2)
    page.get_by_label("Frame, or a range").fill("3")
    expect(page.get_by_text("No change is like this.")).to_be_visible()


def test_every_change_shows_its_mask_before_and_after(annotator: Annotator) -> None:
    page = annotator.page
    picture = page.get_by_role("img", name="Frame 1, changed mask")
    expect(picture).to_be_visible()
    count = """(canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let blue = 0, orange = 0;
      for (let i = 0; i < data.length; i += 4) {
        if (data[i] === 86 && data[i + 2] === 233) blue++;
        if (data[i] === 230 && data[i + 2] === 0) orange++;
      }
      return [blue, orange];
    }"""
    page.wait_for_function(f"(canvas) => ({count})(canvas)[1] > 10", arg=picture.element_handle())
    blue, orange = picture.evaluate(count)
    assert blue > orange > 10, "a full line after, dashes before"
    assert picture.evaluate("canvas => canvas.getContext('2d').getImageData(22, 22, 1, 1).data[3]") == 255


def test_the_life_of_an_object_says_who_made_what_and_leads_there(annotator: Annotator) -> None:
    page = annotator.page
    annotator.press("Home")
    annotator.press("f")
    page.wait_for_timeout(300)
    annotator.click(60, 40)
    annotator.press("Shift+L")
    dialog = page.get_by_role("dialog", name="Who made #1")
    parts = dialog.get_by_role("list", name="Its life, part by part").get_by_role("button")
    expect(parts).to_have_count(1)
    expect(parts.first).to_contain_text("Drawn by meitner")
    expect(parts.first).to_contain_text("version 2")
    versions = dialog.get_by_role("region", name="Versions of its mask on a frame").get_by_role("button")
    expect(versions).to_have_count(2)
    expect(versions.last).to_contain_text("Draw two masks")
    dialog.get_by_label("Versions of its mask on frame").fill("2")
    dialog.get_by_label("Versions of its mask on frame").press("Tab")
    expect(versions.first).to_contain_text("Deleted by noether")
    versions.last.click()
    expect(page.get_by_text("Viewing version 1 of 4, read-only")).to_be_visible()
    expect(annotator.canvas).to_have_attribute("aria-label", "Frame 2 of grey")
    annotator.press("Shift+L")
    expect(parts).to_have_count(1)
    expect(parts.first).to_contain_text("frames 1 to 2")
    parts.first.click()
    expect(annotator.canvas).to_have_attribute("aria-label", "Frame 1 of grey")
