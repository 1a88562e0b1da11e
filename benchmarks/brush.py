"""How long a brush takes from the pointer to its pixels: 2048 × 2048 px with 300 objects, in a real browser."""

import random
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Route, sync_playwright

from benchmarks.records import Measure, Record
from benchmarks.timing import percentile
from ml.rle import encode
from ml.synthetic import synthesise
from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App, running_app
from tests.infrastructure.browser import chromium

SIZE_PX, OBJECTS, STROKES, STEPS, WARM_UP = 2048, 300, 8, 60, 1
# From the newest pointer movement before a frame of the screen to the end of the drawing that holds it: one pixel is
# read back, which waits until the GPU (here SwiftShader, on the CPU) has drawn everything before it. Counted from the
# movement's time stamp, and from when the page heard of it: a browser holds movements back until the screen's next
# frame, at 60 Hz for up to 16.7 ms. The movements are 30 to 50 ms apart, because to bring a frame to a screen without a
# GPU takes Chromium more than 20 ms, for which the next movement would only wait. The listener that draws is the
# window's, so its callback of the frame comes after the painter's.
PROBE = """(() => {
  const canvas = document.querySelector(".stage-canvas");
  const gl = canvas.getContext("webgl2");
  const pixel = new Uint8Array(4);
  window.pointerTimes = [];
  let [heard, newest] = [0, null];
  window.addEventListener("pointermove", () => { heard = performance.now(); }, true);
  window.addEventListener("pointermove", (event) => {
    if (newest === null) requestAnimationFrame(() => {
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
      const now = performance.now();
      window.pointerTimes.push([now - newest, now - heard]);
      newest = null;
    });
    newest = event.timeStamp;
  });
})()"""

Times = list[tuple[float, float]]  # milliseconds since the time stamp, and since the page heard of it


def brush() -> Iterator[Record]:
    """p50 and p95 over all movements of eight strokes on one object, beside those of the pointer without a stroke.

    `brush_in_page` leaves out how long the browser holds a movement back.
    """
    with tempfile.TemporaryDirectory() as folder, running_app() as app, sync_playwright() as playwright:
        person = app.add_person("ada")
        project = person.post("/projects", {"name": "Benchmark"})["id"]
        image = Path(folder) / "frame.png"
        Image.fromarray(synthesise(seed=7, frames=1, size=SIZE_PX).images[0]).save(image)
        series = person.import_series(project, "sintering", [image])
        browser = chromium(playwright)
        alone, strokes = _movements(app, browser, series)
        browser.close()
    for name, since in (("brush", 0), ("brush_in_page", 1)):
        for percent in (50, 95):
            times = [percentile([each[since] for each in found], percent) for found in (strokes, alone)]
            yield Record(f"{name}_p{percent}", times[0], "ms", times[1], "the pointer alone")


def _movements(app: App, browser: Browser, series: str) -> tuple[Times, Times]:
    """Of every movement, without and with a stroke, in turns."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    annotator = Annotator(page)
    annotator.sign_in(app.url, "ada")
    objects, source = _objects(), random.Random(7)

    def state(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | objects)

    page.route(f"**/api/v1/series/{series}/state?frame=0*", state)
    annotator.open(app.url, series, frame=0, height=SIZE_PX, width=SIZE_PX, warm=False)
    page.wait_for_timeout(5000)
    page.evaluate(PROBE)
    annotator.press("b")
    alone: Times = []
    strokes: Times = []
    for stroke in range(WARM_UP + STROKES):
        y = (0.15 + 0.07 * stroke) * SIZE_PX
        across = [(0.15 + 0.7 * step / STEPS) * SIZE_PX for step in range(STEPS + 1)]
        # Beforehand: to look up where they lie costs the page as much as a movement.
        places = [annotator.screen(x, y + 40 * ((step // 6) % 2)) for step, x in enumerate(across)]
        for times in (alone, strokes):
            page.mouse.move(*places[0])
            page.evaluate("pointerTimes.splice(0)")
            if times is strokes:
                page.mouse.down()
            for place in places[1:]:
                time.sleep(source.uniform(0.03, 0.05))
                page.mouse.move(*place)
            page.mouse.up()
            page.wait_for_timeout(300)
            found: Times = page.evaluate("pointerTimes.splice(0)")
            if len(found) < STEPS / 4:
                raise RuntimeError(f"Only {len(found)} of {STEPS} movements were drawn.")
            if stroke >= WARM_UP:
                times.extend(found)
    return alone, strokes


def _objects() -> dict[str, Any]:
    """Discs all over the frame, as the server tells them."""
    source = random.Random(7)
    rows, columns = np.ogrid[:SIZE_PX, :SIZE_PX]
    tracks, masks = [], []
    origin: dict[str, Any] = {"model": None, "model_hash": None, "points": [], "box": None, "score": None}
    origin |= {"edited": False, "tracker": None, "tracker_hash": None, "confidence": None, "bridged": False}
    for number in range(1, OBJECTS + 1):
        x, y, radius = source.uniform(60, 1988), source.uniform(60, 1988), source.uniform(15, 50)
        mask = (columns - x) ** 2 + (rows - y) ** 2 <= radius**2
        track = str(uuid.UUID(int=source.getrandbits(128), version=4))
        tracks.append(
            {"kind": "track", "revision": 1, "track": track, "number": number, "phase": None, "name": ""}
            | {"deleted": False}
        )
        height, width = mask.shape
        masks.append(
            {"kind": "mask", "revision": 1, "track": track, "frame": 0, "sha256": f"{number:064x}"}
            | {"mask": {"size": [height, width], "counts": encode(mask).counts}, "area_px": int(mask.sum())}
            | {"box": [x - radius, y - radius, x + radius, y + radius], "order": number, "state": "accepted"}
            | {"origin": origin}
        )
    return {"tracks": tracks, "masks": masks}


BENCHMARKS: dict[str, Measure] = dict.fromkeys(
    ("brush_p50", "brush_p95", "brush_in_page_p50", "brush_in_page_p95"), brush
)
