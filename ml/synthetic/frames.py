"""Single random frames with their labels, drawn from everything the generator can show: what networks train on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .optics import PAD, Look, expose, noise_level, padded_shape, support
from .painting import Canvas, Finish
from .population import contrast_of, paint, place, vary, wall_px
from .shapes import Body, Float, Kind, joined_depth, outline_from_polar, pixel_grid

_ROUND = outline_from_polar(np.ones(512))
_SMALLEST_LABEL_PX = 12


@dataclass(frozen=True)
class _Crowd:
    """What lies on one random frame."""

    median_px: float
    spread: float
    coverage: float
    gap_px: float
    kinds: tuple[Kind, ...]
    phase_contrast: tuple[float, ...]
    finish: Finish
    joined: float


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _random_look(rng: np.random.Generator) -> Look:
    common = {
        "blur_px": _log_uniform(rng, 0.3, 2.0),
        "camera_px": float(rng.uniform(0.2, 1.3)),
        "tilt": float(rng.uniform(0, 0.5) * rng.choice([0.2, 1.0])),
        "texture_px": _log_uniform(rng, 12, 80),
        "step": float(rng.uniform(0.1, 0.4)) if rng.random() < 0.2 else 0.0,
    }
    if rng.random() < 0.3:  # close to focus in phase contrast, as in-situ bright-field series are taken
        return Look(
            fresnel_px=float(rng.uniform(5, 13)),
            phase_contrast=float(rng.uniform(0.3, 1.4)),
            dose=_log_uniform(rng, 3, 30),
            grain=float(rng.uniform(0.02, 0.08)),
            blur_px=float(rng.uniform(0.5, 1.0)),
            camera_px=float(rng.uniform(0.8, 1.15)),
            texture=float(rng.uniform(0, 0.06)),
        )
    if rng.random() < 0.5:
        return Look(
            mode="bright_field",
            fresnel_px=float(rng.uniform(0, 6)),
            phase_contrast=float(rng.uniform(-1.0, 1.3)),
            dose=_log_uniform(rng, 8, 800),
            grain=float(rng.uniform(0, 0.12)),
            texture=float(rng.uniform(0, 0.12)),
            **common,
        )
    return Look(
        mode="dark_field",
        fresnel_px=0.0,
        phase_contrast=0.0,
        dose=_log_uniform(rng, 8, 600),
        grain=float(rng.uniform(0, 0.04)),
        texture=float(rng.uniform(0, 0.25)),
        globules=float(rng.uniform(20, 90)) if rng.random() < 0.45 else 0.0,
        base=float(rng.uniform(0.05, 0.5)),
        **common,
    )


def _random_crowd(rng: np.random.Generator, look: Look) -> _Crowd:
    crowded = rng.random() < 0.35
    others: tuple[Kind, ...] = ("blob", "ellipse", "polygon", "rod")
    kinds: list[Kind] = ["disc"]
    kinds += [kind for kind in others if rng.random() < 0.35]
    if rng.random() < 0.25:
        kinds = kinds[-1:]
    bright = look.mode == "bright_field"
    contrast = _log_uniform(rng, 0.12, 1.2) if bright else _log_uniform(rng, 0.15, 1.0)
    phases = [contrast]
    while len(phases) < 4 and rng.random() < 0.3:
        phases.append(contrast * _log_uniform(rng, 0.35, 0.8) ** rng.choice([-1, 1]))
    if bright and rng.random() < 0.12:  # pores: bright voids in a dark matrix
        phases = [-min(p, 0.8) for p in phases[:1]]
    shell = float(rng.uniform(0.12, 0.4)) if rng.random() < 0.12 else 0.0
    return _Crowd(
        median_px=_log_uniform(rng, 9, 75),
        spread=float(rng.uniform(0.05, 0.5)),
        coverage=float(rng.uniform(0.3, 0.55) if crowded else rng.uniform(0.03, 0.3)),
        gap_px=float(rng.uniform(-3, 1) if crowded else rng.uniform(-1, 8)),
        kinds=tuple(kinds),
        phase_contrast=tuple(phases),
        finish=Finish(contrast=1.0, roundness=float(rng.uniform(0, 0.65)), shell=shell),
        joined=float(rng.uniform(0, 0.4) if rng.random() < 0.4 else 0),
    )


def _diameters(rng: np.random.Generator, crowd: _Crowd, size: int) -> list[float]:
    area, goal = 0.0, crowd.coverage * size * size
    limit = int(20 + 150 * (size / 512) ** 2)
    diameters: list[float] = []
    while area < goal and len(diameters) < limit:
        diameters.append(float(np.clip(crowd.median_px * np.exp(crowd.spread * rng.normal()), 6, min(120, 0.6 * size))))
        area += np.pi / 4 * diameters[-1] ** 2
    return diameters


def sample_frame(
    rng: np.random.Generator, size: int
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int64]]:
    """Draw one random frame with its truth.

    Parameters
    ----------
    rng
        the only source of chance: equal states give equal frames.
    size
        px, at least 64.

    Returns
    -------
    image
        float32 (size, size), its 0.1 to 99.9 percentile mapped to 0..1 and clipped.
    labels
        int32 (size, size): instances 1..n in a row, 0 background. Labels never overlap: of a core–shell particle
        the shell is an instance of its own from which the core is cut out.
    phases
        int64 (n + 1,): the phase of each label; phases[0] is -1.

    Raises
    ------
    ValueError
        if size is below 64.
    """
    if size < 64:
        raise ValueError(f"size is {size} px; frames start at 64 px: ask for a larger one")
    look = _random_look(rng)
    crowd = _random_crowd(rng, look)
    shape = padded_shape(size, size)
    canvas = Canvas(shape, PAD)
    outside = 0.3 * crowd.median_px
    region = (-outside, -outside, size + outside, size + outside)
    diameters = _diameters(rng, crowd, size)
    bodies = place(rng, diameters, crowd.kinds, crowd.gap_px, region, clustered=crowd.coverage > 0.3)
    phases = [-1]
    # What nobody could see must not be truth: contrast stays above what noise leaves of a particle that small.
    noise = noise_level(look)
    for body in bodies:
        phase = int(rng.integers(len(crowd.phase_contrast)))
        base = crowd.phase_contrast[phase]
        visible = noise * max(1.3, 12 / body.radius)
        base = float(np.sign(base) * max(abs(base), visible))
        finish = vary(rng, crowd.finish, base)
        label = len(phases)
        if rng.random() < crowd.joined and body.radius > 5:
            _paint_joined(rng, canvas, body, finish, label)
            phases.append(phase)
            continue
        paint(canvas, body, finish, label, core_label=label + 1)
        phases += [phase + 1, phase] if wall_px(finish, body) else [phase]
    field = support(rng, shape, look)
    if crowd.phase_contrast[0] < 0:
        field *= np.float32(0.55)
    image = expose(rng, field, canvas.signal, look)[PAD : PAD + size, PAD : PAD + size]
    if rng.random() < 0.3:  # few levels in use, as 16-bit files of dim frames have
        low, high = float(image.min()), float(image.max())
        levels = float(rng.integers(16, 80))
        image = np.round((image - low) * (levels / max(high - low, 1e-6)))
    return _finished(image, canvas.labels[PAD : PAD + size, PAD : PAD + size], np.array(phases))


def _paint_joined(rng: np.random.Generator, canvas: Canvas, body: Body, finish: Finish, label: int) -> None:
    """A particle caught while two coalesce: one label, a neck in its outline."""
    share = rng.uniform(0.2, 0.5)
    first, second = body.radius * (1 - share) ** (1 / 3), body.radius * share ** (1 / 3)
    distance = (first + second) * rng.uniform(0.8, 1.0)
    along = np.array([np.cos(body.angle), np.sin(body.angle)]) * distance
    one = Body(body.x - along[0] * share, body.y - along[1] * share, first, body.outline, body.angle)
    two = Body(body.x + along[0] * (1 - share), body.y + along[1] * (1 - share), second, _ROUND)
    top, left, x, y = pixel_grid(body.x, body.y, first + second + max(one.reach, two.reach))
    progress = float(rng.uniform(0.15, 0.7))
    area = np.pi * ((1 - progress) * (first**2 + second**2) + progress * body.radius**2)
    depth = joined_depth(one.depth(x, y), two.depth(x, y), body.depth(x, y), progress, area)
    canvas.add(top, left, contrast_of(finish, depth, x, y, body), depth, label)


def _finished(
    image: Float, labels: NDArray[np.int32], phases: NDArray[np.int64]
) -> tuple[Float, NDArray[np.int32], NDArray[np.int64]]:
    """Map the intensity to 0..1, drop slivers and number the labels in a row."""
    sample = image[::2, ::2]
    low, high = np.percentile(sample, (0.1, 99.9))
    scaled = np.clip((image - np.float32(low)) / np.float32(max(high - low, 1e-6)), 0, 1).astype(np.float32)
    kept = np.bincount(labels.ravel(), minlength=len(phases)) >= _SMALLEST_LABEL_PX
    kept[0] = False
    number = np.zeros(len(phases), np.int32)
    number[kept] = np.arange(1, int(kept.sum()) + 1, dtype=np.int32)
    return scaled, number[labels], np.concatenate([[-1], phases[kept]]).astype(np.int64)
