"""Two particles on their way to one (coalescence) or one on its way to two (a split, its reverse)."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .shapes import Body, Float, joined_depth, pixel_grid

NECK_FRACTION = 0.6
"""A merge is declared on the first frame on which the neck is this wide, in units of the smaller particle's
equivalent diameter, and the two have touched for at least a frame; a split when the neck is narrower than this."""

START = 0.02  # progress at first contact: the neck is there, a pixel or two wide


def radial_extent(body: Body, towards: float) -> float:
    """Distance from the centre to the outline in a direction (rad), px."""
    table = body.outline.radius
    index = int(np.floor((towards - body.angle) * len(table) / (2 * np.pi))) % len(table)
    return float(body.radius * table[index])


def contact_distance(first: Body, second: Body) -> float:
    """Distance of the centres, px, at which two bodies touch along the line between the centres."""
    towards = float(np.arctan2(second.y - first.y, second.x - first.x))
    return max(radial_extent(first, towards) + radial_extent(second, towards + np.pi) - 1.0, 1.0)


def centre_of_mass(first: Body, second: Body) -> tuple[float, float]:
    """Of two spheres: weights are cubes of the radii."""
    one, two = first.radius**3, second.radius**3
    return (first.x * one + second.x * two) / (one + two), (first.y * one + second.y * two) / (one + two)


class Crop(NamedTuple):
    """The joined body on the pixels around it."""

    top: int
    left: int
    x: Float
    y: Float
    depth: Float
    nearer_first: NDArray[np.bool_]
    neck_px: float


@dataclass
class Joining:
    """Two bodies in contact and the whole.

    Attributes
    ----------
    first, second, whole
        keys of the three particles; the first two are in the scene and move as one.
    whole_body
        the relaxed body, volume Σ radius³ conserved; its centre is set from the two.
    progress, rate
        0 (contact) to 1 (relaxed), and its change per frame: negative for a split.
    as_one
        whether the truth calls it one object.
    frames
        how many frames it has lasted.
    """

    first: int
    second: int
    whole: int
    whole_body: Body
    progress: float
    rate: float
    as_one: bool
    frames: int = 0

    def crop(self, first: Body, second: Body) -> Crop:
        """The joined body's depth now, its halves and the width of its neck."""
        centre_x, centre_y = centre_of_mass(first, second)
        whole = replace(self.whole_body, x=centre_x, y=centre_y)
        distance = float(np.hypot(second.x - first.x, second.y - first.y))
        top, left, x, y = pixel_grid(centre_x, centre_y, max(distance + max(first.reach, second.reach), whole.reach))
        one, two = first.depth(x, y), second.depth(x, y)
        apart = first.radius**2 + second.radius**2
        area = np.pi * ((1 - self.progress) * apart + self.progress * whole.radius**2)
        depth = joined_depth(one, two, whole.depth(x, y), self.progress, area)
        along_x, along_y = (second.x - first.x) / distance, (second.y - first.y) / distance
        contact = radial_extent(first, float(np.arctan2(along_y, along_x))) - 0.5
        along = (x - np.float32(first.x)) * np.float32(along_x) + (y - np.float32(first.y)) * np.float32(along_y)
        neck = np.count_nonzero((np.abs(along - np.float32(contact)) <= 0.5) & (depth > 0))
        return Crop(top, left, x, y, depth, one >= two, float(neck))
