"""Key frames of a tracked series in a row: masks in their tracks' colours, and below each a region magnified."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from scipy import ndimage

from ml.evaluation.figures import new_figure
from ml.evaluation.figures.masks import Region
from ml.evaluation.lineage import Junction
from ml.formats.calibration import Calibration
from ml.formats.contours import rings
from ml.lineage import Link, largest_parents
from ml.tracking.traces import boxes
from ml.tracking.votes import Labels
from ml.types import BoolMask, Grey

Colour = tuple[float, float, float]
_Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in px of the frame

MOST_IN_A_ROW = 6
_Style = Literal["-", "--", ":", "-."]
STYLES: tuple[_Style, ...] = ("-", "--", ":", "-.")  # of outlines, by phase
_MM = 1 / 25.4
_GAP_MM, _TITLE_MM, _CAPTION_MM, _LEGEND_MM = 1.2, 3.8, 3.4, 5.0
_TITLE_PT, _NUMBER_PT, _CAPTION_PT = 7.0, 5.5, 6.0
_FILL = 0.25
_DIGIT, _HEIGHT = 0.62, 0.85  # width of a digit and height of a line, of the font's size
_LONGEST_BAR = 0.35  # of a panel
_TIMES = (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3))
_LINE_PT = 0.8
_BEYOND = 8  # px of a mask that are drawn along where a panel cuts it
_SMALL = 300  # px: so small an image is shown with its pixels


@dataclass(frozen=True)
class Shown:
    """A frame to show: grey (H, W), and labels (H, W) whose numbers are tracks."""

    frame: int
    image: Grey
    labels: Labels


@dataclass(frozen=True)
class Lineage:
    """What the tracks are: their phases and colours, and the merges between them."""

    phase_of: Mapping[int, int]
    colours: Mapping[int, Colour]
    merges: Sequence[Junction] = ()


def colour_of(number: int) -> Colour:
    """A track's colour as the annotator draws it (frontend/src/render/colours.ts): hues by the golden angle."""
    hue = (number * 137.508) % 360
    lightness = (0.62, 0.7, 0.56)[number % 3]
    reach = 0.85 * min(lightness, 1 - lightness)

    def channel(offset: int) -> float:
        k = (offset + hue / 30) % 12
        return lightness - reach * max(-1.0, min(k - 3, 9 - k, 1.0))

    return channel(0), channel(8), channel(4)


def track_colours(last_areas: Mapping[int, int], links: Iterable[Link]) -> dict[int, Colour]:
    """Each track's own colour; what has come from a merge keeps that of its largest parent.

    Parameters
    ----------
    last_areas
        of every track, on its last frame.
    """
    parents = largest_parents([link for link in links if link.kind == "merge"], last_areas)
    colours: dict[int, Colour] = {}
    for track in last_areas:
        heir_of = track
        while heir_of in parents:
            heir_of = parents[heir_of]
        colours[track] = colour_of(heir_of)
    return colours


def draw_tracks(
    shown: Sequence[Shown],
    magnified: Region,
    lineage: Lineage,
    *,
    width_mm: float,
    calibration: Calibration,
    phases: Sequence[str] = (),
) -> Figure:
    """The frames, and below each the region magnified; with a calibration scale bars and times.

    Parameters
    ----------
    shown
        at least one frame, in order; after six begins a new row.
    phases
        names of phases; where more than one phase is shown, outlines differ and a legend tells them.
    """
    height, width = shown[0].image.shape
    rows, columns = magnified
    across = min(MOST_IN_A_ROW, len(shown))
    panel = (width_mm - (across - 1) * _GAP_MM) / across
    heights = panel * height / width, panel * (rows.stop - rows.start) / (columns.stop - columns.start)
    present = sorted({lineage.phase_of.get(int(track), 0) for one in shown for track in np.unique(one.labels) if track})
    legend = _LEGEND_MM if len(present) > 1 else 0.0
    captions = [""] + [_merged(one, magnified, lineage.merges, before.frame) for before, one in pairwise(shown)]
    block = _TITLE_MM + sum(heights) + _GAP_MM + (_CAPTION_MM if any(captions) else _GAP_MM)
    full = math.ceil(len(shown) / across) * block + legend
    figure = new_figure(width_mm * _MM, full * _MM, layout=None)
    whole = slice(0, height), slice(0, width)
    last, interval_s = max(one.frame for one in shown), calibration.frame_interval_s
    for number, one in enumerate(shown):
        down, right = divmod(number, across)
        left, top = right * (panel + _GAP_MM), full - down * block - _TITLE_MM
        upper = _panel(figure, (left, top - heights[0], panel, heights[0]), (width_mm, full))
        below = top - heights[0] - _GAP_MM - heights[1]
        lower = _panel(figure, (left, below, panel, heights[1]), (width_mm, full))
        title = [f"frame {one.frame}", time_text(one.frame, last, interval_s)]
        upper.set_title(", ".join(filter(None, title)), fontsize=_TITLE_PT, pad=2.5)
        for axes, part in ((upper, whole), (lower, magnified)):
            _show(axes, one.image, part)
            taken = [_scale_bar(axes, part, calibration)] if number == 0 and calibration.pixel_size else []
            _paint(axes, one.labels, part, lineage)
            _number(axes, one.labels, part, taken)
        box = (columns.start - 0.5, rows.start - 0.5), columns.stop - columns.start, rows.stop - rows.start
        upper.add_patch(Rectangle(*box, fill=False, edgecolor="black", linewidth=1.6, zorder=4))
        upper.add_patch(Rectangle(*box, fill=False, edgecolor="white", linewidth=0.7, zorder=4))
        lower.set_xlabel(captions[number], fontsize=_CAPTION_PT, labelpad=2)
    if legend:
        names = {phase: phases[phase] if phase < len(phases) else f"phase {phase}" for phase in present}
        lines = [
            Line2D([], [], color="black", linewidth=1, linestyle=STYLES[phase % len(STYLES)], label=name)
            for phase, name in names.items()
        ]
        figure.legend(handles=lines, loc="lower center", ncols=len(lines), frameon=False, fontsize=_TITLE_PT)
    return figure


def _panel(figure: Figure, place_mm: _Box, size_mm: tuple[float, float]) -> Axes:
    left, bottom, width, height = place_mm
    axes = figure.add_axes((left / size_mm[0], bottom / size_mm[1], width / size_mm[0], height / size_mm[1]))
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return axes


def _show(axes: Axes, image: Grey, part: Region) -> None:
    rows, columns = part
    side = max(rows.stop - rows.start, columns.stop - columns.start)
    axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest" if side < _SMALL else "antialiased")
    axes.set_xlim(columns.start - 0.5, columns.stop - 0.5)
    axes.set_ylim(rows.stop - 0.5, rows.start - 0.5)


def _paint(axes: Axes, labels: Labels, part: Region, lineage: Lineage) -> None:
    rows, columns = part
    grown = (
        slice(max(rows.start - _BEYOND, 0), rows.stop + _BEYOND),
        slice(max(columns.start - _BEYOND, 0), columns.stop + _BEYOND),
    )
    whole = boxes(labels[grown])
    for track, (place, mask) in boxes(labels[part]).items():
        path = _outline(mask, place, part)
        colour = lineage.colours.get(track, colour_of(track))
        axes.add_patch(PathPatch(path, facecolor=(*colour, _FILL), edgecolor="none"))
        # Twice as wide and only within the mask, so that neighbours' lines do not cover each other. The mask's part
        # beyond the panel is drawn along, so that there is no line where the panel cuts it.
        line = PathPatch(
            _outline(whole[track][1], whole[track][0], grown),
            fill=False,
            edgecolor=colour,
            linewidth=2 * _LINE_PT,
            linestyle=STYLES[lineage.phase_of.get(track, 0) % len(STYLES)],
        )
        axes.add_patch(line)
        line.set_clip_path(path, axes.transData)


def _outline(mask: BoolMask, place: Region, within: Region) -> Outline:
    corner = within[1].start + place[1].start - 0.5, within[0].start + place[0].start - 0.5
    return Outline.make_compound_path(*(Outline([*(ring + corner), (0, 0)], closed=True) for ring in rings(mask)))


def _number(axes: Axes, labels: Labels, part: Region, taken: list[_Box]) -> None:
    """Write each track's number in its mask, or else beside it on free ground; where neither is possible, not at all.

    Larger masks come first.
    """
    px = _px_per_pt(axes)
    panel = part[1].start - 0.5, part[0].start - 0.5, part[1].stop - 0.5, part[0].stop - 0.5
    for track, (place, mask) in sorted(boxes(labels[part]).items(), key=lambda one: -np.count_nonzero(one[1][1])):
        width, height = _DIGIT * _NUMBER_PT * len(str(track)) * px, _HEIGHT * _NUMBER_PT * px
        left, top = part[1].start + place[1].start - 0.5, part[0].start + place[0].start - 0.5
        if mask.shape[1] >= width and mask.shape[0] >= height:
            x, y = _deepest(mask)
            x = min(max(left + x, panel[0] + width / 2), panel[2] - width / 2)
            y = min(max(top + y, panel[1] + height / 2), panel[3] - height / 2)
            places = [(x, y)]
        else:
            x, y = left + mask.shape[1] / 2, top + mask.shape[0] / 2
            right, up = (mask.shape[1] + width) / 2 + px, (mask.shape[0] + height) / 2 + px
            places = [(x + right, y), (x - right, y), (x, y - up), (x, y + up)]
            places = [place for place in places if _is_free(labels, _centred(*place, width, height), panel)]
        for x, y in places:
            box = _centred(x, y, width, height)
            if not any(_overlap(box, other) for other in taken):
                taken.append(box)
                _write(axes, x, y, str(track), _NUMBER_PT)
                break


def _deepest(mask: BoolMask) -> tuple[float, float]:
    """The point (x, y) of a mask that lies deepest in it, from its corner."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), mask.shape)
    return float(column) + 0.5, float(row) + 0.5


def _is_free(labels: Labels, box: _Box, panel: _Box) -> bool:
    if box[0] < panel[0] or box[1] < panel[1] or box[2] > panel[2] or box[3] > panel[3]:
        return False
    rows, columns = (slice(math.floor(box[i] + 0.5), math.ceil(box[i + 2] + 0.5)) for i in (1, 0))
    return not labels[rows, columns].any()


def _centred(x: float, y: float, width: float, height: float) -> _Box:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _px_per_pt(axes: Axes) -> float:
    """Pixels of the frame in a point of print."""
    left, right = axes.get_xlim()
    return float((right - left) / (axes.get_window_extent().width / axes.figure.dpi * 72))


def _write(axes: Axes, x: float, y: float, text: str, size_pt: float) -> None:
    """White on a dark rim: legible on every grey and every colour."""
    rim = [withStroke(linewidth=1.2, foreground="black")]
    axes.text(
        x, y, text, fontsize=size_pt, color="white", ha="center", va="center_baseline", path_effects=rim, clip_on=True,
        zorder=5,
    )  # fmt: skip


def _merged(one: Shown, magnified: Region, merges: Iterable[Junction], since: int) -> str:
    """The merges since the frame before whose child lies in the region, by half at least."""
    inside = np.bincount(one.labels[magnified].ravel(), minlength=int(one.labels.max(initial=0)) + 1)
    mostly = {int(track) for track in np.flatnonzero((inside > 0) & (2 * inside >= np.bincount(one.labels.ravel())))}
    told = [
        f"{' + '.join(map(str, merge.parts))} → {merge.whole}"
        for merge in merges
        if since < merge.frame <= one.frame and merge.whole in mostly
    ]
    return "; ".join(told[:2]) + (" …" if len(told) > 2 else "")


def _scale_bar(axes: Axes, part: Region, calibration: Calibration) -> _Box:
    """A bar of a round length, at the lower left; gives the box that it takes."""
    rows, columns = part
    width = columns.stop - columns.start
    pixel_size = calibration.pixel_size or math.nan
    length = round_length(_LONGEST_BAR * width * pixel_size)
    px = _px_per_pt(axes)
    x, y = columns.start - 0.5 + 5 * px, rows.stop - 0.5 - 5 * px
    axes.add_patch(
        Rectangle((x, y - 1.8 * px), length / pixel_size, 1.8 * px, facecolor="white", edgecolor="black",
                  linewidth=0.4, zorder=5)
    )  # fmt: skip
    middle = x + length / pixel_size / 2
    text = _length_text(length, calibration.unit)
    _write(axes, middle, y - 6.5 * px, text, _CAPTION_PT)
    half = max(length / pixel_size, _DIGIT * _CAPTION_PT * len(text) * px) / 2
    return middle - half, y - 11 * px, middle + half, rows.stop - 0.5


def round_length(longest: float) -> float:
    """The greatest of 1, 2 and 5 times a power of ten that is not greater."""
    power = 10.0 ** math.floor(math.log10(longest))
    return next((step * power for step in (5, 2, 1) if step * power <= longest), power)


def _length_text(length: float, unit: str) -> str:
    larger = {"pm": "nm", "nm": "µm", "µm": "mm"}
    if length >= 1000 and unit in larger:
        return f"{length / 1000:g} {larger[unit]}"
    return f"{length:g} {unit}"


def time_text(frame: int, last: int, interval_s: float | None) -> str:
    """The time of a frame in the unit that suits the last one; nothing without an interval."""
    if not interval_s:
        return ""
    longest = last * interval_s
    unit, seconds = next(((unit, s) for unit, s in _TIMES if longest >= 2 * s), _TIMES[-1])
    step = interval_s / seconds
    digits = next((digits for digits in (0, 1) if math.isclose(step, round(step, digits))), 2)
    return f"{frame * interval_s / seconds:.{digits}f} {unit}"
