"""How smoothly the lanes of 5,000 tracks on 1,000 frames with 2,000 merges scroll, in a real browser."""

import random
import tempfile
import uuid
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Route, sync_playwright

from benchmarks.records import Measure, Record
from benchmarks.timing import percentile
from ml.synthetic import synthesise
from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App, running_app
from tests.infrastructure.browser import chromium

TRACKS, FRAMES, MERGES, SIZE_PX = 5000, 1000, 2000, 256
# What is called at every frame of the screen for five seconds: `scroll` moves the list by a row and a half, there and
# back; `compose` changes a little, so that the browser puts its page together and does nothing else.
LOOP = """async (what) => {
  const list = document.querySelector(".lanes-scroll");
  const title = document.querySelector(".lanes-head h2");
  const times = [];
  let step = 33;
  const end = performance.now() + 5000;
  while (performance.now() < end) {
    if (what === "compose") title.style.opacity = times.length % 2 ? 1 : 0.99;
    else {
      if (list.scrollTop + step < 0 || list.scrollTop + step > list.scrollHeight - list.clientHeight) step = -step;
      list.scrollTop += step;
    }
    times.push(await new Promise(requestAnimationFrame));
  }
  return times;
}"""


def lanes() -> Iterator[Record]:
    """Frames of the screen a second while the list scrolls, beside what the browser reaches with the page alone."""
    with tempfile.TemporaryDirectory() as folder, running_app() as app, sync_playwright() as playwright:
        person = app.add_person("ada")
        project = person.post("/projects", {"name": "Benchmark"})["id"]
        image = Path(folder) / "frame.png"
        Image.fromarray(synthesise(seed=7, frames=1, size=SIZE_PX).images[0]).save(image)
        series = person.import_series(project, "sintering", [image])
        browser = chromium(playwright)
        compose, scroll = _frames_of_screen(app, browser, series)
        browser.close()
    rates = [1000 * len(steps) / sum(steps) for steps in (scroll, compose)]
    yield Record("lanes_5000_tracks_scrolling", rates[0], "frames/s", rates[1], "the page alone")
    late = [percentile(steps, 95) for steps in (scroll, compose)]
    yield Record("lanes_5000_tracks_scrolling_p95", late[0], "ms", late[1], "the page alone")


def _frames_of_screen(app: App, browser: Browser, series: str) -> list[list[float]]:
    """How long each frame took in ms, the page alone first. What the server would say of such a series is made here."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    tracks, events = _tracked()
    annotator = Annotator(page)
    annotator.sign_in(app.url, "ada")

    def long(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | {"frames": FRAMES})

    def tracked(route: Route) -> None:
        route.fulfill(json={"version": 0, "tracks": tracks, "events": events})

    def state(route: Route) -> None:
        names = ("track", "number", "phase", "name")
        revisions = [{"kind": "track", "revision": 1, "deleted": False} | {n: one[n] for n in names} for one in tracks]
        route.fulfill(json=route.fetch().json() | {"tracks": revisions, "events": events})

    page.route(f"**/api/v1/series/{series}", long)
    page.route(f"**/api/v1/series/{series}/lanes*", tracked)
    page.route(f"**/api/v1/series/{series}/state?frame=0*", state)
    annotator.open(app.url, series, frame=0, height=SIZE_PX, width=SIZE_PX, warm=False)
    page.locator(".lanes-scroll").wait_for()
    page.wait_for_timeout(3000)
    times: list[list[float]] = [page.evaluate(LOOP, what) for what in ("compose", "scroll")]
    return [[after - before for before, after in pairwise(each)][10:] for each in times]


def _tracked() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Tracks with gaps, doubtful stretches and proposals, as the lanes are answered; every merge ends two of them."""
    source = random.Random(7)
    tracks: list[dict[str, Any]] = []

    def track(first: int, last: int) -> str:
        runs = []
        while first <= last:
            end = min(last, first + source.randrange(20, 300))
            state = source.choice(("accepted", "proposal"))
            runs.append({"first": first, "last": end, "state": state, "confidence": source.choice((0.95, 0.7, 0.3))})
            first = end + source.choice((1, 1, 4))
        name = str(uuid.UUID(int=source.getrandbits(128), version=4))
        tracks.append({"track": name, "number": len(tracks) + 1, "phase": None, "name": "", "runs": runs})
        return name

    living = [track(0, source.randrange(100, 800)) for _ in range(TRACKS - MERGES)]
    events = []
    for _ in range(MERGES):
        parents = [living.pop(source.randrange(len(living))) for _ in range(2)]
        frame = source.randrange(1, FRAMES - 10)
        child = track(frame, FRAMES - 1)
        living.append(child)
        events.append(_merge(parents, child, frame, source.random()))
    return tracks, events


def _merge(parents: list[str], child: str, frame: int, confidence: float) -> dict[str, Any]:
    origin: dict[str, Any] = {"model": None, "model_hash": None, "points": [], "box": None, "score": None}
    origin |= {"tracker": "deaot_t", "tracker_hash": None, "edited": False}
    origin |= {"confidence": confidence, "bridged": False}
    return {
        **{"kind": "event", "revision": 1, "event": child, "what": "merge", "deleted": False, "origin": origin},
        **{"first_frame": frame - 1, "last_frame": frame, "parents": parents, "children": [child]},
        **{"confidence": confidence, "state": "proposal"},
    }


BENCHMARKS: dict[str, Measure] = {
    "lanes_5000_tracks_scrolling": lanes,
    "lanes_5000_tracks_scrolling_p95": lanes,
}
