"""Every drawing tool in a browser: what is drawn, read back over REST, is what its outline says, pixel by pixel."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect
from scipy import ndimage
from skimage.morphology import disk

from ml.rle import Rle, decode
from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.person import Person

SIZE, FRAMES = 192, 4
CENTRE, RADIUS = (96.0, 88.0), 40.0  # of the dark disc
SLACK_PX = 1.5  # the mouse stands on whole pixels of the screen, of which there are 3 to 4 to one of the image
Mask = NDArray[np.bool_]
Point = tuple[float, float]
SQUARE: tuple[Point, ...] = ((60, 50), (130, 50), (130, 120), (60, 120))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def person(live_app: App) -> Person:
    return live_app.add_person("berta")


@pytest.fixture
def series(person: Person, tmp_path: Path) -> str:
    """One dark disc at rest on a bright, noisy background."""
    noise, files = np.random.default_rng(5), []
    for frame in range(FRAMES):
        image = noise.normal(180, 6, (SIZE, SIZE))
        image[disc(*CENTRE, RADIUS)] -= 100
        files.append(tmp_path / f"frame{frame}.png")
        Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save(files[-1])
    return person.import_series(person.post("/projects", {"name": "Tools"})["id"], "disc", files)


@pytest.fixture
def annotator(watched: Page, live_app: App, person: Person, series: str) -> Annotator:
    annotator = Annotator(watched)
    annotator.offer_only_the_fake_model()
    annotator.enter(live_app.url, "berta")
    annotator.open(live_app.url, series, frame=0, height=SIZE, width=SIZE, warm=False)
    return annotator


@pytest.fixture
def masks(person: Person, series: str) -> Callable[..., list[Mask]]:
    """The masks of a frame as the server has them, in the order of their tracks' numbers."""

    def read(frame: int = 0) -> list[Mask]:
        state = person.get(f"/series/{series}/state?frame={frame}")
        numbers = {track["track"]: track["number"] for track in state["tracks"]}
        stored = sorted(state["masks"], key=lambda mask: numbers[mask["track"]])
        return [decode(Rle(tuple(mask["mask"]["size"]), mask["mask"]["counts"])) for mask in stored if mask["mask"]]

    return read


Masks = Callable[..., list[Mask]]


def disc(x: float, y: float, radius: float) -> Mask:
    rows, columns = np.ogrid[:SIZE, :SIZE]
    inside: Mask = (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 <= radius**2
    return inside


def rectangle(x0: float, y0: float, x1: float, y1: float) -> Mask:
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    inside: Mask = (columns > x0) & (columns < x1) & (rows > y0) & (rows < y1)
    return inside


def around(x: float, y: float, radius: float, count: int) -> list[Point]:
    angles = 2 * np.pi * np.arange(count) / count
    return [(x + radius * np.cos(angle), y + radius * np.sin(angle)) for angle in angles]


def assert_drawn(mask: Mask, expected: Mask, slack_px: float = SLACK_PX) -> None:
    """Pixels differ only where the expected edge lies within the slack."""
    depth = ndimage.distance_transform_edt(expected) + ndimage.distance_transform_edt(~expected)
    wrong = (mask != expected) & (depth > slack_px + 0.5)
    assert not wrong.any(), f"{wrong.sum()} pixels differ, up to {depth[wrong].max():.1f} px from the edge"
    assert mask.any()


def saved(annotator: Annotator, action: Callable[[], object]) -> None:
    with annotator.answer("changeset.committed"):
        action()


def outline(annotator: Annotator, *corners: Point, key: str = "d") -> None:
    annotator.press(key)
    for corner in corners:
        annotator.click(*corner)
    saved(annotator, lambda: annotator.press("Enter"))


def test_polygon_encloses_its_corners_and_one_undo_takes_it_back(annotator: Annotator, masks: Masks) -> None:
    outline(annotator, *SQUARE)
    assert_drawn(*masks(), rectangle(60, 50, 130, 120))
    saved(annotator, lambda: annotator.press("Control+z"))
    assert masks() == []


def test_polygon_corner_can_be_moved_and_taken_back_and_a_click_on_the_first_closes(
    annotator: Annotator, masks: Masks
) -> None:
    annotator.press("d")
    for corner in (*SQUARE[:3], (20.0, 20.0)):
        annotator.click(*corner)
    annotator.press("Backspace")
    annotator.click(60, 140)
    annotator.drag((60, 140), (60, 120))
    saved(annotator, lambda: annotator.click(*SQUARE[0]))
    assert_drawn(*masks(), rectangle(60, 50, 130, 120))


def test_polygon_stays_open_over_a_move_of_the_image(annotator: Annotator, masks: Masks) -> None:
    annotator.press("d")
    for corner in SQUARE[:2]:
        annotator.click(*corner)
    annotator.page.keyboard.down(" ")
    annotator.drag((20, 20), (40, 40))
    annotator.page.keyboard.up(" ")
    annotator.press("f")
    for corner in SQUARE[2:]:
        annotator.click(*corner)
    saved(annotator, lambda: annotator.page.mouse.dblclick(*annotator.screen(40, 90)))
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    arrow = (rows > 50) & (rows < 120) & (columns > 60 - 20 * np.interp(rows, (50, 90, 120), (0, 1, 0)))
    assert_drawn(*masks(), arrow & (columns < 130))


def test_lasso_encloses_what_is_drawn_around(annotator: Annotator, masks: Masks) -> None:
    annotator.press("Shift+W")
    saved(annotator, lambda: annotator.drag(*around(100, 80, 35, 40)))
    assert_drawn(*masks(), disc(100, 80, 35))


def test_magnetic_contour_follows_the_edge_between_its_corners(annotator: Annotator, masks: Masks) -> None:
    outline(annotator, *around(*CENTRE, RADIUS, 5), key="w")
    (mask,) = masks()
    assert_drawn(mask, disc(*CENTRE, RADIUS), slack_px=2.5)  # the gradient is taken over 5 px
    pentagon_px = 5 / 2 * RADIUS**2 * np.sin(2 * np.pi / 5)
    assert mask.sum() > 1.15 * pentagon_px  # not straight from corner to corner


def test_split_along_a_line_leaves_the_larger_part_its_track(annotator: Annotator, masks: Masks) -> None:
    outline(annotator, *SQUARE)
    (whole,) = masks()
    annotator.press("k")
    saved(annotator, lambda: annotator.drag((85, 30), (85, 140)))
    larger, smaller = masks()
    assert ((larger | smaller) == whole).all() and not (larger & smaller).any()
    assert_drawn(larger, rectangle(85, 50, 130, 120), slack_px=2)
    saved(annotator, lambda: annotator.press("Control+z"))
    (again,) = masks()
    assert (again == whole).all()


def test_split_along_corners_needs_no_selection(annotator: Annotator, masks: Masks) -> None:
    outline(annotator, *SQUARE)
    annotator.press("Escape")
    annotator.press("k")
    for corner in ((40.0, 85.0), (100.0, 85.0), (100.0, 140.0)):
        annotator.click(*corner)
    saved(annotator, lambda: annotator.press("Enter"))
    larger, smaller = masks()
    assert_drawn(smaller, rectangle(60, 85, 100, 120), slack_px=2)
    assert larger.sum() > smaller.sum()


def test_outlines_add_with_shift_and_cut_out_with_alt_and_by_the_switch(annotator: Annotator, masks: Masks) -> None:
    outline(annotator, *SQUARE)
    for key, corners in (("Shift", ((120, 60), (150, 60), (150, 90), (120, 90))), ("Alt", around(95, 85, 15, 12))):
        annotator.press("d")
        annotator.page.keyboard.down(key)
        annotator.click(*corners[0])
        annotator.page.keyboard.up(key)
        for corner in corners[1:]:
            annotator.click(*corner)
        saved(annotator, lambda: annotator.press("Enter"))
    (mask,) = masks()
    expected = (rectangle(60, 50, 130, 120) | rectangle(120, 60, 150, 90)) & ~disc(95, 85, 15)
    assert_drawn(mask, expected, slack_px=2)
    annotator.page.get_by_role("button", name="Cut out", exact=True).click()
    annotator.press("Shift+W")
    saved(annotator, lambda: annotator.drag((50, 40), (160, 40), (160, 100), (50, 100), (50, 40)))
    assert_drawn(*masks(), rectangle(60, 100, 130, 120))


def test_brush_and_eraser_paint_as_wide_as_they_say_and_the_wheel_sizes_them(
    annotator: Annotator, masks: Masks
) -> None:
    page = annotator.page
    annotator.press("b")
    page.mouse.move(*annotator.screen(60, 80))
    before = page.get_by_role("slider", name="Brush diameter").input_value()
    page.keyboard.down("Alt")
    page.mouse.wheel(0, -500)
    page.keyboard.up("Alt")
    expect(page.get_by_role("slider", name="Brush diameter")).not_to_have_value(before)
    diameter = int(page.locator(".brush-size .number").inner_text().split()[0])
    assert diameter > 12
    saved(annotator, lambda: annotator.drag((60, 80), (130, 80)))
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    gap = np.hypot(columns - np.clip(columns, 60, 130), rows - 80)
    assert_drawn(*masks(), gap <= diameter / 2)
    annotator.press("e")
    saved(annotator, lambda: annotator.drag((60, 80), (60, 80)))
    assert_drawn(*masks(), (gap <= diameter / 2) & ~disc(60, 80, diameter / 2))


def test_stroke_under_way_looks_the_same_when_everything_is_drawn_anew(annotator: Annotator) -> None:
    outline(annotator, *SQUARE)
    annotator.press("b")
    mouse = annotator.page.mouse
    mouse.move(*annotator.screen(40, 60))
    mouse.down()
    for x in range(40, 150, 5):
        mouse.move(*annotator.screen(x, 60 + x % 20))
    annotator.page.wait_for_timeout(500)
    grown = annotator.picture()
    annotator.press("f")  # fits the image, which fits already: the whole canvas is drawn anew
    annotator.page.wait_for_timeout(500)
    box = annotator.canvas.bounding_box()
    assert box is not None
    part = (slice(int(box["y"]), int(box["y"] + box["height"])), slice(int(box["x"]), int(box["x"] + box["width"])))
    differing = (grown[part] != annotator.picture()[part]).any(axis=2)
    assert differing.mean() < 1e-4  # where the edge of a label falls on the middle of a pixel, rounding decides
    saved(annotator, mouse.up)


def test_pen_paints_as_wide_as_it_is_pressed(annotator: Annotator, masks: Masks) -> None:
    annotator.press("b")
    diameter = int(annotator.page.locator(".brush-size .number").inner_text().split()[0])
    pen = annotator.page.context.new_cdp_session(annotator.page)
    x, y = annotator.screen(100, 80)
    event: dict[str, Any] = {"x": x, "y": y, "button": "left", "clickCount": 1, "pointerType": "pen", "force": 0.5}
    saved(
        annotator,
        lambda: [
            pen.send("Input.dispatchMouseEvent", {**event, "type": kind, "buttons": int(kind != "mouseReleased")})
            for kind in ("mousePressed", "mouseReleased")
        ],
    )
    (mask,) = masks()
    width = int(diameter / 2 + 0.5)
    assert np.ptp(np.flatnonzero(mask.any(axis=0))) + 1 == width


def test_holes_are_filled_and_shapes_grown_shrunk_and_smoothed(annotator: Annotator, masks: Masks) -> None:
    outline(annotator, *SQUARE)
    annotator.press("Shift+W")
    annotator.page.get_by_role("button", name="Cut out", exact=True).click()
    saved(annotator, lambda: annotator.drag(*around(95, 85, 12, 24), (107, 85)))
    (mask,) = masks()
    assert_drawn(mask, rectangle(60, 50, 130, 120) & ~disc(95, 85, 12))
    for key, change in (
        ("Period", lambda mask: ndimage.binary_dilation(mask, disk(1))),
        ("Shift+Comma", lambda mask: ndimage.binary_erosion(mask, disk(5))),
        ("o", lambda mask: ndimage.binary_closing(ndimage.binary_opening(mask, disk(2)), disk(2))),
        ("Shift+E", ndimage.binary_fill_holes),
    ):
        before = mask
        saved(annotator, lambda key=key: annotator.press(key))
        (mask,) = masks()
        assert (mask == change(before)).all(), key
    assert mask.sum() > before.sum()


def test_marked_objects_merge_on_this_frame(annotator: Annotator, masks: Masks) -> None:
    outline(annotator, *SQUARE[:3])
    annotator.press("Escape")
    outline(annotator, (150, 130), (180, 130), (180, 160))
    first, second = masks()
    annotator.press("v")
    annotator.click(120, 70)
    annotator.page.keyboard.down("Shift")
    annotator.click(175, 138)
    annotator.page.keyboard.up("Shift")
    saved(annotator, lambda: annotator.press("u"))
    (merged,) = masks()
    assert (merged == (first | second)).all()
    saved(annotator, lambda: annotator.press("Control+z"))
    assert [mask.sum() for mask in masks()] == [first.sum(), second.sum()]


def test_masks_are_copied_to_the_next_frame_and_interpolated_between_frames(
    annotator: Annotator, masks: Masks, person: Person, series: str
) -> None:
    outline(annotator, *SQUARE)
    (first,) = masks()
    saved(annotator, lambda: annotator.press("y"))
    (copied,) = masks(1)
    assert (copied == first).all()
    expect(annotator.page.get_by_role("spinbutton", name="Frame")).to_have_value("2")
    annotator.press("ArrowRight")
    annotator.press("ArrowRight")
    outline(annotator, *((x + 20, y + 30) for x, y in SQUARE))
    annotator.press("ArrowLeft")
    saved(annotator, lambda: annotator.press("Shift+Y"))
    (between,) = masks(2)
    assert_drawn(between, rectangle(70, 65, 140, 135), slack_px=2)
    (stored,) = person.get(f"/series/{series}/state?frame=2")["masks"]
    assert (stored["state"], stored["origin"]["tracker"]) == ("proposal", "interpolation")


def test_a_click_on_the_selected_object_refines_its_mask_and_shift_makes_a_new_one(
    annotator: Annotator, masks: Masks, person: Person, series: str
) -> None:
    def asked() -> dict[str, Any]:
        return [message for message in annotator.sent if message["type"] == "prompt.predict"][-1]

    page = annotator.page
    outline(annotator, *SQUARE)
    (before,) = person.get(f"/series/{series}/state?frame=0")["masks"]
    annotator.press("c")
    page.mouse.move(*annotator.screen(128, 85))
    expect(page.locator(".tool-target")).to_have_text("Refines #1 on this frame")
    with annotator.answer("prompt.predicted"):
        annotator.click(128, 85)  # near the edge, so that a disc around it goes beyond
    assert asked()["mask"] == before["mask"]
    expect(page.locator(".prompt-subject")).to_have_text("Refines #1")
    saved(annotator, lambda: annotator.press("Enter"))
    (after,) = person.get(f"/series/{series}/state?frame=0")["masks"]
    assert (after["track"], after["origin"]["edited"]) == (before["track"], False)
    assert len(after["origin"]["points"]) == 1 and after["sha256"] != before["sha256"]
    page.keyboard.down("Shift")
    with annotator.answer("prompt.predicted"):
        annotator.click(95, 85)
    page.keyboard.up("Shift")
    assert asked()["mask"] is None
    expect(page.locator(".prompt-subject")).to_have_text("New object")
    saved(annotator, lambda: annotator.press("Enter"))
    assert len(masks()) == 2


def test_a_box_is_refined_by_points(annotator: Annotator, person: Person, series: str) -> None:
    annotator.press("r")
    with annotator.answer("prompt.predicted"):
        annotator.drag((50, 40), (140, 130))
    annotator.press("c")
    with annotator.answer("prompt.predicted"):
        annotator.click(95, 85)
    annotator.page.keyboard.down("Alt")
    with annotator.answer("prompt.predicted"):
        annotator.click(130, 120)
    annotator.page.keyboard.up("Alt")
    saved(annotator, lambda: annotator.press("Enter"))
    (mask,) = person.get(f"/series/{series}/state?frame=0")["masks"]
    assert [point["label"] for point in mask["origin"]["points"]] == [1, 0]
    assert mask["origin"]["box"] == pytest.approx([50, 40, 140, 130], abs=1)


def test_segmented_frame_is_a_preview_with_a_score_to_choose_by(annotator: Annotator, masks: Masks) -> None:
    with annotator.answer("frame.segmented"):
        annotator.press("s")
    expect(annotator.page.get_by_role("slider", name=re.compile("Score"))).to_be_visible()
    assert masks() == []
