"""How soon a frame with 500 masks is on screen, and how exactly 60 frames play, in a real browser."""

import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.records import Measure, Record
from benchmarks.timing import percentile
from ml import rle
from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App, running_app
from tests.infrastructure.browser import chromium
from tests.infrastructure.person import Person, new_objects

SIZE_PX, MASKS, VISITS, AT_REST_MS = 2048, 500, 3, 2000
# Far enough from each other that none is asked for ahead of time.
WITH_MASKS, WITHOUT = (4, 12, 20), (8, 16, 24)
PLAYED, PLAYED_SIZE_PX, PLAYED_MASKS, RATE = 60, 1024, 60, 25
# From the choice of a frame until the canvas says that image and masks of it are drawn (render/painter.ts).
OPEN = """async (frame) => {
  const canvas = document.querySelector(".stage-canvas");
  const input = document.querySelector(".timeline-frame input");
  const start = performance.now();
  input.value = String(frame + 1);
  input.dispatchEvent(new Event("change", { bubbles: true }));
  while (canvas.dataset.frame !== String(frame + 1) || canvas.dataset.drawn !== "masks") {
    await new Promise(requestAnimationFrame);
  }
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""
# When each frame was first on screen, from the key that plays until the last frame.
PLAY = """async (frames) => {
  const canvas = document.querySelector(".stage-canvas");
  const seen = [[1, performance.now()]];
  document.querySelector("button[aria-label^=Play]").click();
  while (seen.at(-1)[0] !== frames) {
    const time = await new Promise(requestAnimationFrame);
    const frame = Number(canvas.dataset.frame);
    if (frame !== seen.at(-1)[0]) seen.push([frame, time]);
  }
  document.querySelector("button[aria-label^=Pause]").click();
  return seen;
}"""


def open_frame() -> Iterator[Record]:
    """p50 and p95 over frames that nobody has seen yet, beside frames of the same series that have no masks."""
    with tempfile.TemporaryDirectory() as folder, running_app() as app, sync_playwright() as playwright:
        person = app.add_person("ada")
        images = _images(max(*WITH_MASKS, *WITHOUT) + 1, SIZE_PX)
        series = _series(person, Path(folder), images)
        _annotate(person, series, grid_of_discs(SIZE_PX, MASKS), WITH_MASKS)
        browser = chromium(playwright)
        masks: list[float] = []
        plain: list[float] = []
        for _ in range(VISITS):  # a browser without the pixels in its cache each time
            page = _opened(app, browser, series, SIZE_PX)
            for full, empty in zip(WITH_MASKS, WITHOUT, strict=True):
                masks.append(_opening(page, full))
                plain.append(_opening(page, empty))
            page.close()
        browser.close()
    for name, percent in (("open_frame_500_masks", 50), ("open_frame_500_masks_p95", 95)):
        yield Record(name, percentile(masks, percent), "ms", percentile(plain, percent), "a frame without masks")


def play() -> Iterator[Record]:
    """Frames a second, beside the rate asked for, and how many of the frames were not shown, or not in their turn."""
    with tempfile.TemporaryDirectory() as folder, running_app() as app, sync_playwright() as playwright:
        person = app.add_person("ada")
        series = _series(person, Path(folder), _images(PLAYED, PLAYED_SIZE_PX))
        _annotate(person, series, grid_of_discs(PLAYED_SIZE_PX, PLAYED_MASKS), range(PLAYED))
        browser = chromium(playwright)
        page = _opened(app, browser, series, PLAYED_SIZE_PX)
        page.get_by_label("Frames per second").select_option(str(RATE))
        seen: list[tuple[int, float]] = page.evaluate(PLAY, PLAYED)
        browser.close()
    seconds = (seen[-1][1] - seen[0][1]) / 1000
    yield Record("play_60_frames", (PLAYED - 1) / seconds, "frames/s", RATE, "the rate asked for")
    yield Record("play_60_frames_dropped", dropped([frame for frame, _ in seen], PLAYED), "frames")


def dropped(seen: Sequence[int], frames: int) -> int:
    """How many of the frames 1 to `frames` did not follow the frame before them."""
    followed = {later for earlier, later in pairwise(seen) if later == earlier + 1}
    return frames - 1 - len(followed)


def grid_of_discs(size: int, count: int) -> list[dict[str, Any]]:
    """Masks of `count` discs that do not touch, on a square frame."""
    across = int(np.ceil(np.sqrt(count)))
    pitch = size / across
    rows, columns = np.mgrid[:size, :size]
    masks = []
    for index in range(count):
        y, x = (index // across + 0.5) * pitch, (index % across + 0.5) * pitch
        reach = (
            slice(max(0, int(y - pitch / 2)), int(y + pitch / 2)),
            slice(max(0, int(x - pitch / 2)), int(x + pitch / 2)),
        )
        mask = np.zeros((size, size), bool)
        mask[reach] = np.hypot(rows[reach] - y, columns[reach] - x) < (0.25 + 0.2 * (index % 5) / 4) * pitch
        masks.append(asdict(rle.encode(mask)))
    return masks


def _opening(page: Page, frame: int) -> float:
    """In ms, when what the frame before had fetched ahead is over."""
    page.wait_for_timeout(AT_REST_MS)
    took: float = page.evaluate(OPEN, frame)
    return took


def _images(count: int, size: int) -> NDArray[np.uint8]:
    """Noise that drifts: as hard to compress as a micrograph, and no frame equal to another."""
    noise = np.random.default_rng(7).normal(128, 20, (size, size)).clip(0, 255).astype(np.uint8)
    return np.stack([np.roll(noise, 5 * index, axis=1) for index in range(count)])


def _series(person: Person, folder: Path, images: NDArray[np.uint8]) -> str:
    project = person.post("/projects", {"name": "Benchmark"})["id"]
    stack = folder / "stack.tif"
    tifffile.imwrite(stack, images)
    return person.import_series(project, "drift", [stack])


def _annotate(person: Person, series: str, masks: Sequence[dict[str, Any]], frames: Sequence[int]) -> None:
    tracks = [str(uuid.uuid4()) for _ in masks]
    created = [{"op": "track.create", "track": track, "phase": None} for track in tracks]
    person.post(f"/series/{series}/changesets", new_objects(created))
    for frame in frames:
        drawn = [
            {"op": "mask.set", "track": track, "frame": frame, "mask": mask}
            for track, mask in zip(tracks, masks, strict=True)
        ]
        person.post(f"/series/{series}/changesets", new_objects(drawn))


def _opened(app: App, browser: Browser, series: str, size: int) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    annotator = Annotator(page)
    annotator.sign_in(app.url, "ada")
    annotator.open(app.url, series, frame=0, height=size, width=size, warm=False)
    page.wait_for_function("() => document.querySelector('.stage-canvas').dataset.drawn === 'masks'")
    page.wait_for_timeout(1500)  # what the page loads at its beginning is over
    return page


BENCHMARKS: dict[str, Measure] = {
    "open_frame_500_masks": open_frame,
    "open_frame_500_masks_p95": open_frame,
    "play_60_frames": play,
    "play_60_frames_dropped": play,
}
