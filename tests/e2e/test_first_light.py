"""The whole way, with the bundled network: from signing in and an image to an exported dataset that is read back."""

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from pycocotools import mask as coco_mask

from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.frames import drawn_frames, objects_of, real_frames
from tests.infrastructure.person import Person

FRAMES = 4
SIZE = 512
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def person(live_app: App) -> Person:
    return live_app.add_person("marie")


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Real TEM frames where ../shared has them."""
    return real_frames()[:FRAMES] or drawn_frames(tmp_path_factory.mktemp("frames"), count=FRAMES, size=SIZE)


def decoded(rle: dict[str, Any]) -> NDArray[np.uint8]:
    counts = rle["counts"]
    encoded = {"size": list(rle["size"]), "counts": counts.encode() if isinstance(counts, str) else counts}
    mask: NDArray[np.uint8] = coco_mask.decode(encoded)
    return mask


def masks_on(person: Person, series: str, frame: int) -> list[dict[str, Any]]:
    masks: list[dict[str, Any]] = person.get(f"/series/{series}/state?frame={frame}")["masks"]
    return masks


def test_from_an_image_to_an_exported_dataset(
    watched: Page, live_app: App, person: Person, frames: list[Path], tmp_path: Path
) -> None:
    page = watched
    annotator = Annotator(page)
    annotator.sign_in(live_app.url, "marie")

    # A project, and the frames as one series.
    page.get_by_role("button", name="New project").first.click()
    page.get_by_label("Name").fill("Au nanoparticles")
    page.get_by_role("button", name="Create project").click()
    page.get_by_role("button", name="Import series").first.click()
    page.get_by_label("Files to import").set_input_files(frames)
    page.get_by_label("Series name").fill("TEM, four frames")
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("link", name="Open", exact=True).first.wait_for()
    (project,) = person.get("/projects")
    (series,) = person.get(f"/projects/{project['id']}/series")
    assert (series["frames"], series["height"], series["width"]) == (len(frames), SIZE, SIZE)

    # A click on a particle offers masks; Enter accepts one as version 1.
    annotator.open(live_app.url, series["id"], frame=0, height=SIZE, width=SIZE)
    (x, y), *_ = objects_of(frames[0])
    annotator.press("c")
    with annotator.answer("prompt.predicted") as predicted:
        annotator.click(x, y)
    best = predicted.message["candidates"][0]
    assert decoded(best["mask"])[int(y), int(x)] == 1
    expect(page.get_by_role("button", name=re.compile("^Accept"))).to_be_visible()
    with annotator.answer("changeset.committed") as accepted:
        annotator.press("Enter")
    assert accepted.message["changeset"]["version"] == 1
    (mask,) = masks_on(person, series["id"], 0)
    assert mask["mask"] == best["mask"]
    assert mask["origin"]["model"] == predicted.message["model"] == "efficient_sam_ti"
    assert mask["origin"]["model_hash"] == predicted.message["model_hash"]

    # A brush stroke is one version, however many moves it has, and adds to the same object.
    annotator.press("b")
    with annotator.answer("changeset.committed") as painted:
        annotator.drag((x, y), (x + 20, y + 4), (x + 40, y + 8), (x + 60, y + 12))
    assert painted.message["changeset"]["version"] == 2
    (brushed,) = masks_on(person, series["id"], 0)
    before, after = decoded(mask["mask"]), decoded(brushed["mask"])
    assert brushed["track"] == mask["track"]
    assert (after >= before).all()
    assert after[int(y) + 12, int(x) + 59] == 1
    assert brushed["origin"]["edited"] is True

    # Tomorrow: everything is there, on screen too.
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    annotator.open(live_app.url, series["id"], frame=0, height=SIZE, width=SIZE)
    assert masks_on(person, series["id"], 0) == [brushed]
    shown = annotator.picture()
    annotator.press("m")
    page.wait_for_timeout(500)
    hidden = annotator.picture()
    assert shows_mask(annotator, shown, hidden, after)

    # The history says who made what; the first version can be looked at, read-only.
    page.get_by_role("tab", name="History").click()
    entries = page.locator(".history-entry")
    expect(entries).to_have_count(2)
    expect(entries.first).to_contain_text("marie")
    entries.last.click()
    expect(page.get_by_text("read-only")).to_be_visible()
    page.get_by_role("button", name="Back to now").click()

    # The export holds the very pixels that the API reports.
    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog")
    for title in ("COCO", "Label images", "YOLO segmentation"):
        dialog.get_by_label(title).check()
    dialog.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as download:
        dialog.get_by_role("link", name=re.compile("^Download")).click(timeout=120_000)
    archive = tmp_path / "export.zip"
    download.value.save_as(archive)
    check_export(archive, [brushed], frames)


def shows_mask(annotator: Annotator, shown: NDArray[Any], hidden: NDArray[Any], mask: NDArray[np.uint8]) -> bool:
    """Whether hiding the masks changed the canvas inside this mask, and left it alone far from it."""
    rows, columns = np.nonzero(mask)
    inside = annotator.pixel(float(np.median(columns)), float(np.median(rows)))
    far = annotator.pixel(*furthest_point(mask))
    change = np.abs(shown.astype(int) - hidden.astype(int)).sum(axis=2)
    return bool(change[inside] > 10 and change[far] == 0)


def furthest_point(mask: NDArray[np.uint8]) -> tuple[float, float]:
    """The image corner, a little inside, that is furthest from the mask."""
    rows, columns = np.nonzero(mask)
    middle = (float(columns.mean()), float(rows.mean()))
    corners = [(x, y) for x in (8.0, SIZE - 8.0) for y in (8.0, SIZE - 8.0)]
    return max(corners, key=lambda corner: (corner[0] - middle[0]) ** 2 + (corner[1] - middle[1]) ** 2)


def check_export(archive: Path, masks: list[dict[str, Any]], frames: list[Path]) -> None:
    with zipfile.ZipFile(archive) as zipped:
        manifest = json.loads(zipped.read("manifest.json"))
        for file in manifest["files"]:
            assert hashlib.sha256(zipped.read(file["path"])).hexdigest() == file["sha256"]
        coco = json.loads(zipped.read("coco/annotations.json"))
        (stack,) = [name for name in zipped.namelist() if name.startswith("labels/") and name.endswith(".tif")]
        labels = tifffile.imread(io.BytesIO(zipped.read(stack)))
    assert manifest["version"] == 2
    assert len(coco["images"]) == len(frames)
    assert len(coco["annotations"]) == len(masks)
    for annotation, mask in zip(coco["annotations"], masks, strict=True):
        np.testing.assert_array_equal(decoded(annotation["segmentation"]), decoded(mask["mask"]))
        assert annotation["area"] == mask["area_px"] == decoded(mask["mask"]).sum()
    assert labels.shape == (len(frames), SIZE, SIZE)
    np.testing.assert_array_equal(labels[0] > 0, decoded(masks[0]["mask"]) > 0)
    assert not labels[1:].any()
