"""Segmenting many frames as a job, and reviewing what it proposes: by score, one by one, and back again."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.frames import drawn_frames
from tests.infrastructure.person import Person

SIZE, FRAMES = 256, 6
# Where the fake segmenter finds its four discs, and how it scores them.
CENTRES = {0.9: (64, 64), 0.8: (192, 64), 0.7: (64, 192), 0.6: (192, 192)}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def person(live_app: App) -> Person:
    return live_app.add_person("barbara")


@pytest.fixture
def series(person: Person, tmp_path: Path) -> str:
    project = person.post("/projects", {"name": "Review"})["id"]
    return person.import_series(project, "discs", drawn_frames(tmp_path, count=FRAMES, size=SIZE))


@pytest.fixture
def annotator(watched: Page, live_app: App, person: Person, series: str) -> Annotator:
    annotator = Annotator(watched)
    annotator.offer_only_the_fake_model()
    annotator.enter(live_app.url, "barbara")
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE)
    annotator.press("v")
    return annotator


def masks(person: Person, series: str, frame: int) -> dict[float, dict[str, Any]]:
    """By score: the fake segmenter gives each of its discs another one."""
    return {mask["origin"]["score"]: mask for mask in person.get(f"/series/{series}/state?frame={frame}")["masks"]}


def states(person: Person, series: str, frame: int) -> dict[float, str]:
    return {score: mask["state"] for score, mask in masks(person, series, frame).items()}


def segment_range(annotator: Annotator, first: int, last: int) -> None:
    """Through the panel; frames are counted from 1 there. Waits for the job's end."""
    page = annotator.page
    page.get_by_role("tab", name="Segment").click()
    page.get_by_label("A range of frames").check()
    for label, value in (("Last frame of the range", last), ("First frame of the range", first)):
        page.get_by_label(label).fill(str(value))
        page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile(rf"^Segment {last - first + 1} frames?$")).click()
    expect(page.get_by_text(re.compile(r"^Done: \d+ proposals"))).to_be_visible()
    annotator.catch_up()
    page.locator('.stage-canvas[data-drawn="masks"]').wait_for()


def bar(page: Page) -> Any:
    return page.get_by_role("region", name="Review of proposals")


def set_least_score(page: Page, value: float) -> None:
    slider = page.get_by_label("Least score")
    slider.fill(str(value))
    slider.blur()


def test_a_range_is_segmented_frame_by_frame_before_the_eyes(annotator: Annotator, person: Person, series: str) -> None:
    before = annotator.picture()
    with annotator.answer("changeset.committed", lambda message: message["changeset"]["job"] is not None):
        segment_range(annotator, 1, 4)
    expect(bar(annotator.page).get_by_text("4 proposals on this frame")).to_be_visible()
    expect(bar(annotator.page).get_by_text("16 in the series")).to_be_visible()
    timeline = person.get(f"/series/{series}/timeline")["frames"]
    assert [(mark["frame"], mark["accepted"], mark["proposals"]) for mark in timeline] == [
        (frame, 0, 4) for frame in range(4)
    ]
    for found in masks(person, series, 3).values():
        x, y = CENTRES[found["origin"]["score"]]
        assert (found["state"], found["origin"]["model"]) == ("proposal", "fake")
        assert found["box"] == [x - 12, y - 12, x + 12, y + 12]
    after = annotator.picture()
    row, column = annotator.pixel(*CENTRES[0.9])
    near = (slice(row - 8, row + 8), slice(column + 10, column + 26))
    assert (before[near] != after[near]).any()


def test_proposals_look_unlike_accepted_masks(annotator: Annotator, person: Person, series: str) -> None:
    segment_range(annotator, 1, 1)
    page = annotator.page
    page.get_by_role("tab", name="Objects").click()
    page.mouse.move(4, 4)
    row, column = annotator.pixel(*CENTRES[0.9])
    inside = (slice(row - 20, row - 10), slice(column - 20, column + 20))
    page.wait_for_timeout(300)
    hatched = annotator.picture()[inside].astype(int)
    with annotator.answer("changeset.committed"):
        annotator.press("Shift+Enter")
    page.wait_for_timeout(300)
    filled = annotator.picture()[inside].astype(int)
    assert states(person, series, 0) == dict.fromkeys(CENTRES, "accepted")
    # Stripes of two opacities vary more than the image under an even fill does, in every colour.
    assert hatched.std(axis=(0, 1)).mean() > filled.std(axis=(0, 1)).mean() * 1.2


def test_accepting_by_score_takes_what_reaches_it_everywhere(annotator: Annotator, person: Person, series: str) -> None:
    segment_range(annotator, 2, 4)
    page = annotator.page
    drawn = masks(person, series, 2)
    bar(page).get_by_role("button", name="All frames…").click()
    set_least_score(page, 0.75)
    page.get_by_label("Which proposals").select_option("series")
    with annotator.answer("changeset.committed"):
        bar(page).get_by_role("button", name="Accept 6").click()
    expect(page.get_by_text("6 proposals accepted.")).to_be_visible()
    for frame in (1, 2, 3):
        assert states(person, series, frame) == {0.9: "accepted", 0.8: "accepted", 0.7: "proposal", 0.6: "proposal"}
    assert masks(person, series, 2)[0.9]["sha256"] == drawn[0.9]["sha256"]
    # What is left falls short of the score: it goes in one stroke, and accepted objects stay.
    bar(page).get_by_role("button", name="Discard").click()
    with annotator.answer("changeset.committed"):
        page.get_by_role("menuitem", name=re.compile("^Those below the score")).click()
    for frame in (1, 2, 3):
        assert states(person, series, frame) == {0.9: "accepted", 0.8: "accepted"}
    expect(bar(page)).to_have_count(0)
    # Many at once are one step of undo each.
    undo = page.get_by_role("toolbar").get_by_role("button", name="Undo")
    for accepted in (2, 0):
        expect(undo).to_be_enabled()
        with annotator.answer("changeset.committed"):
            annotator.press("Control+z")
        assert list(states(person, series, 1).values()).count("accepted") == accepted
    assert states(person, series, 1) == dict.fromkeys(CENTRES, "proposal")
    expect(bar(page).get_by_text("12 in the series")).to_be_visible()


def test_keys_decide_one_by_one_over_frames_and_undo_takes_each_back(
    annotator: Annotator, person: Person, series: str
) -> None:
    segment_range(annotator, 1, 2)
    page = annotator.page
    annotator.click(*CENTRES[0.8])
    expect(bar(page).get_by_text("score 0.80")).to_be_visible()
    with annotator.answer("changeset.committed"):
        annotator.press("Enter")
    assert states(person, series, 0) == {0.9: "proposal", 0.8: "accepted", 0.7: "proposal", 0.6: "proposal"}
    expect(bar(page).get_by_text("score 0.70")).to_be_visible()
    with annotator.answer("changeset.committed"):
        annotator.press("Delete")
    assert states(person, series, 0) == {0.9: "proposal", 0.8: "accepted", 0.6: "proposal"}
    annotator.press("n")  # 0.60 was selected already: on to the next frame
    expect(page.get_by_role("img", name="Frame 2 of discs")).to_be_visible()
    expect(bar(page).get_by_text("score 0.90")).to_be_visible()
    annotator.press("Shift+N")
    expect(page.get_by_role("img", name="Frame 1 of discs")).to_be_visible()
    expect(bar(page).get_by_text("score 0.60")).to_be_visible()
    with annotator.answer("changeset.committed"):
        annotator.press("Control+z")
    assert states(person, series, 0)[0.7] == "proposal"
    with annotator.answer("changeset.committed"):
        annotator.press("Control+z")
    assert states(person, series, 0) == dict.fromkeys(CENTRES, "proposal")


def test_segmenting_again_leaves_accepted_masks_and_replaces_what_waits(
    annotator: Annotator, person: Person, series: str
) -> None:
    segment_range(annotator, 1, 1)
    annotator.click(*CENTRES[0.9])
    with annotator.answer("changeset.committed"):
        annotator.press("Enter")
    accepted = masks(person, series, 0)[0.9]
    annotator.page.get_by_role("button", name="Dismiss").click()
    segment_range(annotator, 1, 1)
    found = masks(person, series, 0)
    assert {score: mask["state"] for score, mask in found.items()} == {
        0.9: "accepted",
        0.8: "proposal",
        0.7: "proposal",
        0.6: "proposal",
    }
    assert found[0.9] == accepted


def test_the_series_default_is_kept_and_preselected(
    annotator: Annotator, live_app: App, person: Person, series: str
) -> None:
    page = annotator.page
    page.get_by_role("tab", name="Segment").click()
    page.get_by_role("button", name="Make it the default of this series").click()
    expect(page.get_by_text("The default of this series", exact=True)).to_be_visible()
    assert person.get(f"/series/{series}/model") == {"model": "fake", "version": None}
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE)
    page.get_by_role("tab", name="Segment").click()
    expect(page.get_by_text("The default of this series", exact=True)).to_be_visible()


def test_a_viewer_steps_through_proposals_and_decides_nothing(
    annotator: Annotator, person: Person, series: str, live_app: App
) -> None:
    segment_range(annotator, 1, 1)
    page = annotator.page
    live_app.add_person("visitor")
    project = person.get(f"/series/{series}")["project"]
    person.post(f"/projects/{project}/members", {"username": "visitor", "role": "viewer"})
    page.context.clear_cookies()
    looking = Annotator(page)
    looking.enter(live_app.url, "visitor")
    looking.open(live_app.url, series, frame=0, height=SIZE, width=SIZE, warm=False)
    looking.press("n")
    expect(bar(page).get_by_text("score 0.90")).to_be_visible()
    expect(bar(page).get_by_role("button", name="Accept")).to_have_count(0)
    looking.press("Enter")
    assert states(person, series, 0) == dict.fromkeys(CENTRES, "proposal")
