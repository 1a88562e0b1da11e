"""Particles on a frame: where they lie, how each one looks, and how one is painted."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .painting import Canvas, Finish, structure, thickness
from .shapes import Body, Float, Kind, pixel_grid, random_outline

_ATTEMPTS = 30
_OUTLINES = 24  # outlines drawn per frame: turned and scaled, that many look like no two alike


def place(
    rng: np.random.Generator,
    diameters: Sequence[float],
    kinds: Sequence[Kind],
    gap_px: float,
    region: tuple[float, float, float, float],
    *,
    clustered: bool = False,
) -> list[Body]:
    """Put bodies at random, the large ones first.

    Parameters
    ----------
    rng
        the source of chance.
    diameters
        equivalent circular diameters, px. What finds no place is left out.
    kinds
        outlines to draw from.
    gap_px
        smallest distance between two bodies' circumscribed circles; negative: they may overlap.
    region
        x0, y0, x1, y1 in px: where centres may lie.
    clustered
        each body goes to the free spot nearest to its neighbours instead of any free spot.

    Returns
    -------
    The bodies, largest first.
    """
    outlines = [
        random_outline(rng, kinds[int(k)]) for k in rng.integers(len(kinds), size=min(len(diameters), _OUTLINES))
    ]
    bodies: list[Body] = []
    taken = np.empty((len(diameters), 3))
    x0, y0, x1, y1 = region
    for diameter in sorted(diameters, reverse=True):
        outline = outlines[int(rng.integers(len(outlines)))]
        reach = 0.5 * diameter * outline.reach
        spots = rng.uniform((x0, y0), (x1, y1), (_ATTEMPTS, 2))
        chosen = 0
        if bodies:
            near = taken[: len(bodies)]
            gaps = np.hypot(spots[:, None, 0] - near[:, 0], spots[:, None, 1] - near[:, 1]) - near[:, 2] - reach
            gap = gaps.min(axis=1)
            free = np.flatnonzero(gap >= gap_px)
            if free.size == 0:
                continue
            chosen = int(free[np.argmin(gap[free])] if clustered else free[0])
        x, y = float(spots[chosen, 0]), float(spots[chosen, 1])
        taken[len(bodies)] = (x, y, reach)
        bodies.append(Body(x, y, diameter / 2, outline, float(rng.uniform(0, 2 * np.pi))))
    return bodies


def vary(rng: np.random.Generator, finish: Finish, contrast: float) -> Finish:
    """One particle's finish: diffraction makes some darker, some are twinned, some show lattice fringes."""
    changes: dict[str, float] = {
        "contrast": contrast * float(np.exp(0.22 * rng.normal())) * (1.5 if rng.random() < 0.06 else 1),
        "twin_angle": float(rng.uniform(0, np.pi)),
        "twin_offset": float(rng.uniform(-0.6, 0.6)),
        "ramp": float(rng.normal(0, 0.12)),
    }
    if rng.random() < 0.12:
        changes["twin"] = float(rng.uniform(-0.35, 0.35))
    if rng.random() < 0.2:
        changes["fringes"] = float(rng.uniform(0.05, 0.3))
        changes["fringe_px"] = float(rng.uniform(3, 8))
    return replace(finish, **changes)


def contrast_of(finish: Finish, depth: Float, x: Float, y: Float, body: Body) -> Float:
    """Projected contrast of a body on the pixels x (1, w), y (h, 1) with the given signed depth (h, w)."""
    inner = structure(finish, x - np.float32(body.x), y - np.float32(body.y), body.radius)
    profile: Float = thickness(depth, finish.roundness) * inner
    profile *= np.float32(finish.contrast)
    return profile


def wall_px(finish: Finish, body: Body) -> float:
    """Thickness of a core–shell particle's shell, px; 0 where the particle has none or is too small to show it."""
    return max(2.5, finish.shell * body.radius) if finish.shell and body.radius > 4 else 0.0


def paint(canvas: Canvas, body: Body, finish: Finish, label: int, core_label: int = 0) -> None:
    """Paint one body; with a shell, `label` goes to the shell and `core_label` to the core cut out of it."""
    top, left, x, y = pixel_grid(body.x, body.y, body.reach)
    depth = body.depth(x, y)
    contrast = contrast_of(finish, depth, x, y, body)
    wall = wall_px(finish, body)
    if not wall:
        canvas.add(top, left, contrast, depth, label)
        return
    core = thickness(depth - np.float32(wall), finish.roundness)
    contrast = contrast * np.float32(0.4) + core * np.float32(0.6 * finish.contrast)
    canvas.add(top, left, contrast, depth, np.where(depth > wall, np.int32(core_label), np.int32(label)))
