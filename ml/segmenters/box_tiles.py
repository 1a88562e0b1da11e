"""Where to cut a frame so that a network sees objects, whose boxes are known, at the size that suits it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LARGEST_SHARE = 0.5  # of a tile's side: a larger object is looked at in a larger tile, reduced
SMALL_PX = 20  # of the network's image: smaller objects are looked at magnified
LEAST_OVERLAP = 1 / 8  # of a tile's side: what a network needs to see around an object
ROOM = 1.25  # of the largest object's side, which neighbouring tiles share


@dataclass(frozen=True)
class Tile:
    """A part of the frame, and the numbers of the boxes that lie best in it."""

    rows: slice
    columns: slice
    boxes: list[int]


def tiles_for(boxes_xyxy: NDArray[np.float64], shape: tuple[int, int], input_size: int) -> list[Tile]:
    """The tiles to look at.

    A frame's pixel is one of the network's, unless an object is too large for a tile or too small to be seen well.
    Every magnification has a grid of tiles of its own, of which those that no box lies in are left out.

    Parameters
    ----------
    boxes_xyxy
        (n, 4), px of the frame.
    shape
        of the frame, (height, width).
    input_size
        side of the network's image.

    Returns
    -------
    Tiles that hold every box once; those of the finest magnification first, then from the top left.
    """
    longest = np.maximum(boxes_xyxy[:, 2] - boxes_xyxy[:, 0], boxes_xyxy[:, 3] - boxes_xyxy[:, 1])
    sides = np.array([_side(size, input_size, max(shape)) for size in longest.tolist()], np.int64)
    found = []
    for side in np.unique(sides).tolist():
        numbers = np.flatnonzero(sides == side)
        overlap = int(min(max(LEAST_OVERLAP * side, ROOM * longest[numbers].max()), side / 2))
        rows, columns = (spans(length, int(side), overlap) for length in shape)
        row = _best(boxes_xyxy[numbers][:, 1::2], rows, shape[0])
        column = _best(boxes_xyxy[numbers][:, 0::2], columns, shape[1])
        for place in np.unique(row * len(columns) + column).tolist():
            inside = numbers[row * len(columns) + column == place]
            found.append(Tile(rows[place // len(columns)], columns[place % len(columns)], inside.tolist()))
    return found


def _side(longest: float, input_size: int, whole: int) -> int:
    """Side of the tile for an object, px of the frame, whose longer side is `whole`. A small tile is enlarged."""
    side = min(input_size, whole)
    if longest * input_size / side < SMALL_PX:
        return min(input_size // 2, whole)
    while side < whole and longest > LARGEST_SHARE * side:
        side = min(2 * side, whole)
    return side


def spans(length: int, side: int, overlap: int) -> list[slice]:
    """Spans of `side` that cover `length`, evenly spread, neighbours sharing at least `overlap`."""
    if length <= side:
        return [slice(0, length)]
    count = -(-(length - overlap) // (side - overlap))
    starts = np.linspace(0, length - side, count).round().astype(int).tolist()
    return [slice(start, start + side) for start in starts]


def _best(intervals: NDArray[np.float64], found: list[slice], length: int) -> NDArray[np.intp]:
    """For each interval the span whose ends are farthest from it; an end of the frame is no end, as nothing follows."""
    starts = np.array([span.start if span.start > 0 else -np.inf for span in found])
    stops = np.array([span.stop if span.stop < length else np.inf for span in found])
    room = np.minimum(intervals[:, :1] - starts, stops - intervals[:, 1:])
    return room.argmax(axis=1)
