"""The lanes above the timeline and the lineage: what merges is seen, chosen and followed in the browser."""

import re
import uuid
from dataclasses import asdict
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

SIZE, FRAMES, MERGED_ON = 256, 6, 3
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def mask(track: str, frame: int, x: int) -> dict[str, Any]:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    disc = np.hypot(columns - x, rows - 128) < 20
    return {"op": "mask.set", "track": track, "frame": frame, "mask": asdict(rle.encode(disc))}


@pytest.fixture(scope="module")
def person(live_app: App) -> Person:
    return live_app.add_person("cecilia")


@pytest.fixture
def series(person: Person, tmp_path: Path) -> str:
    """Tracks 1 and 2 on the first three frames, and track 3 that they merge into."""
    project = person.post("/projects", {"name": "Lanes"})["id"]
    series = person.import_series(project, "discs", drawn_frames(tmp_path, count=FRAMES, size=SIZE))
    left, right, both = (str(uuid.uuid4()) for _ in range(3))
    made: list[dict[str, Any]] = [
        {"op": "track.create", "track": track, "phase": None} for track in (left, right, both)
    ]
    for frame in range(MERGED_ON):
        made += [mask(left, frame, 80), mask(right, frame, 160)]
    made += [mask(both, frame, 120) for frame in range(MERGED_ON, FRAMES)]
    head = person.post(f"/series/{series}/changesets", new_objects(made))["version"]
    merge = {"op": "event.set", "event": str(uuid.uuid4()), "what": "merge", "state": "proposal", "confidence": 0.92}
    merge |= {"first_frame": MERGED_ON - 1, "last_frame": MERGED_ON, "parents": [left, right], "children": [both]}
    person.post(f"/series/{series}/edits", {"request_id": str(uuid.uuid4()), "seen": head, "steps": [merge]})
    return series


def test_lanes_lead_to_tracks_and_follow_changes(watched: Page, live_app: App, person: Person, series: str) -> None:
    annotator = Annotator(watched)
    annotator.offer_only_the_fake_model()
    annotator.enter(live_app.url, "cecilia")
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE, warm=False)
    lanes = watched.get_by_role("listbox", name="3 tracks", exact=True)
    lanes.focus()
    annotator.press("ArrowDown")
    annotator.press("ArrowDown")  # the merged track stands between the two that it was made of
    selected = lanes.get_by_role("option")
    words = "Tracks 1 and 2 merge into 3 between frames 3 and 4, 92 %, marked by hand, not confirmed"
    expect(selected).to_have_text(f"Track 3, No phase, frames 4 to 6, accepted. {words}")
    annotator.press("Home")
    expect(watched.get_by_role("img", name="Frame 4 of discs")).to_be_visible()

    box = lanes.bounding_box()
    track = watched.get_by_role("slider", name="Frame").bounding_box()
    assert box is not None and track is not None
    third_frame = track["x"] + 2.5 * track["width"] / FRAMES  # the bar to scrub on and the lanes share their frames
    watched.mouse.click(third_frame, box["y"] + 11)
    expect(selected).to_have_text(re.compile("^Track 1,"))
    expect(watched.get_by_role("img", name="Frame 3 of discs")).to_be_visible()

    fourth = str(uuid.uuid4())
    more = [{"op": "track.create", "track": fourth, "phase": None}, mask(fourth, 1, 40), mask(fourth, 2, 40)]
    person.post(f"/series/{series}/changesets", new_objects(more))
    lanes = watched.get_by_role("listbox", name="4 tracks", exact=True)
    lanes.focus()
    for _ in range(3):
        annotator.press("ArrowDown")
    expect(lanes.get_by_role("option")).to_have_text("Track 4, No phase, frames 2 to 3, accepted")


def test_lineage_shows_relatives_and_goes_to_them(watched: Page, live_app: App, person: Person, series: str) -> None:
    annotator = Annotator(watched)
    annotator.offer_only_the_fake_model()
    annotator.enter(live_app.url, "cecilia")
    annotator.open(live_app.url, series, frame=MERGED_ON, height=SIZE, width=SIZE, warm=False)
    annotator.press("v")
    annotator.click(120, 128)
    annotator.press("l")
    dialog = watched.get_by_role("dialog", name="Lineage of #3")
    expect(dialog.get_by_text("It came from 2 tracks.")).to_be_visible()
    parent = dialog.get_by_role("button", name=re.compile("#2"))
    expect(parent).to_contain_text("frames 1 to 3")
    expect(parent).to_contain_text(re.compile(r"1,\d{3} px, frame 3"))
    picture = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
    watched.wait_for_function(f"() => [...document.querySelectorAll('.lineage-picture')].every({picture})")
    parent.click()
    expect(dialog).to_be_hidden()
    expect(watched.get_by_role("img", name="Frame 3 of discs")).to_be_visible()
    expect(watched.get_by_role("listbox", name="3 tracks").get_by_role("option")).to_have_text(re.compile("^Track 2,"))


def test_tracks_are_marked_and_joined_in_the_lanes(watched: Page, live_app: App, person: Person, series: str) -> None:
    annotator = Annotator(watched)
    annotator.offer_only_the_fake_model()
    annotator.enter(live_app.url, "cecilia")
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE, warm=False)
    lanes = watched.get_by_role("listbox", name="3 tracks", exact=True)
    box = lanes.bounding_box()
    assert box is not None
    rows = [(box["x"] + 40, box["y"] + 11 + 22 * row) for row in range(3)]  # 1, what came of the merge, 2
    watched.mouse.click(*rows[0], button="right")
    menu = watched.get_by_role("menu", name="What to do with the object")
    expect(menu).to_contain_text("#1")
    expect(menu.get_by_role("menuitem", name="Show its lineage")).to_be_visible()
    annotator.press("Escape")
    watched.keyboard.down("Shift")
    watched.mouse.click(*rows[1])
    watched.keyboard.up("Shift")
    watched.mouse.click(*rows[1], button="right")
    expect(menu).to_contain_text("#1 and #3")
    with annotator.answer("changeset.committed"):
        menu.get_by_role("menuitem", name="Join on all frames").click()
    expect(watched.get_by_role("listbox", name="2 tracks", exact=True)).to_be_visible()
