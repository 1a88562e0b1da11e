"""Masks side by side on one image, with a magnified region and errors in colour."""

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray
from scipy import ndimage

from ml.evaluation.figures import new_figure
from ml.evaluation.pixels import iou
from ml.types import BoolMask, Grey

Region = tuple[slice, slice]  # rows, columns

# Blue, red and yellow of Okabe and Ito differ in lightness as well, and from the grey image below.
RIGHT, WRONG, MISSED = "#56b4e9", "#d55e00", "#f0e442"
_PER_ROW = 5
_REGION = 1 / 4  # of the frame's shorter side
_OPACITY = {"right": 0.45, "error": 0.9}


def draw_masks(
    name: str, image: Grey, truth: BoolMask, masks: Mapping[str, BoolMask], deciding: Collection[str] = ()
) -> Figure:
    """The image, then every model's mask over it; below each the region where models err most.

    Parameters
    ----------
    image
        float32 (height, width), 0 to 1.
    truth
        bool (height, width).
    masks
        the same shape, by the model's label.
    deciding
        the labels whose errors choose the region; all where none is named.
    """
    rows, columns = region(truth, [mask for label, mask in masks.items() if not deciding or label in deciding])
    pictures = [("image", _painted(image, None, None))]
    pictures += [
        (f"{label}\nIoU {iou(mask, truth):.3f}", _painted(image, mask, truth)) for label, mask in masks.items()
    ]
    across = min(_PER_ROW, len(pictures))
    blocks = math.ceil(len(pictures) / across)
    height = 2.2 * image.shape[0] / image.shape[1]
    figure = new_figure(2.2 * across, blocks * (height + 2.2 + 0.3) + 0.65)
    axes = figure.subplots(2 * blocks, across, squeeze=False, gridspec_kw={"height_ratios": [height / 2.2, 1] * blocks})
    for panel in axes.ravel():
        panel.axis("off")
    for number, (title, picture) in enumerate(pictures):
        whole, part = axes[2 * (number // across) : 2 * (number // across) + 2, number % across]
        _show(whole, picture)
        whole.set_title(title, fontsize=8)
        box = (columns.start - 0.5, rows.start - 0.5), columns.stop - columns.start, rows.stop - rows.start
        # White under black is seen on every grey.
        whole.add_patch(Rectangle(*box, fill=False, edgecolor="white", linewidth=2.2))
        whole.add_patch(Rectangle(*box, fill=False, edgecolor="black", linewidth=0.9))
        _show(part, picture[rows, columns])
    figure.suptitle(f"{name}: masks, and the framed region magnified", fontsize=10)
    legend = [
        Patch(facecolor=RIGHT, label="true positive"),
        Patch(facecolor=WRONG, label="false positive"),
        Patch(facecolor=MISSED, edgecolor="0.5", linewidth=0.5, label="false negative"),
    ]
    figure.legend(handles=legend, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def region(truth: BoolMask, masks: Sequence[BoolMask]) -> Region:
    """Rows and columns of the square, a quarter of the shorter side, where models differ from the truth most.

    Every model counts alike, however many its errors, so that one that fails everywhere does not decide; without
    errors it is the square with the most boundary.
    """
    side = max(8, round(min(truth.shape) * _REGION))
    side = min(side, *truth.shape)
    weight = np.zeros(truth.shape)
    for mask in masks:
        errors = mask != truth
        weight += errors / max(int(errors.sum()), 1)
    if not weight.any():
        weight += ndimage.binary_dilation(truth) ^ truth
    sums = np.pad(weight.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    inside = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    y, x = np.unravel_index(int(np.argmax(np.round(inside, 9))), inside.shape)
    return slice(int(y), int(y) + side), slice(int(x), int(x) + side)


def _painted(image: Grey, mask: BoolMask | None, truth: BoolMask | None) -> NDArray[np.float64]:
    picture = np.repeat(np.clip(image, 0, 1).astype(np.float64)[..., None], 3, axis=2)
    if mask is None or truth is None:
        return picture
    for where, colour, opacity in (
        (mask & truth, RIGHT, _OPACITY["right"]),
        (mask & ~truth, WRONG, _OPACITY["error"]),
        (truth & ~mask, MISSED, _OPACITY["error"]),
    ):
        picture[where] = (1 - opacity) * picture[where] + opacity * np.array(to_rgb(colour))
    return picture


def _show(panel: Axes, picture: NDArray[np.float64]) -> None:
    panel.imshow(picture, interpolation="nearest" if max(picture.shape) < 300 else "antialiased")
