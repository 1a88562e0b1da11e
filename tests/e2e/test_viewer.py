"""What a person sees of the pixels and measures on them: contrast, playing, rulers, profiles, pictures, two views."""

import csv
import io
import re
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, Request, expect

from ml import rle
from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.person import Person, new_objects

SIZE, FRAMES, STEP = 256, 12, 4000
LARGE = 8192
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# Records, at every drawing of the canvas, which frame it says it shows and the grey value in its middle.
WATCH = """() => {
  const canvas = document.querySelector(".stage-canvas");
  const copy = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  window.seen = [];
  new MutationObserver(() => {
    if (window.seen.at(-1)?.[0] === Number(canvas.dataset.frame)) return;
    copy.drawImage(canvas, canvas.width / 2, canvas.height / 2, 1, 1, 0, 0, 1, 1);
    window.seen.push([Number(canvas.dataset.frame), copy.getImageData(0, 0, 1, 1).data[0]]);
  }).observe(canvas, { attributes: true, attributeFilter: ["data-frame"] });
}"""


def stack() -> NDArray[np.uint16]:
    """Frames of 16 bit, each brighter than the one before; a ramp along x, and the quarter at the top left dark."""
    columns = np.broadcast_to(np.arange(SIZE) * 20, (SIZE, SIZE))
    frames = np.stack([5000 + frame * STEP + columns for frame in range(FRAMES)]).astype(np.uint16)
    frames[:, : SIZE // 4, : SIZE // 4] = 0
    return frames


@pytest.fixture(scope="module")
def person(live_app: App) -> Person:
    return live_app.add_person("roentgen")


@pytest.fixture
def series(person: Person, tmp_path: Path) -> str:
    project = person.post("/projects", {"name": "Ramps"})["id"]
    path = tmp_path / "ramp.tif"
    tifffile.imwrite(path, stack())
    made = person.import_series(project, "ramp", [path])
    calibration = {"pixel_size": 0.5, "unit": "nm", "frame_interval_s": 2.0, "request_id": str(uuid.uuid4())}
    person.post(f"/series/{made}/calibration", calibration)
    return made


def opened(
    page: Page, app: App, series: str, frame: int = 0, *, username: str = "roentgen", size: int = SIZE
) -> Annotator:
    annotator = Annotator(page)
    annotator.offer_only_the_fake_model()
    annotator.enter(app.url, username)
    annotator.open(app.url, series, frame=frame, height=size, width=size, warm=False)
    drawn(page)
    return annotator


def drawn(page: Page, frame: int | None = None) -> None:
    wanted = "" if frame is None else f" && c.dataset.frame === '{frame + 1}'"
    page.wait_for_function(
        f"() => {{ const c = document.querySelector('.stage-canvas'); return c?.dataset.drawn === 'masks'{wanted} }}"
    )
    page.wait_for_timeout(150)


def grey(annotator: Annotator, x: float, y: float) -> int:
    row, column = annotator.pixel(x, y)
    return int(annotator.picture()[row, column].mean())


def annotate(person: Person, series: str, masks: Sequence[tuple[int, NDArray[np.bool_]]]) -> None:
    made: list[dict[str, Any]] = []
    for frame, mask in masks:
        track = str(uuid.uuid4())
        made.append({"op": "track.create", "track": track, "phase": None})
        made.append({"op": "mask.set", "track": track, "frame": frame, "mask": asdict(rle.encode(mask))})
    person.post(f"/series/{series}/changesets", new_objects(made))


def disc(x: float, y: float, radius: float, size: int = SIZE) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:size, :size]
    found: NDArray[np.bool_] = np.hypot(columns + 0.5 - x, rows + 0.5 - y) < radius
    return found


def window(page: Page) -> tuple[float, float]:
    page.get_by_role("tab", name="Display").click()
    low, high = (page.get_by_role("spinbutton", name=f"{end} at").input_value() for end in ("Black", "White"))
    return float(low), float(high)


def test_dragging_sets_window_and_level(watched: Page, live_app: App, person: Person, series: str) -> None:
    annotator = opened(watched, live_app, series, 5)
    before, shown = window(watched), grey(annotator, 128, 200)
    annotator.press("Shift+C")
    annotator.drag((128, 200), (128, 150))  # up: brighter, as wide as before
    brighter = window(watched)
    assert grey(annotator, 128, 200) > shown + 5
    assert brighter[1] - brighter[0] == pytest.approx(before[1] - before[0], abs=2)
    annotator.drag((60, 128), (20, 128))  # left: a narrower window around the same level
    narrower = window(watched)
    assert narrower[1] - narrower[0] < 0.8 * (brighter[1] - brighter[0])
    assert sum(narrower) == pytest.approx(sum(brighter), abs=4)
    bright = grey(annotator, 128, 200)
    annotator.press("\\")
    watched.wait_for_timeout(300)
    assert grey(annotator, 128, 200) == pytest.approx(255 - bright, abs=1)


def test_automatic_contrast_fits_the_frame(watched: Page, live_app: App, person: Person, series: str) -> None:
    annotator = opened(watched, live_app, series, 5)
    annotator.press("0")
    watched.wait_for_timeout(1000)
    low, high = window(watched)
    assert low == 0
    assert high == pytest.approx(stack()[5].max(), abs=150)  # all but 0.35 % lie below


def test_a_saved_contrast_opens_for_everyone(watched: Page, live_app: App, person: Person, series: str) -> None:
    live_app.add_person("lenard")
    project = person.get(f"/series/{series}")["project"]
    person.post(f"/projects/{project}/members", {"username": "lenard", "role": "viewer"})
    annotator = opened(watched, live_app, series)
    usual = window(watched)
    watched.locator(".histogram-bars").wait_for()  # its limits are the sliders', which are made anew when it comes
    watched.get_by_role("spinbutton", name="Black at").fill("4000")
    watched.get_by_role("spinbutton", name="White at").fill("9000")
    watched.get_by_role("spinbutton", name="White at").press("Enter")
    watched.get_by_role("button", name="Save as…").click()
    watched.get_by_label("Name", exact=True).fill("First frame")
    watched.get_by_role("button", name="Save", exact=True).click()
    choice = watched.get_by_role("button", name="Saved contrasts")
    expect(choice).to_contain_text("First frame")
    choice.click()
    watched.get_by_role("menuitem", name="Open the series with it, for everyone").click()
    expect(watched.get_by_text("opens with “First frame”")).to_be_visible()
    shown = grey(annotator, 128, 200)
    watched.get_by_role("button", name="Reset").click()
    assert window(watched) == usual
    annotator.press("Shift+P")
    assert window(watched) == (4000, 9000)

    colleague = watched.context.browser
    assert colleague is not None
    page = colleague.new_context(viewport={"width": 1440, "height": 900}).new_page()
    other = opened(page, live_app, series, username="lenard")
    page.wait_for_timeout(500)
    assert window(page) == (4000, 9000)
    assert grey(other, 128, 200) == shown
    expect(page.get_by_role("button", name="Save as…")).to_have_count(0)
    page.context.close()


def test_every_frame_is_played_and_is_the_one_that_it_says(
    watched: Page, live_app: App, person: Person, series: str
) -> None:
    annotator = opened(watched, live_app, series)
    expected = {}
    for frame in range(FRAMES):
        expected[frame + 1] = grey(annotator, 128, 128)
        annotator.press("ArrowRight")
        drawn(watched, min(frame + 1, FRAMES - 1))
    assert len(set(expected.values())) == FRAMES
    annotator.press("Home")
    drawn(watched, 0)
    watched.evaluate(WATCH)
    watched.get_by_label("Frames per second").select_option("50")
    annotator.press("p")
    watched.wait_for_function(f"() => window.seen.length > {2 * FRAMES}")
    annotator.press("p")
    seen = watched.evaluate("window.seen")
    assert [frame for frame, _ in seen] == [(1 + index) % FRAMES + 1 for index in range(len(seen))]
    for frame, value in seen:
        assert value == pytest.approx(expected[frame], abs=2)


def test_the_overview_moves_the_view(watched: Page, live_app: App, person: Person, series: str) -> None:
    annotator = opened(watched, live_app, series, 5)
    overview = watched.get_by_role("img", name=re.compile("^Overview map"))
    expect(overview).to_have_count(0)
    for _ in range(4):
        annotator.press("+")
    expect(overview).to_be_visible()
    watched.wait_for_timeout(300)
    middle = annotator.pixel(SIZE / 2, SIZE / 2)
    assert annotator.picture()[middle].mean() > 40
    overview.click(position={"x": 20, "y": 20})  # the dark quarter
    watched.wait_for_timeout(300)
    assert annotator.picture()[middle].mean() < 10
    annotator.press("Shift+M")
    expect(overview).to_have_count(0)


def test_rulers_stay_on_their_frame_until_removed(watched: Page, live_app: App, person: Person, series: str) -> None:
    annotator = opened(watched, live_app, series, 2)
    annotator.press("/")
    annotator.drag((100, 128), (180, 128))
    label = watched.locator(".ruler-label")
    expect(label).to_have_text(re.compile(r"^(39\.\d+|40(\.\d+)?) nm$"))  # 80 px of half a nanometre
    annotator.drag((180, 128), (180, 40))  # on from its end: an angle
    expect(label).to_have_text(re.compile(r"^(89|90)\.\d°$"))
    annotator.press("ArrowRight")
    expect(label).to_have_count(0)
    expect(watched).to_have_url(re.compile("frame=3$"))
    watched.reload()
    drawn(watched, 3)
    annotator.press("ArrowLeft")
    drawn(watched, 2)
    expect(label).to_have_text(re.compile("°$"))
    watched.get_by_role("button", name=re.compile("^Remove the ruler")).click()
    expect(label).to_have_count(0)


def test_a_profile_holds_the_pixels_own_values(
    watched: Page, live_app: App, person: Person, series: str, tmp_path: Path
) -> None:
    annotator = opened(watched, live_app, series, 3)
    annotator.press("Shift+R")
    annotator.drag((20.5, 30.5), (220.5, 30.5))
    card = watched.get_by_role("region", name="Line profile")
    expect(card.get_by_role("slider")).to_be_visible()
    with watched.expect_download() as download:
        card.get_by_role("button", name="CSV").click()
    header, *rows = csv.reader(io.StringIO(Path(download.value.path()).read_text()))
    assert header == ["distance (nm)", "grey value"]
    values = [float(row[1]) for row in rows]
    # The mouse moves by whole pixels of the screen, so an end may lie one image pixel aside.
    row = stack()[3, 30].astype(float)
    (start,) = [first for first in range(18, 24) if np.array_equal(row[first : first + len(values)], values)]
    assert abs(start - 20) <= 1
    assert len(values) == pytest.approx(201, abs=2)
    assert [float(row[0]) for row in rows] == pytest.approx([0.5 * index for index in range(len(rows))])

    annotator.press("ArrowRight")
    expect(card).to_contain_text("frame 5")
    card.get_by_role("spinbutton", name="Averaging width").fill("9")
    card.get_by_role("spinbutton", name="Averaging width").press("Enter")
    with watched.expect_download() as download:
        card.get_by_role("button", name="CSV").click()
    averaged = [float(row[1]) for row in list(csv.reader(io.StringIO(Path(download.value.path()).read_text())))[1:]]
    assert averaged == pytest.approx([value + STEP if value > 0 else 0 for value in values], rel=1e-6)


def test_a_picture_holds_the_frame_and_a_scale_bar_of_the_length_asked_for(
    watched: Page, live_app: App, person: Person, series: str
) -> None:
    annotate(person, series, [(4, disc(180, 180, 20))])
    annotator = opened(watched, live_app, series, 4)
    low, high = window(watched)

    def saved() -> NDArray[np.uint8]:
        annotator.press("Shift+F")
        dialog = watched.get_by_role("dialog")
        dialog.get_by_label("What", exact=True).select_option("frame")
        dialog.get_by_label("Resolution").select_option("1")
        dialog.get_by_label("Masks").select_option(masks)
        dialog.get_by_label("Length (nm)").fill("40")
        dialog.get_by_label("Corner", exact=True).select_option("bottom-right")
        dialog.get_by_label("Colour").select_option("white bare")
        with watched.expect_download() as download:
            dialog.get_by_role("button", name="Save picture").click()
        expect(dialog).to_have_count(0)
        assert download.value.suggested_filename == "ramp frame 5.png"
        return np.asarray(Image.open(download.value.path()).convert("RGB"))

    masks = "none"
    plain = saved()
    assert plain.shape == (SIZE, SIZE, 3)
    expected = np.clip((stack()[4].astype(float) - low) / (high - low), 0, 1) * 255
    assert np.abs(plain[: SIZE - 60].astype(float) - expected[: SIZE - 60, :, None]).max() <= 1.5
    bars = [row for row in range(SIZE - 60, SIZE) if (plain[row] == 255).all(axis=1).sum() == 80]
    assert len(bars) == 4  # 40 nm are 80 px of half a nanometre; four rows thick
    masks = "outlines"
    outlined = saved().astype(int)
    changed = np.abs(outlined - plain).sum(axis=2) > 30
    edge = disc(180, 180, 20) & ~disc(180, 180, 16)
    assert changed[edge].mean() > 0.3
    assert not changed[disc(180, 180, 15)].any()
    assert not changed[: SIZE - 60][~disc(180, 180, 21)[: SIZE - 60]].any()


def test_two_views_show_two_frames_and_move_as_one(watched: Page, live_app: App, person: Person, series: str) -> None:
    annotate(person, series, [(8, disc(128, 128, 30))])
    head = person.get(f"/series/{series}")["version"]
    annotator = opened(watched, live_app, series, 7)
    annotator.press("Shift+V")
    second = watched.get_by_role("img", name=re.compile("^Second view: frame 9 of"))
    expect(second).to_be_visible()
    watched.wait_for_function("() => document.querySelector('.beside canvas').dataset.drawn === 'masks'")
    watched.wait_for_timeout(300)
    box, first = second.bounding_box(), annotator.canvas.bounding_box()
    assert box is not None and first is not None

    def both(x: float, y: float) -> tuple[NDArray[Any], NDArray[Any]]:
        row, column = annotator.pixel(x, y)
        picture = annotator.picture().astype(int)
        return picture[row, column], picture[row, column + int(box["x"] - first["x"])]

    left, right = both(30, 200)
    assert (right > left).all()  # the later frame is the brighter one
    left, right = both(128, 150)
    assert np.ptp(left) <= 2 and np.ptp(right) > 20  # its object is coloured
    watched.get_by_label("Version of the second view").select_option(str(head - 1))
    watched.wait_for_timeout(1500)
    assert np.ptp(both(128, 150)[1]) <= 2  # before the object was drawn
    annotator.press("h")
    annotator.press("+")
    annotator.drag((40, 40), (200, 200))  # the dark quarter comes into both
    watched.wait_for_timeout(500)
    for value in both(128, 128):
        assert value.mean() < 10
    annotator.press("{")
    expect(watched.get_by_role("img", name=re.compile("^Second view: frame 8 of"))).to_be_visible()
    expect(watched.get_by_role("img", name="Frame 8 of ramp", exact=True)).to_be_visible()
    annotator.press("Shift+V")
    expect(watched.locator(".beside")).to_have_count(0)


def test_outlines_of_neighbours_are_told_apart(watched: Page, live_app: App, person: Person, series: str) -> None:
    annotate(person, series, [(3, disc(100, 128, 24)), (5, disc(180, 128, 24))])
    annotator = opened(watched, live_app, series, 4)
    before = annotator.picture().astype(int)
    annotator.press("Shift+B")
    watched.wait_for_timeout(1000)
    change = annotator.picture().astype(int) - before
    blueish, reddish = change[:, :, 2] - change[:, :, 0] > 40, change[:, :, 0] - change[:, :, 2] > 40

    def around(x: float) -> tuple[slice, slice]:
        (top, left), (bottom, right) = annotator.pixel(x - 30, 98), annotator.pixel(x + 30, 158)
        return slice(top, bottom), slice(left, right)

    assert blueish[around(100)].sum() > 50 and not reddish[around(100)].any()
    assert reddish[around(180)].sum() > 50 and not blueish[around(180)].any()
    assert not change[annotator.pixel(100, 128)].any()  # outlines, not fills


def test_two_thousand_masks_are_named_and_selected(
    watched: Page, live_app: App, person: Person, tmp_path: Path
) -> None:
    size, across = 512, 45
    project = person.post("/projects", {"name": "Many"})["id"]
    path = tmp_path / "many.tif"
    tifffile.imwrite(path, np.full((size, size), 90, np.uint8))
    series = person.import_series(project, "many", [path])
    pitch = size / across
    places = [((i % across + 0.5) * pitch, (i // across + 0.5) * pitch) for i in range(2000)]
    annotate(person, series, [(0, disc(x, y, 4, size)) for x, y in places])
    annotator = opened(watched, live_app, series, size=size)
    annotator.press("c")  # a tool that draws names what lies under it, too
    card = watched.locator(".hover-card")
    for index in (0, 777, 1999):
        watched.mouse.move(*annotator.screen(*places[index]))
        expect(card).to_contain_text(f"#{index + 1}")
        expect(card).to_contain_text("px")
    annotator.press("b")
    watched.mouse.move(*annotator.screen(*places[3]))
    expect(card).to_have_count(0)
    annotator.press("v")
    annotator.click(*places[1234])
    expect(watched.get_by_role("row", name=re.compile("#1235"))).to_have_attribute("aria-selected", "true")


def test_a_frame_of_8192_pixels_a_side_is_drawn_from_its_pyramid_and_painted_on(
    watched: Page, live_app: App, person: Person, tmp_path: Path
) -> None:
    project = person.post("/projects", {"name": "Large"})["id"]
    path = tmp_path / "large.tif"
    ramp = np.broadcast_to((np.arange(LARGE, dtype=np.uint16) * 7), (LARGE, LARGE))
    tifffile.imwrite(path, np.ascontiguousarray(ramp))
    series = person.import_series(project, "large", [path])
    levels = person.get(f"/series/{series}")["pixels"]["levels"]
    assert [level["width"] for level in levels] == [8192, 4096, 2048, 1024, 512]
    asked: list[str] = []

    def note(request: Request) -> None:
        if found := re.search(r"/pixels/\w+/(\d)/0/(\d+)/(\d+)", request.url):
            asked.append(found[1])

    watched.on("request", note)
    annotator = opened(watched, live_app, series, size=LARGE)
    assert set(asked) <= {"3", "4"}  # a tile each, not 64
    assert len(asked) <= 2
    assert grey(annotator, 7000, 4000) > grey(annotator, 1000, 4000) + 100
    annotator.press("b")
    watched.get_by_label("Brush diameter").fill("100")  # 400 px
    with annotator.answer("changeset.committed"):
        annotator.drag((2000, 2000), (6000, 2000))
    (mask,) = person.get(f"/series/{series}/state?frame=0")["masks"]
    assert mask["area_px"] > 400 * 3900
    annotator.press("Escape")
    watched.mouse.move(4, 4)
    watched.wait_for_timeout(500)
    inside, outside = (annotator.picture()[annotator.pixel(3000, y)].astype(int) for y in (2000, 3000))
    assert np.ptp(inside) > 20 and np.ptp(outside) <= 2
    asked.clear()
    annotator.press("v")
    for _ in range(9):
        annotator.press("+")
    drawn(watched)
    watched.wait_for_timeout(1000)
    assert "0" in asked
    assert len([level for level in asked if level == "0"]) < 20  # only what is in sight
