"""Paints bodies onto the padded canvas: their projected contrast, and the labels, each pixel to the deepest body."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .shapes import Float


@dataclass(frozen=True)
class Finish:
    """How one particle looks.

    Attributes
    ----------
    contrast
        optical depth (bright field) or added intensity (dark field) where the particle is thickest; negative for a
        void in a matrix.
    roundness
        0: equally thick everywhere (a plate), 1: a sphere.
    twin
        relative change of contrast in a twin lamella; 0 none.
    twin_angle, twin_offset
        where the lamella runs: rad, and the distance from the centre in radii. Fringes and ramp share the angle.
    fringes
        relative amplitude of lattice fringes; 0 none.
    fringe_px
        their period.
    ramp
        relative change of contrast from side to side (bend contour).
    shell
        thickness of the shell of a core–shell particle in radii; 0: no shell.
    """

    contrast: float
    roundness: float = 0.6
    twin: float = 0.0
    twin_angle: float = 0.0
    twin_offset: float = 0.0
    fringes: float = 0.0
    fringe_px: float = 4.0
    ramp: float = 0.0
    shell: float = 0.0


def thickness(depth: Float, roundness: float) -> Float:
    """Relative projected thickness 0 to 1 from the signed depth: a plate's and a sphere's, mixed."""
    edge: Float = np.clip(depth + np.float32(0.5), 0, 1)
    if roundness <= 0:
        return edge
    deepest = np.float32(max(float(depth.max()), 1.0))
    sphere: Float = np.sqrt(np.maximum(depth * (2 * deepest - depth), 0))
    edge *= np.float32(1 - roundness)
    edge += sphere * np.float32(roundness / deepest)
    return edge


def structure(finish: Finish, x: Float, y: Float, radius: float) -> Float:
    """Relative contrast inside a particle around 1, at offsets x (1, w) and y (h, 1) from its centre."""
    across = x * np.float32(np.cos(finish.twin_angle)) + y * np.float32(np.sin(finish.twin_angle))
    factor = np.ones_like(across)
    if finish.ramp:
        factor += np.float32(finish.ramp / radius) * across
    if finish.twin:
        lamella = np.abs(across - np.float32(finish.twin_offset * radius)) < np.float32(0.3 * radius)
        factor -= np.float32(finish.twin) * lamella
    if finish.fringes:
        factor += np.float32(finish.fringes) * np.sin(across * np.float32(2 * np.pi / finish.fringe_px))
    return factor


class Canvas:
    """One frame under work, on a padded canvas whose pixel (origin, origin) is the frame's pixel (0, 0)."""

    def __init__(self, shape: tuple[int, int], origin: int) -> None:
        self.origin = origin
        self.signal: Float = np.zeros(shape, np.float32)
        self.depth: Float = np.zeros(shape, np.float32)
        self.labels: NDArray[np.int32] = np.zeros(shape, np.int32)

    def add(self, top: int, left: int, contrast: Float, depth: Float, labels: NDArray[np.int32] | int) -> None:
        """Add a crop that starts at (top, left) of the frame: contrast adds up, the deepest body has the label."""
        height, width = self.signal.shape
        top, left = top + self.origin, left + self.origin
        y0, y1 = max(top, 0), min(top + depth.shape[0], height)
        x0, x1 = max(left, 0), min(left + depth.shape[1], width)
        if y0 >= y1 or x0 >= x1:
            return
        here = (slice(y0, y1), slice(x0, x1))
        part = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        self.signal[here] += contrast[part]
        wins = depth[part] > self.depth[here]
        self.depth[here][wins] = depth[part][wins]
        if isinstance(labels, int):
            self.labels[here][wins] = labels
        else:
            self.labels[here][wins] = labels[part][wins]
