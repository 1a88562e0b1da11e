"""From the press of the mouse to the mask on screen: the whole app, the bundled network, a real browser."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.records import Measure, Record
from benchmarks.timing import percentile
from ml.registry import DEFAULT, DEFAULT_TRACKER
from ml.synthetic import synthesise
from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App, running_app
from tests.infrastructure.browser import chromium
from tests.infrastructure.frames import objects_of
from tests.infrastructure.person import Person
from tests.infrastructure.waiting import wait_until

SIZE_PX, FRAMES, CLICKS_PER_FRAME, WARM_UP = 512, 2, 25, 2
TRACKED_FRAMES = 60
CLEAR = 0.6  # of the image's height
DRAWN_WITHIN_S = 30
# The app marks each click itself: render/latency.ts.
MEASURED = "performance.getEntriesByName('click-to-mask').map(entry => entry.duration)"


def click_to_mask() -> Iterator[Record]:
    """p50 and p95 over 50 clicks on objects of two frames, the embedding warm; the decoder's part of the median."""
    with tempfile.TemporaryDirectory() as folder:
        frames = _frames(Path(folder))
        variables = {"GRATICULE_TEST_MODELS": "0", "OMP_NUM_THREADS": str(os.cpu_count())}
        with running_app(**variables) as app, sync_playwright() as playwright:
            person = app.add_person("ada")
            project = person.post("/projects", {"name": "Benchmark"})["id"]
            series = person.import_series(project, "sintering", frames)
            browser = chromium(playwright)
            times, decoder = _clicks(app, browser, series, frames)
            browser.close()
    median = percentile(times, 50)
    yield Record("click_to_mask_p50", median, "ms")
    yield Record("click_to_mask_p95", percentile(times, 95), "ms")
    # Its ratio is the decoder's share of a median click.
    yield Record("click_to_mask_decoder_p50", percentile(decoder, 50), "ms", median, "click_to_mask_p50")


def click_while_tracking() -> Iterator[Record]:
    """p95 of 50 clicks while a series is tracked with the usual models, against that of 50 clicks before."""
    with tempfile.TemporaryDirectory() as folder:
        frames = _frames(Path(folder), TRACKED_FRAMES)
        variables = {"GRATICULE_TEST_MODELS": "0", "OMP_NUM_THREADS": str(os.cpu_count())}
        with running_app(**variables) as app, sync_playwright() as playwright:
            person = app.add_person("ada")
            project = person.post("/projects", {"name": "Benchmark"})["id"]
            series = person.import_series(project, "sintering", frames)
            browser = chromium(playwright)
            idle, _ = _clicks(app, browser, series, frames[:FRAMES])
            way = {"model": DEFAULT, "tracker": DEFAULT_TRACKER, "frames": {"start": FRAMES, "end": TRACKED_FRAMES - 1}}
            job = person.post(f"/series/{series}/trackings", way)
            wait_until(lambda: _progress(person, job) > 0, timeout_s=120, what="The first tracked frame")
            busy, _ = _clicks(app, browser, series, frames[:FRAMES])
            if _progress(person, job) >= 1:
                raise RuntimeError("The tracking ended before the last click; track more frames.")
            browser.close()
    yield Record("click_while_tracking_p95", percentile(busy, 95), "ms", percentile(idle, 95), "without tracking")


def _progress(person: Person, job: dict[str, Any]) -> float:
    return float(person.get(f"/jobs/{job['id']}")["progress"])


def _frames(folder: Path, count: int = FRAMES) -> list[Path]:
    images = synthesise(seed=7, frames=count, size=SIZE_PX).images
    paths = [folder / f"{index}.png" for index in range(count)]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    return paths


def _clicks(app: App, browser: Browser, series: str, frames: list[Path]) -> tuple[list[float], list[float]]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    annotator = Annotator(page)
    annotator.sign_in(app.url, "ada")
    times: list[float] = []
    decoder: list[float] = []
    for index, frame in enumerate(frames):
        # Not where bars may lie over the image.
        points = [point for point in objects_of(frame, least_area_px=60) if point[1] < CLEAR * SIZE_PX]
        annotator.open(app.url, series, frame=index, height=SIZE_PX, width=SIZE_PX)
        expect(page.get_by_text("Model ready")).to_be_visible(timeout=120_000)
        annotator.press("c")
        for click in range(WARM_UP + CLICKS_PER_FRAME):
            took, decoded = _click(page, annotator, *points[click % len(points)])
            if click >= WARM_UP:
                times.append(took)
                decoder.append(decoded)
    return times, decoder


def _click(page: Page, annotator: Annotator, x: float, y: float) -> tuple[float, float]:
    """One click as a new prompt: milliseconds until its mask was on screen, and of these the decoder's."""
    before = len(page.evaluate(MEASURED))
    with annotator.answer("prompt.predicted") as predicted:
        annotator.click(x, y)
    end = time.monotonic() + DRAWN_WITHIN_S
    while len(measured := page.evaluate(MEASURED)) == before:
        if time.monotonic() > end:
            raise TimeoutError(f"The mask of the click at ({x}, {y}) was not drawn within {DRAWN_WITHIN_S} s.")
    annotator.press("Escape")
    return float(measured[-1]), float(predicted.message["decode_ms"])


BENCHMARKS: dict[str, Measure] = {
    "click_to_mask_p50": click_to_mask,
    "click_to_mask_p95": click_to_mask,
    "click_to_mask_decoder_p50": click_to_mask,
    "click_while_tracking_p95": click_while_tracking,
}
