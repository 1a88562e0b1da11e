"""`make screenshots`: the pictures of docs/screenshots, taken from the demo project on a folder of its own,
and the figure of a tracked synthetic series. Pictures that are not taken any more are removed.
"""

import re
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from ml.__main__ import main as run
from ml.commands.synthesise import write_series
from ml.synthetic import synthesise
from tests.e2e.showcase import FRAME, Showcase, prepare
from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.browser import chromium
from tests.infrastructure.team import folder

PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
SIZE_PX = 512
WINDOW = {"width": 1280, "height": 800}
# Noise makes large files. Fewer colours are taken until a picture is small enough.
COLOURS = (256, 128, 64, 48, 32, 24, 16)
MOST_BYTES = 150_000
WAIT_MS = 120_000


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    for earlier in PICTURES.glob("*.png"):
        earlier.unlink()
    tracked()
    with folder() as data:
        app = App(data, {"GRATICULE_TEST_MODELS": "0"})
        app.manage("setup")
        try:
            app.start()
            with folder() as files:
                shown = prepare(app, files)
            with sync_playwright() as playwright:
                browser = chromium(playwright)
                for scheme in ("light", "dark"):
                    take(browser, app, shown, scheme)
                browser.close()
        finally:
            app.stop()


def tracked() -> None:
    """Drawn by the commands."""
    picture = PICTURES / "tracks.png"
    with folder() as data:
        series, results = str(data / "series"), str(data / "tracked")
        made = synthesise(seed=8, frames=40, size=320)
        write_series(made, data / "series")
        command(["track", f"{series}/01", "--out", results])
        calibration = ["--pixel-size-nm", str(made.pixel_size_nm), "--frame-interval-s", str(made.frame_interval_s)]
        command(
            ["figure", f"{series}/01", results, *calibration, "--width", "160", "--dpi", "125", "--out", str(picture)]
        )
    shrink(picture)


def command(arguments: list[str]) -> None:
    if code := run(arguments):
        raise SystemExit(code)


def take(browser: Browser, app: App, shown: Showcase, scheme: str) -> None:
    """Pages in light, the annotator in dark, where images are judged best; the way in and the annotator in both."""
    page = browser.new_page(viewport=WINDOW, color_scheme="dark" if scheme == "dark" else "light")
    page.goto(app.url)
    page.get_by_label("Username").wait_for()
    picture(page, f"sign-in-{scheme}")
    annotator = Annotator(page)
    annotator.sign_in(app.url, "demo", shown.password)
    if scheme == "light":
        take_pages(page, app, shown)
        open_annotator(annotator, app, shown)
        picture(page, "annotator-light")
    else:
        take_annotator(annotator, app, shown)
    page.close()


def take_pages(page: Page, app: App, shown: Showcase) -> None:
    project = f"{app.url}/projects/{shown.project}"
    pages: dict[str, tuple[str, str]] = {
        "projects": (app.url, "Projects"),
        "series": (project, "Series"),
        "phases": (f"{project}/phases", "Phases"),
        "members": (f"{project}/members", "Members"),
        "jobs": (f"{project}/jobs", "Jobs"),
        "settings": (f"{project}/settings", "About"),
    }
    for name, (address, heading) in pages.items():
        page.goto(address)
        page.get_by_role("heading", name=heading, exact=True).first.wait_for()
        picture(page, name)
    models = {
        "models": "",
        "train": f"/train/{shown.training}",
        "train-setup": "/train",
        "threshold": f"/threshold?series={shown.series}&frame={FRAME}",
        "compare": f"/compare/{shown.comparison}",
    }
    for name, path in models.items():
        page.goto(f"{project}/models{path}")
        page.get_by_role("main").wait_for()
        picture(page, name)


def take_annotator(annotator: Annotator, app: App, shown: Showcase) -> None:
    page = annotator.page
    open_annotator(annotator, app, shown)
    picture(page, "annotator")
    for name in ("Segment", "Track", "History", "Display"):
        page.get_by_role("tab", name=name).click()
        picture(page, name.lower())
    page.get_by_role("tab", name="Objects").click()
    scene(page, "prompt", lambda: (annotator.press("c"), annotator.click(256, 256)))
    scene(page, "keys", lambda: annotator.press("?"))
    scene(page, "export", page.get_by_role("button", name="Export", exact=True).click)
    lanes(page)
    picture(page, "lanes")
    scene(page, "lineage", lambda: merged(page))
    page.get_by_role("button", name=re.compile("^Account of")).click()
    page.get_by_role("menuitem", name="Tour of the annotator").click()
    page.get_by_role("region", name="Tour").wait_for()
    picture(page, "tour")


def scene(page: Page, name: str, begin: Callable[[], object]) -> None:
    """A picture of what Escape ends."""
    begin()
    picture(page, name)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")


def open_annotator(annotator: Annotator, app: App, shown: Showcase) -> None:
    page = annotator.page
    annotator.open(app.url, shown.series, frame=FRAME, height=SIZE_PX, width=SIZE_PX)
    expect(page.get_by_text("Model ready")).to_be_visible(timeout=WAIT_MS)
    hide = page.get_by_role("button", name="Hide the tracks")
    if hide.count() > 0:
        hide.click()
    page.mouse.move(4, 4)


def lanes(page: Page) -> None:
    page.get_by_role("button", name="Show the tracks").click()
    page.mouse.move(4, 4)


def merged(page: Page) -> None:
    """The lineage of an object that others became."""
    page.get_by_role("tab", name="Objects").click()
    page.locator(".objects").get_by_role("row").first.click()
    page.keyboard.press("l")
    page.get_by_role("dialog").wait_for()


def picture(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path)
    shrink(path)


def shrink(path: Path) -> None:
    with Image.open(path) as image:
        whole = image.convert("RGB")
    for colours in COLOURS:
        whole.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            return


if __name__ == "__main__":
    main()
