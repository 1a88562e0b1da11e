"""Outlines of masks along the edges of their pixels, so that filling them gives the mask back exactly."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ml.types import BoolMask

Ring = NDArray[np.int64]  # (vertices, 2) of (x, y) at pixel corners, closed without repeating the first


def rings(mask: BoolMask) -> list[Ring]:
    """Every closed outline of a mask: around its parts and around its holes.

    Parameters
    ----------
    mask
        bool (height, width).

    Returns
    -------
    Rings of (x, y) pixel corners, 0 ≤ x ≤ width, foreground on the right hand when x points right and y down: outer
    outlines run clockwise on screen, holes the other way, so even-odd and non-zero filling agree. Only true corners
    are vertices. Pixels that touch at a corner alone are separate parts. In order of their top left corners; an empty
    mask has none.
    """
    padded = np.pad(mask, 1)
    # The four pixels around each corner of the pixel grid: [row - 1, row] by [column - 1, column].
    top_left, top_right = padded[:-1, :-1], padded[:-1, 1:]
    bottom_left, bottom_right = padded[1:, :-1], padded[1:, 1:]
    odd = top_left ^ top_right ^ bottom_left ^ bottom_right
    saddle = (top_left == bottom_right) & (top_right == bottom_left) & (top_left != top_right)
    rows, columns = np.nonzero(odd | saddle)
    crossing = saddle[rows, columns]
    # A saddle is two corners: one bounds the edge coming from the left, one the edge going right.
    node_row = np.concatenate((rows, rows[crossing]))
    node_column = np.concatenate((columns, columns[crossing]))
    right_of_saddle = np.concatenate((np.zeros(rows.size, bool), np.ones(int(crossing.sum()), bool)))
    # Where the foreground is top left and bottom right, the left edge turns up; else it turns down.
    lower = right_of_saddle ^ (saddle[node_row, node_column] & ~top_left[node_row, node_column])
    along_row = _partners(np.lexsort((right_of_saddle, node_column, node_row)))
    along_column = _partners(np.lexsort((lower, node_row, node_column)))
    opens = bottom_right[node_row, node_column]
    order = np.lexsort((right_of_saddle, node_column, node_row))
    points = np.stack((node_column, node_row), axis=1).astype(np.int64)
    return _follow(points, order, along_row, along_column, opens)


def single_path(outlines: list[Ring]) -> NDArray[np.int64]:
    """Join rings to one closed path by bridges that are walked there and back, and so enclose nothing.

    Each ring is joined at the vertex that lies nearest to what was joined before. (vertices, 2); empty for no rings.
    """
    if not outlines:
        return np.zeros((0, 2), np.int64)
    path = outlines[0]
    for ring in outlines[1:]:
        distances, nearest = cKDTree(path).query(ring)
        start = int(np.argmin(distances))
        at = int(nearest[start])
        round_trip = np.concatenate((ring[start:], ring[: start + 1], path[at : at + 1]))
        path = np.concatenate((path[: at + 1], round_trip, path[at + 1 :]))
    return path


def _partners(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """On each line of the grid, corners in order bound edges in pairs: each corner's other end."""
    partner = np.empty(order.size, np.int64)
    partner[order[0::2]] = order[1::2]
    partner[order[1::2]] = order[0::2]
    return partner


def _follow(
    points: NDArray[np.int64],
    order: NDArray[np.int64],
    along_row: NDArray[np.int64],
    along_column: NDArray[np.int64],
    opens: BoolMask,
) -> list[Ring]:
    across, down = along_row.tolist(), along_column.tolist()
    seen = [False] * len(across)
    found = []
    for start in order.tolist():
        if seen[start]:
            continue
        # At a ring's first corner from the top left: foreground below means an outer outline, else a hole.
        horizontal = bool(opens[start])
        ring, node = [], start
        while not seen[node]:
            seen[node] = True
            ring.append(node)
            node = across[node] if horizontal else down[node]
            horizontal = not horizontal
        found.append(points[ring])
    return found
