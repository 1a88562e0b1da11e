"""Models of a project in the browser: fit the threshold, train a small network, compare both, adopt one."""

import re
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect
from scipy import ndimage

from ml import rle
from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.frames import drawn_frames
from tests.infrastructure.person import Person, new_objects

FRAMES, SIZE = 12, 128
PATIENCE_MS = 300_000
# How many pixels of the overlay are painted.
PAINTED = """(canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
  .filter((value, at) => at % 4 === 3 && value > 0).length)(document.querySelector(".live-layers canvas"))"""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


@dataclass(frozen=True)
class Labelled:
    """A project with one series, every frame of it annotated."""

    person: Person
    project: str
    series: str

    def models(self) -> dict[str, Any]:
        found: dict[str, Any] = self.person.get(f"/projects/{self.project}/models")
        return found


@pytest.fixture(scope="module")
def labelled(live_app: App, tmp_path_factory: pytest.TempPathFactory) -> Labelled:
    person = live_app.add_person("rosalind")
    project = person.post("/projects", {"name": "Discs", "description": ""})["id"]
    frames = drawn_frames(tmp_path_factory.mktemp("discs"), count=FRAMES, size=SIZE)
    series = person.import_series(project, "Moving discs", frames)
    for index, path in enumerate(frames):
        operations: list[dict[str, Any]] = []
        for mask in discs(path):
            track = str(uuid.uuid4())
            operations += [
                {"op": "track.create", "track": track, "phase": None},
                {"op": "mask.set", "track": track, "frame": index, "mask": asdict(rle.encode(mask))},
            ]
        person.post(f"/series/{series}/changesets", new_objects(operations))
    return Labelled(person, project, series)


def discs(path: Path) -> list[NDArray[np.bool_]]:
    """The dark discs of a drawn frame, told from the noise by a blur."""
    grey = ndimage.gaussian_filter(np.asarray(Image.open(path), np.float64), 1)
    numbered, count = ndimage.label(grey < 135)
    masks = [numbered == number for number in range(1, count + 1)]
    return [mask for mask in masks if mask.sum() > 20]


def test_from_labels_to_an_adopted_model(watched: Page, live_app: App, labelled: Labelled) -> None:
    page = watched
    Annotator(page).sign_in(live_app.url, "rosalind")
    models = f"{live_app.url}/projects/{labelled.project}/models"

    fit_threshold(page, models)
    tune_threshold(page)
    train_network(page, models)
    versions = labelled.models()["versions"]
    assert [(one["model"], one["origin"]) for one in versions] == [
        ("swin_unet", "trained"),
        ("threshold", "trained"),
        ("threshold", "uploaded"),
    ]
    network = versions[0]
    assert network["provenance"]["snapshot"]["series"] == {labelled.series: FRAMES}
    assert network["scores"]["iou"] > 0

    compare(page, models)
    adopt(page, network["name"])
    chosen = labelled.person.get(f"/series/{labelled.series}/model")
    assert chosen == {"model": "swin_unet", "version": network["id"]}


def fit_threshold(page: Page, models: str) -> None:
    """The split is seen before anything starts."""
    page.goto(f"{models}/train?model=threshold")
    strip = page.get_by_role("img", name=re.compile("^Moving discs"))
    expect(strip.locator(".use-validation").first).to_be_attached()
    expect(page.get_by_role("status").filter(has_text="for validation")).to_be_visible()
    page.get_by_label("Block (frames)").fill("3")
    page.get_by_label("Time budget (min)").fill("0.2")
    page.get_by_role("button", name="Fit to the labels").click()
    expect(page.get_by_text("is a version of Threshold")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("link", name="See it on a frame").click()


def tune_threshold(page: Page) -> None:
    """Masks follow a slider; what is good is kept."""
    count = page.locator(".live-count")
    expect(count).to_contain_text(re.compile(r"\d+ objects?"), timeout=PATIENCE_MS)
    expect(count).to_contain_text("IoU")
    page.wait_for_function(f"() => {PAINTED} > 0")
    before: int = page.evaluate(PAINTED)
    page.get_by_role("slider", name="Offset").fill("0.5")
    expect(count).not_to_contain_text("again")
    page.wait_for_function(f"before => {PAINTED} !== before", arg=before)
    page.get_by_role("slider", name="Offset").fill("0.05")
    page.get_by_role("button", name="Save these settings…").click()
    page.get_by_label("Name of the version").fill("by hand")
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    detail = page.get_by_role("complementary", name="by hand")
    expect(detail).to_contain_text("threshold.json")
    expect(detail).to_contain_text("0.05")


def train_network(page: Page, models: str) -> None:
    """The curve grows while it trains; finished early, the best is kept."""
    page.goto(f"{models}/train?model=swin_unet")
    page.get_by_label("Block (frames)").fill("3")
    page.get_by_label("Time budget (min)").fill("4")
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()
    page.get_by_role("button", name="Start training").click()
    loss = page.get_by_role("slider", name=re.compile("^Training loss")).locator("path.curve")
    expect(loss).to_have_attribute("d", re.compile(r"L"), timeout=PATIENCE_MS)  # two points at least
    seen = loss.get_attribute("d") or ""
    address = page.url
    page.reload()
    expect(loss).not_to_have_attribute("d", seen, timeout=PATIENCE_MS)
    assert page.url == address
    page.get_by_role("button", name="Finish now and keep the best").click()
    expect(page.get_by_text("is a version of Swin-Unet")).to_be_visible(timeout=PATIENCE_MS)


def compare(page: Page, models: str) -> None:
    """Table and panels; the magnifier shows the same place in all of them."""
    page.goto(f"{models}/compare")
    page.get_by_label("With controls").uncheck()
    page.get_by_role("button", name="None").click()
    for frame in ("2", "11"):
        page.get_by_role("button", name=re.compile(rf"^Frame {frame}\b")).click()
    page.get_by_role("button", name="Compare", exact=True).click()
    table = page.get_by_role("region", name="Scores").get_by_role("row")
    expect(table).to_have_count(3, timeout=PATIENCE_MS)
    page.get_by_role("button", name="IoU", exact=True).click()
    expect(page.get_by_role("columnheader", name="IoU")).to_have_attribute("aria-sort", "descending")

    panels = page.locator(".image-layers")
    expect(panels).to_have_count(3)
    box = panels.nth(1).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    lenses = page.locator(".lens")
    expect(lenses).to_have_count(3)
    assert len({lens.get_attribute("style") for lens in lenses.all()}) == 1
    page.locator(".side-panels").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"frame=10$"))
    expect(page.get_by_role("img", name=re.compile("frame 11$")).first).to_be_visible()


def adopt(page: Page, name: str) -> None:
    row = page.get_by_role("region", name="Scores").get_by_role("row").filter(has_text=name)
    row.get_by_role("button", name="Use this one").click()
    expect(row.get_by_text("in use")).to_be_visible()


def test_a_viewer_sees_models_and_can_start_nothing(watched: Page, live_app: App, labelled: Labelled) -> None:
    page = watched
    live_app.add_person("viewer")
    labelled.person.post(f"/projects/{labelled.project}/members", {"username": "viewer", "role": "viewer"})
    Annotator(page).sign_in(live_app.url, "viewer")
    models = f"{live_app.url}/projects/{labelled.project}/models"
    page.goto(models)
    expect(page.get_by_role("link", name=re.compile("^Swin-Unet"))).to_be_visible()
    expect(page.get_by_role("button", name="Upload a checkpoint")).to_have_count(0)
    for part in ("train", "compare", "threshold"):
        page.goto(f"{models}/{part}")
        expect(page.get_by_text("Your role here is viewer.")).to_be_visible()


def test_a_file_that_is_no_checkpoint_is_refused_by_name(
    watched: Page, live_app: App, labelled: Labelled, tmp_path: Path
) -> None:
    page = watched
    Annotator(page).sign_in(live_app.url, "rosalind")
    page.goto(f"{live_app.url}/projects/{labelled.project}/models")
    damaged = tmp_path / "best.safetensors"
    damaged.write_bytes(b"\x80\x04not a checkpoint")
    page.get_by_label("Checkpoints to upload").set_input_files(damaged)
    expect(page.get_by_role("alert")).to_contain_text("best.safetensors")
    expect(page.get_by_text("Nothing was added")).to_be_visible()
