"""From a video to its lineage: segment a frame, track, correct, track again, look at the merge, export, score."""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ctc_metrics.scripts.evaluate import evaluate_sequence
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from ml import rle
from ml.formats.annotation_dataset import AnnotationDataset, LabelledInstance, Phase
from ml.formats.annotations import formats
from ml.formats.lineage_tables import read_links
from ml.lineage import Event
from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.person import Person

FRAMES, SIZE, RADIUS, MEETING = 24, 256, 20, 12
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def places(frame: int) -> list[tuple[int, int]]:
    """(x, y) of three particles: the first two meet, the third drifts alone."""
    apart = 75 - 3 * frame if frame < MEETING else 30  # at least 2 px between them, then one body
    return [(90 - apart // 2, 80), (90 - apart // 2 + apart, 80), (150 + frame, 190)]


def disc(x: int, y: int) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return np.asarray((rows - y) ** 2 + (columns - x) ** 2 <= RADIUS**2)


def particles(frame: int) -> dict[int, NDArray[np.bool_]]:
    """The truth: 1 and 2 merge into 4."""
    one, two, three = (disc(*place) for place in places(frame))
    return {3: three} | ({1: one, 2: two & ~one} if frame < MEETING else {4: one | two})


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder, rng = tmp_path_factory.mktemp("frames"), np.random.default_rng(3)
    paths = []
    for frame in range(FRAMES):
        grey = np.full((SIZE, SIZE), 190.0)
        grey[np.logical_or.reduce(list(particles(frame).values()))] = 80
        paths.append(folder / f"frame_{frame:03d}.png")
        Image.fromarray(np.clip(grey + rng.normal(0, 8, grey.shape), 0, 255).astype(np.uint8)).save(paths[-1])
    return paths


@pytest.fixture(scope="module")
def person(live_app: App) -> Person:
    return live_app.add_person("irene")


def imported(page: Page, person: Person, frames: list[Path]) -> str:
    """The series, with `threshold` as its segmenter."""
    page.get_by_role("button", name="New project").first.click()
    page.get_by_label("Name").fill("Sintering")
    page.get_by_role("button", name="Create project").click()
    page.get_by_role("button", name="Import series").first.click()
    page.get_by_label("Files to import").set_input_files(frames)
    page.get_by_label("Series name").fill("Three particles")
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("link", name="Open", exact=True).first.wait_for()
    (project,) = person.get("/projects")
    (series,) = person.get(f"/projects/{project['id']}/series")
    person.call("PUT", f"/series/{series['id']}/model", json={"model": "threshold", "version": None})
    return str(series["id"])


def of_job(message: dict[str, Any]) -> bool:
    return message["changeset"]["job"] is not None


def tracked(page: Page) -> None:
    expect(page.get_by_text(re.compile(r"^Done: \d+ masks|^Done\. It found nothing")).first).to_be_visible()


def masks(person: Person, series: str, frame: int) -> dict[str, dict[str, Any]]:
    return {mask["track"]: mask for mask in person.get(f"/series/{series}/state?frame={frame}")["masks"]}


def at(person: Person, series: str, frame: int, place: tuple[int, int]) -> str:
    x, y = place
    (track,) = [
        track
        for track, mask in masks(person, series, frame).items()
        if rle.decode(rle.validate(tuple(mask["mask"]["size"]), mask["mask"]["counts"]))[y, x]
    ]
    return track


def test_a_merge_is_tracked_corrected_shown_exported_and_scored(
    watched: Page, live_app: App, person: Person, frames: list[Path], tmp_path: Path
) -> None:
    page, annotator = watched, Annotator(watched)
    annotator.sign_in(live_app.url, "irene")
    series = imported(page, person, frames)
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE)

    # The first frame's objects, accepted.
    with annotator.answer("frame.segmented"):
        annotator.press("s")
    expect(page.get_by_text("3 new objects")).to_be_visible()
    with annotator.answer("changeset.committed"):
        annotator.press("Enter")
    assert {mask["state"] for mask in masks(person, series, 0).values()} == {"accepted"}

    # Tracked from here; frames come one by one.
    annotator.press("t")
    page.get_by_label("Tracker").select_option("overlap")
    before = len(annotator.received)
    with annotator.answer("changeset.committed", of_job):
        page.get_by_role("button", name="Start", exact=True).click()
    tracked(page)
    annotator.catch_up()
    written = [m["changeset"] for m in annotator.received[before:] if m["type"] == "changeset.committed"]
    assert [changeset["reason"] for changeset in written] == [f"Track frame {frame + 1}" for frame in range(1, FRAMES)]
    alone = at(person, series, 0, places(0)[2])
    assert at(person, series, FRAMES - 1, places(FRAMES - 1)[2]) == alone

    # One is corrected on frame 6, and tracked anew from there: the correction stays.
    annotator.open(live_app.url, series, frame=5, height=SIZE, width=SIZE)
    annotator.press("v")
    x, y = places(5)[2]
    annotator.click(x, y)
    annotator.press("b")
    with annotator.answer("changeset.committed") as painted:
        annotator.drag((x, y), (x + 25, y), (x + 30, y))
    assert [revision["track"] for revision in painted.message["changeset"]["revisions"]] == [alone]
    corrected = masks(person, series, 5)[alone]
    annotator.press("t")
    page.get_by_label("Tracker").select_option("overlap")
    with annotator.answer("changeset.committed", lambda m: of_job(m) and m["changeset"]["reason"] == "Track frame 7"):
        page.get_by_role("button", name="Start", exact=True).click()
    tracked(page)
    assert masks(person, series, 5)[alone] == corrected
    assert at(person, series, FRAMES - 1, places(FRAMES - 1)[2]) == alone

    # The merge, in the lanes and in the lineage of what came of it.
    (merge,) = [each for each in person.get(f"/series/{series}/lanes")["events"] if each["what"] == "merge"]
    assert len(merge["parents"]) == 2
    annotator.open(live_app.url, series, frame=FRAMES - 1, height=SIZE, width=SIZE)
    annotator.press("v")
    annotator.click(*places(FRAMES - 1)[0])
    annotator.press("l")
    lineage = page.get_by_role("dialog")
    expect(lineage.get_by_role("heading")).to_contain_text("Lineage of")
    expect(lineage.locator(".lineage-card")).to_have_count(3)
    annotator.press("Escape")

    # Accepted, exported, and scored by others' code against the truth.
    version = person.get(f"/series/{series}")["version"]
    step = {"op": "masks.accept", "tracks": None, "first_frame": 0}
    edit = {"request_id": merge["event"], "reason": "Accept all", "seen": version, "steps": [step]}
    with annotator.answer("changeset.committed"):
        person.post(f"/series/{series}/edits", edit)
    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Cell Tracking Challenge").check()
    dialog.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as download:
        dialog.get_by_role("link", name=re.compile("^Download")).click(timeout=120_000)
    archive = tmp_path / "export.zip"
    download.value.save_as(archive)
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(tmp_path / "export")
    results = tmp_path / "export" / "ctc"
    (one,) = {link.child for link in read_links(results / "links.csv")}
    assert len([link for link in read_links(results / "links.csv") if link.child == one]) == 2
    scores = evaluate_sequence(str(results), str(truth(tmp_path)), ["Valid", "CHOTA", "IDF1", "TRA", "LNK"])
    assert scores["Valid"] == 1
    assert min(scores["CHOTA"], scores["IDF1"], scores["LNK"]) > 0.9, scores


def truth(folder: Path) -> Path:
    tracks = folder / "01_GT" / "TRA"
    tracks.mkdir(parents=True)

    def instances(frame: int) -> Sequence[LabelledInstance]:
        return [LabelledInstance(track, 0, rle.encode(mask)) for track, mask in particles(frame).items()]

    merge = Event("merge", MEETING - 1, MEETING, (1, 2), (4,), 1.0, "drawn")
    dataset = AnnotationDataset("truth", FRAMES, SIZE, SIZE, [Phase("particle", "#ffaa00")], instances, 4, [merge])
    formats()["ctc"].write(dataset, tracks)
    for path in tracks.glob("mask*.tif"):
        path.rename(tracks / f"man_track{path.stem[4:]}.tif")
    (tracks / "res_track.txt").rename(tracks / "man_track.txt")
    return folder / "01_GT"
