"""What the figure of a tracked series is drawn from: frames, region, colours, numbers, scale and time."""

from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ml.evaluation.figures.key_frames import key_frames, merge_to_show, region_of
from ml.evaluation.figures.tracks import (
    Lineage,
    Shown,
    colour_of,
    draw_tracks,
    round_length,
    time_text,
    track_colours,
)
from ml.evaluation.lineage import Junction
from ml.formats.calibration import Calibration
from ml.lineage import Link

WHOLE = slice(0, 60), slice(0, 80)


def labelled(*squares: tuple[int, int, int, int]) -> NDArray[np.uint32]:
    """Squares (number, row, column, side) on 60 × 80 px."""
    labels = np.zeros((60, 80), np.uint32)
    for number, row, column, side in squares:
        labels[row : row + side, column : column + side] = number
    return labels


def drawn(
    *labels: NDArray[np.uint32],
    lineage: Lineage | None = None,
    calibration: Calibration | None = None,
    phases: Sequence[str] = (),
) -> Figure:
    """A figure of grey frames 0, 10 … ."""
    shown = [Shown(10 * at, np.full(one.shape, 0.5, np.float32), one) for at, one in enumerate(labels)]
    return draw_tracks(
        shown,
        WHOLE,
        lineage or Lineage({}, {}),
        width_mm=100,
        calibration=calibration or Calibration(),
        phases=phases,
    )


def texts(figure: Figure, panel: int) -> list[str]:
    return [text.get_text() for text in figure.axes[panel].texts]


def test_key_frames_are_the_ends_those_around_the_merge_and_others_between() -> None:
    assert key_frames(41, (10, 11), 5) == [0, 10, 11, 25, 40]
    assert key_frames(41, None, 5) == [0, 10, 20, 30, 40]
    assert key_frames(3, None, 5) == [0, 1, 2]
    assert key_frames(1, None, 5) == [0]


def test_the_first_merge_among_the_frames_is_shown_or_else_the_first_of_all() -> None:
    early, late = Junction(5, 9, (1, 2)), Junction(12, 10, (3, 4))
    assert merge_to_show([late, early], range(20)) == early
    assert merge_to_show([late, early], [8, 15]) == late
    assert merge_to_show([late, early], [13, 15]) == early
    assert merge_to_show([], [0]) is None


def test_the_region_holds_the_tracks_on_all_frames_and_lies_within_the_frame() -> None:
    frames = [labelled((1, 5, 4, 6), (2, 5, 12, 6)), labelled((3, 8, 8, 10), (7, 40, 60, 8))]
    rows, columns = region_of({1, 2, 3}, frames)
    assert rows.start <= 5 and rows.stop >= 18 and columns.start <= 4 and columns.stop >= 18
    assert rows.stop - rows.start == columns.stop - columns.start < 30
    rows, columns = region_of({7}, [labelled((7, 0, 0, 59))])
    assert (rows, columns) == (slice(0, 60), slice(0, 60))
    rows, columns = region_of({7}, [labelled((7, 58, 78, 2))])
    assert rows.stop == 60 and columns.stop == 80


def test_without_a_merge_the_region_lies_around_an_object_with_many_near_it() -> None:
    crowd = labelled((1, 30, 50, 3), (2, 36, 50, 3), (3, 33, 55, 3), (4, 3, 3, 9))
    rows, columns = region_of((), [crowd])
    assert rows.start <= 30 and rows.stop >= 39 and columns.start <= 50 and columns.stop >= 58
    rows, columns = region_of((), [labelled((1, 0, 0, 45))])
    assert rows.start < 45 < rows.stop and columns.start < 45 < columns.stop
    assert region_of((), [labelled()]) == (slice(0, 15), slice(0, 15))


def test_a_merge_keeps_the_colour_of_its_largest_parent_and_a_split_does_not() -> None:
    areas = {1: 50, 2: 90, 3: 140, 4: 20, 5: 150, 6: 70, 7: 80}
    merges = [Link(parent, child, "merge", 4, 5, 1.0) for parent, child in ((1, 3), (2, 3), (3, 5), (4, 5))]
    splits = [Link(5, child, "split", 8, 9, 1.0) for child in (6, 7)]
    colours = track_colours(areas, merges + splits)
    assert colours[3] == colours[5] == colours[2] == colour_of(2)
    assert len(set(colours.values())) == 5
    # As the annotator's canvas: hsl(0, 0.85, 0.62), and hue 137.508 for track 1.
    assert colour_of(0) == pytest.approx((0.943, 0.297, 0.297))
    assert max(range(3), key=lambda channel: colour_of(1)[channel]) == 1


def test_masks_have_light_fill_and_every_one_its_own_line() -> None:
    """Neighbours' lines do not cover each other, nor is there a line where a panel cuts a mask."""
    colours = {1: (1.0, 0.0, 0.0), 2: (0.0, 1.0, 0.0)}
    figure = drawn(labelled((1, 20, 20, 20), (2, 20, 40, 20), (1, 0, 0, 0)), lineage=Lineage({}, colours))
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    figure.set_dpi(300)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3] / 255
    extent = figure.axes[0].get_window_extent()
    per_px = extent.width / 80

    def at(x: float, y: float) -> NDArray[np.float64]:
        colour: NDArray[np.float64] = pixels[round(len(pixels) - extent.y1 + y * per_px), round(extent.x0 + x * per_px)]
        return colour

    assert at(5, 5) == pytest.approx([0.5, 0.5, 0.5], abs=0.02)
    assert at(25, 25) == pytest.approx([0.625, 0.375, 0.375], abs=0.02)
    assert at(39.8, 25) == pytest.approx([1, 0, 0], abs=0.1)
    assert at(40.25, 25) == pytest.approx([0, 1, 0], abs=0.1)


def test_a_panel_cuts_masks_without_a_line() -> None:
    labels = labelled((1, 10, 10, 40))
    shown = [Shown(0, np.full((60, 80), 0.5, np.float32), labels)]
    part = slice(20, 40), slice(20, 40)
    figure = draw_tracks(shown, part, Lineage({}, {1: (1.0, 0.0, 0.0)}), width_mm=100, calibration=Calibration())
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    figure.set_dpi(300)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3] / 255
    extent = figure.axes[1].get_window_extent()
    column = pixels[len(pixels) - int(extent.y1) + 10 : len(pixels) - int(extent.y0) - 10, int(extent.x0) + 2]
    assert column == pytest.approx(np.tile([0.625, 0.375, 0.375], (len(column), 1)), abs=0.02)


def test_numbers_stand_in_masks_or_beside_them_and_never_on_others() -> None:
    figure = drawn(labelled((12, 20, 10, 20), (7, 5, 5, 1)))
    assert sorted(texts(figure, 0)) == ["12", "7"]
    (inside,) = (text for text in figure.axes[0].texts if text.get_text() == "12")
    x, y = inside.get_position()
    assert 10 <= x <= 30 and 20 <= y <= 40
    (beside,) = (text for text in figure.axes[0].texts if text.get_text() == "7")
    assert abs(beside.get_position()[0] - 5) > 1 or abs(beside.get_position()[1] - 5) > 1
    enclosed = labelled((1, 10, 10, 40))
    enclosed[30, 30] = 99
    assert texts(drawn(enclosed), 0) == ["1"]


def test_captions_tell_the_merges_between_the_frames_shown() -> None:
    before, after = labelled((1, 10, 10, 8), (2, 10, 18, 8)), labelled((3, 10, 14, 10))
    lineage = Lineage({}, {}, [Junction(7, 3, (1, 2)), Junction(25, 3, (4, 5)), Junction(9, 8, (6, 7))])
    figure = drawn(before, after, lineage=lineage)
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "", "", "1 + 2 → 3"]


def test_scale_and_time_are_told_only_where_they_are_known() -> None:
    labels = labelled()
    bare = drawn(labels, labels)
    assert [axes.get_title() for axes in bare.axes] == ["frame 0", "", "frame 10", ""]
    assert texts(bare, 0) == []
    known = drawn(labels, labels, calibration=Calibration(0.5, "nm", 2.0))
    assert [known.axes[panel].get_title() for panel in (0, 2)] == ["frame 0, 0 s", "frame 10, 20 s"]
    assert texts(known, 0) == ["10 nm"] and texts(known, 2) == []
    (bar,) = (patch for patch in known.axes[0].patches if patch.get_facecolor() == (1, 1, 1, 1))
    assert bar.get_window_extent().width / known.axes[0].get_window_extent().width == pytest.approx(20 / 80)
    assert texts(drawn(labels, calibration=Calibration(100.0, "nm")), 0) == ["2 µm"]


def test_lengths_are_round_and_times_have_the_unit_of_the_series() -> None:
    assert [round_length(length) for length in (1, 4.9, 5.1, 99, 0.03)] == pytest.approx([1, 2, 5, 50, 0.02])
    assert time_text(3, 9, None) == ""
    assert time_text(3, 9, 0.5) == "1.5 s"
    assert time_text(3, 9, 0.04) == "120 ms"
    assert time_text(30, 60, 60.0) == "30 min"
    assert time_text(30, 60, 90.0) == "45.0 min"


def test_several_phases_have_lines_of_their_own_and_a_legend() -> None:
    labels = labelled((1, 5, 5, 10), (2, 30, 30, 10))
    assert drawn(labels).legends == []
    figure = drawn(labels, lineage=Lineage({1: 0, 2: 1}, {}), phases=["gold"])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["gold", "phase 1"]
    styles = {patch.get_linestyle() for patch in figure.axes[0].patches if patch.get_linewidth() == 1.6}
    assert {"-", "--"} <= styles


def test_more_than_six_frames_take_further_rows() -> None:
    labels = labelled((1, 5, 5, 10))
    one, two = drawn(*[labels] * 6), drawn(*[labels] * 7)
    assert two.get_figheight() == pytest.approx(2 * one.get_figheight())
    assert one.get_figwidth() == two.get_figwidth() == pytest.approx(100 / 25.4)
