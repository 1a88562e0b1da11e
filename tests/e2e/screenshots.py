"""`make screenshots`: the pictures of docs/screenshots, taken from the demo project on a folder of its own,
and the figure of a tracked synthetic series."""

import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from ml.__main__ import main as run
from ml.commands.synthesise import write_series
from ml.synthetic import synthesise
from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.browser import chromium
from tests.infrastructure.person import Person
from tests.infrastructure.team import folder

PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
SIZE_PX, FRAME = 512, 12
COLOURS = 128
WAIT_MS = 120_000


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    tracked()
    with folder() as data:
        app = App(data, {"GRATICULE_TEST_MODELS": "0"})
        app.manage("setup")
        try:
            app.start()
            with sync_playwright() as playwright:
                browser = chromium(playwright)
                for scheme in ("dark", "light"):
                    page = browser.new_page(
                        viewport={"width": 1440, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
                    )
                    take(page, app, scheme)
                browser.close()
        finally:
            app.stop()


def tracked() -> None:
    """Drawn by the commands; noise makes a large file, and few colours a small one of it."""
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
    with Image.open(picture) as image:
        few = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(picture, optimize=True)


def command(arguments: list[str]) -> None:
    if code := run(arguments):
        raise SystemExit(code)


def take(page: Page, app: App, scheme: str) -> None:
    username, password = "demo", (app.data / "demo-login.txt").read_text().strip()
    person = Person.signed_in(app.url, username, password)
    project = person.get("/projects")[0]["id"]
    series = person.get(f"/projects/{project}/series")[0]["id"]
    annotator = Annotator(page)
    page.goto(app.url)
    picture(page, f"sign-in-{scheme}")
    annotator.sign_in(app.url, username, password)
    page.goto(f"{app.url}/projects/{project}")
    expect(page.get_by_role("heading", name="Series")).to_be_visible()
    picture(page, f"project-{scheme}")
    annotator.open(app.url, series, frame=FRAME, height=SIZE_PX, width=SIZE_PX)
    expect(page.get_by_text("Model ready")).to_be_visible(timeout=WAIT_MS)
    if scheme == "dark":
        annotate(annotator)
    picture(page, "annotator" if scheme == "dark" else "annotator-light")
    page.get_by_role("tab", name="History").click()
    picture(page, f"history-{scheme}")


def annotate(annotator: Annotator) -> None:
    """Every object that the threshold finds is accepted as a particle."""
    page = annotator.page
    annotator.press("1")
    page.get_by_role("tab", name="Segment").click()
    page.get_by_label("Model", exact=True).select_option("threshold")
    with annotator.answer("frame.segmented"):
        page.get_by_role("button", name=re.compile("^Segment this frame")).click()
    with annotator.answer("changeset.committed"):
        page.get_by_role("button", name=re.compile("^Accept")).click()
    page.get_by_role("tab", name="Objects").click()
    page.mouse.move(4, 4)


def picture(page: Page, name: str) -> None:
    page.wait_for_timeout(1500)
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
