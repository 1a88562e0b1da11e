"""Outlines of particles, and the signed depth of each pixel inside them, evaluated on a crop around the particle."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Kind = Literal["disc", "blob", "ellipse", "polygon", "rod"]

_ANGLES = 512  # a power of two: indices wrap by a bit mask
_THETA = np.arange(_ANGLES) * (2 * np.pi / _ANGLES)
_FILLET = 0.12  # radius of the smoothed contact of two bodies, in units of the smaller radius


@dataclass(frozen=True)
class Outline:
    """A star-shaped outline around its origin, scaled to the area of the unit disc.

    Attributes
    ----------
    radius
        float32 (512,), distance from the origin by angle.
    slope
        float32 (512,), what turns a radial distance into a distance along the normal (first order).
    reach
        the largest radius.
    """

    radius: Float
    slope: Float
    reach: float


def outline_from_polar(radius: NDArray[np.float64]) -> Outline:
    """Scale a polar profile (512,) to the area of the unit disc and tabulate its slope."""
    scaled = radius / np.sqrt(np.mean(radius**2))
    derivative = (np.roll(scaled, -1) - np.roll(scaled, 1)) * (_ANGLES / (4 * np.pi))
    slope = 1 / np.sqrt(1 + (derivative / scaled) ** 2)
    return Outline(scaled.astype(np.float32), slope.astype(np.float32), float(scaled.max()))


def random_outline(rng: np.random.Generator, kind: Kind) -> Outline:
    """Draw an outline: a nearly round disc, a smooth blob, an ellipse, a facetted polygon or a rod."""
    if kind == "rod":
        half_length = rng.uniform(1.0, 4.0)
        sine, cosine = np.abs(np.sin(_THETA)), np.abs(np.cos(_THETA))
        with np.errstate(divide="ignore"):
            side = 1 / np.maximum(sine, 1e-9)
        cap = half_length * cosine + np.sqrt(np.maximum(1 - (half_length * sine) ** 2, 0))
        return outline_from_polar(np.where(cosine <= half_length * sine, side, cap))
    if kind == "polygon":
        corners = int(rng.integers(4, 9))
        normals = (np.arange(corners) + rng.uniform(-0.2, 0.2, corners)) * (2 * np.pi / corners)
        distances = rng.uniform(0.85, 1.15, corners)
        facing = np.cos(_THETA[:, None] - normals)
        radius = np.min(np.where(facing > 0.05, distances / np.maximum(facing, 0.05), np.inf), axis=1)
        width = int(rng.integers(3, 15))  # corners are rounded, as surface tension leaves them
        kernel = np.hanning(2 * width + 1)
        return outline_from_polar(np.convolve(np.pad(radius, width, mode="wrap"), kernel / kernel.sum(), mode="valid"))
    radius = np.ones(_ANGLES)
    if kind == "ellipse":
        aspect = rng.uniform(1.15, 2.2)
        radius = 1 / np.hypot(np.cos(_THETA) / aspect, np.sin(_THETA))
    roughness = {"disc": 0.02, "ellipse": 0.03, "blob": rng.uniform(0.08, 0.25)}[kind]
    for order in range(2, 7):
        radius = radius * (1 + roughness * rng.normal() / order * np.cos(order * _THETA + rng.uniform(0, 2 * np.pi)))
    return outline_from_polar(np.maximum(radius, 0.35))


@dataclass(frozen=True)
class Body:
    """An outline put somewhere: centre (x, y) in px, equivalent radius in px (area = pi radius²), angle in rad."""

    x: float
    y: float
    radius: float
    outline: Outline
    angle: float = 0.0

    @property
    def reach(self) -> float:
        """The radius of the smallest disc around the centre that holds the body, px."""
        return self.radius * self.outline.reach

    def depth(self, x: Float, y: Float) -> Float:
        """Signed depth in px (positive inside) at pixel centres x (1, w) and y (h, 1)."""
        dx, dy = x - np.float32(self.x), y - np.float32(self.y)
        theta = np.arctan2(dy, dx) - np.float32(self.angle)
        index = np.floor(theta * np.float32(_ANGLES / (2 * np.pi))).astype(np.int32) & (_ANGLES - 1)
        distance = np.sqrt(dx * dx + dy * dy)
        depth: Float = (np.float32(self.radius) * self.outline.radius[index] - distance) * self.outline.slope[index]
        return depth


def joined_depth(first: Float, second: Float, whole: Float, progress: float, area: float) -> Float:
    """Signed depth of two bodies on their way to one.

    Blends the smooth union of the two with the whole they become. The half-width of the neck then follows
    x² ∝ progress at first, Frenkel's law of viscous sintering (J. Phys. USSR 9, 385, 1945). The level is chosen
    so that the body has the asked area.

    Parameters
    ----------
    first, second, whole
        float32 (h, w): signed depths of the two bodies and of the body they become, px. The crop holds all.
    progress
        0 (two bodies in contact) to 1 (relaxed).
    area
        px.

    Returns
    -------
    float32 (h, w), px.
    """
    fillet = np.float32(_FILLET * max(1.0, min(float(first.max()), float(second.max()))))
    overlap = np.maximum(fillet - np.abs(first - second), 0) / fillet
    union = np.maximum(first, second) + overlap * overlap * fillet * np.float32(0.25)
    blend = union * np.float32(1 - progress) + whole * np.float32(progress)
    rank = int(np.clip(blend.size - round(area), 1, blend.size - 1))
    level = np.partition(blend, rank, axis=None)[rank]
    result: Float = blend - level + np.float32(1e-3)
    return result


def pixel_grid(x: float, y: float, reach: float) -> tuple[int, int, Float, Float]:
    """Pixels within `reach` of (x, y): first row, first column, x (1, w) and y (h, 1). Pixel (0, 0) lies at 0, 0."""
    margin = reach + 2
    left, top = int(np.floor(x - margin)), int(np.floor(y - margin))
    right, bottom = int(np.ceil(x + margin)), int(np.ceil(y + margin))
    columns = np.arange(left, right + 1, dtype=np.float32)[None, :]
    rows = np.arange(top, bottom + 1, dtype=np.float32)[:, None]
    return top, left, columns, rows
