"""Whole series with full truth."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .dynamics import Particle, Plan, Scene, length_scale
from .optics import PAD, Look, expose, padded_shape, support
from .painting import Canvas, Finish
from .population import contrast_of, paint
from .presets import PRESETS, Preset
from .shapes import Body, Float
from .tracks import Link, Recorder, Track

_SMALLEST_PX = 64


@dataclass(frozen=True)
class SyntheticSeries:
    """A series and its truth.

    Attributes
    ----------
    images
        uint8 or uint16 (T, H, W).
    labels
        uint32 (T, H, W): track ids, 0 background. Labels cannot overlap: of a core–shell particle the shell is a
        track of its own, from which the core is cut out.
    tracks, links
        the truth in time; see `Track` and `Link`.
    phases
        names.
    phase_of
        track id -> index in `phases`.
    drift
        float64 (T, 2): (x, y) shift of the scene in px since frame 0.
    pixel_size_nm, frame_interval_s
        the calibration.
    """

    images: NDArray[np.uint8] | NDArray[np.uint16]
    labels: NDArray[np.uint32]
    tracks: list[Track]
    links: list[Link]
    phases: tuple[str, ...]
    phase_of: dict[int, int]
    drift: NDArray[np.float64]
    pixel_size_nm: float
    frame_interval_s: float


def synthesise(
    seed: int,
    frames: int,
    size: int | tuple[int, int],
    preset: str = "sintering",
    *,
    progress: Callable[[int], object] | None = None,
) -> SyntheticSeries:
    """Make a series from a seed; equal arguments give equal series.

    Particles coalesce with their volume conserved: the sum of the cubes of the equivalent circular diameters (ECD)
    is the same before contact and after relaxation. A merge is declared on the first frame on which the neck is
    `joining.NECK_FRACTION` of the smaller particle's ECD wide.

    Parameters
    ----------
    seed
        any non-negative integer.
    frames
        number of frames, at least 1.
    size
        px; the frame's side or (height, width), each at least 64. Presets are made for 512: lengths scale with the
        shorter side (down to a quarter), numbers of particles with what remains.
    preset
        a name in `PRESETS`.
    progress
        called with the index of each frame when it is done.

    Raises
    ------
    ValueError
        for an unknown preset, or a seed, a number of frames or a size below the limits.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < _SMALLEST_PX:
        raise ValueError(f"size is {height} × {width} px; each side needs at least {_SMALLEST_PX} px: ask for more")
    if seed < 0:
        raise ValueError(f"seed is {seed}; give 0 or more")
    if frames < 1:
        raise ValueError(f"frames is {frames}; a series has at least 1")
    if preset not in PRESETS:
        raise ValueError(f"preset {preset!r} is unknown; choose one of {', '.join(PRESETS)}")
    rng = np.random.default_rng(seed)
    chosen = PRESETS[preset]
    if chosen.draw_from:
        chosen = PRESETS[chosen.draw_from[int(rng.integers(len(chosen.draw_from)))]]
    drift = _drift(rng, frames, chosen.drift_px * length_scale(height, width))
    scene = Scene(rng, chosen, height, width, drift, Plan.of(chosen, frames))
    scene.populate()
    camera = _Camera(rng, chosen, (height, width), drift)
    recorder = Recorder()
    labels = np.zeros((frames, height, width), np.uint32)
    images = np.zeros((frames, height, width), np.uint8 if chosen.bits == 8 else np.uint16)
    for frame in range(frames):
        if frame:
            scene.advance(frame)
        canvas = Canvas(camera.shape, PAD)
        phase_of_key = _paint_scene(canvas, scene, drift[frame])
        inside = (slice(PAD, PAD + height), slice(PAD, PAD + width))
        changes = [change for change in scene.changes if change.frame == frame]
        labels[frame] = recorder.record(frame, canvas.labels[inside], phase_of_key, changes)
        images[frame] = camera.take(canvas.signal, frame)[inside]
        if progress is not None:
            progress(frame)
    tracks = recorder.tracks()
    return SyntheticSeries(
        images=images,
        labels=labels,
        tracks=tracks,
        links=recorder.links,
        phases=tuple(phase.name for phase in chosen.phases),
        phase_of={track.track: track.phase for track in tracks},
        drift=drift,
        pixel_size_nm=chosen.pixel_size_nm * 512 / min(height, width),
        frame_interval_s=chosen.frame_interval_s,
    )


def _drift(rng: np.random.Generator, frames: int, step_px: float) -> NDArray[np.float64]:
    """A steady drift and a random walk, zero on the first frame."""
    steps = rng.normal(0, step_px, (frames, 2)) + rng.normal(0, 0.4 * step_px, 2)
    steps[0] = 0
    walk: NDArray[np.float64] = np.cumsum(steps, axis=0)
    return walk


def _flickering(particle: Particle, finish: Finish) -> Finish:
    return replace(finish, contrast=finish.contrast * float(np.exp(particle.flicker)))


def _paint_scene(canvas: Canvas, scene: Scene, drift: NDArray[np.float64]) -> dict[int, int]:
    """Paint all that is there with the particles' keys as labels; returns the phase of each key."""
    phase_of_key: dict[int, int] = {}

    def drifted(body: Body) -> Body:
        return replace(body, x=body.x + float(drift[0]), y=body.y + float(drift[1]))

    joined = {key for joining in scene.joinings for key in (joining.first, joining.second)}
    has_shell = scene.preset.shell > 0
    for particle in scene.particles.values():
        if particle.key in joined:
            continue
        phase_of_key[particle.key] = 1 if has_shell else particle.phase
        phase_of_key[particle.key + 1] = particle.phase
        finish = _flickering(particle, particle.finish)
        paint(canvas, drifted(particle.body), finish, particle.key, core_label=particle.key + 1)
    for joining in scene.joinings:
        first, second = scene.particles[joining.first], scene.particles[joining.second]
        crop = joining.crop(drifted(first.body), drifted(second.body))
        larger = first if first.body.radius >= second.body.radius else second
        contrast = contrast_of(larger.finish, crop.depth, crop.x, crop.y, drifted(larger.body))
        ratios = [
            float(_flickering(p, p.finish).contrast / larger.finish.contrast) * (1 - joining.progress)
            + float(np.exp(larger.flicker)) * joining.progress
            for p in (first, second)
        ]
        contrast *= np.where(crop.nearer_first, np.float32(ratios[0]), np.float32(ratios[1]))
        halves = np.where(crop.nearer_first, np.int32(first.key), np.int32(second.key))
        canvas.add(crop.top, crop.left, contrast, crop.depth, joining.whole if joining.as_one else halves)
        for key in (first.key, second.key, joining.whole):
            phase_of_key[key] = larger.phase
    return phase_of_key


class _Camera:
    """Images the scene frame by frame on one support, which drifts with it, at one exposure."""

    def __init__(
        self, rng: np.random.Generator, preset: Preset, size: tuple[int, int], drift: NDArray[np.float64]
    ) -> None:
        self.rng = rng
        self.preset = preset
        self.look = _vary_look(rng, preset.look)
        self.shape = padded_shape(*size)
        self.drift = drift
        self.margin = int(np.ceil(np.abs(drift).max())) + 2
        whole = padded_shape(*(side + 2 * self.margin for side in self.shape))
        self.support = support(rng, whole, self.look) * np.float32(preset.matrix)
        self.range: tuple[float, float] | None = None

    def take(self, signal: Float, frame: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """One image of the padded canvas, in grey levels."""
        height, width = self.shape
        x, y = self.drift[frame]
        top, left = self.margin - y, self.margin - x
        row, column = int(np.floor(top)), int(np.floor(left))
        part = self.support[row : row + height + 1, column : column + width + 1]
        shifted = ndimage.shift(part, (row - top, column - left), order=1, mode="nearest")[:height, :width]
        beam = np.float32(1 + 0.01 * self.rng.normal())
        scattered = signal * beam if self.look.mode == "dark_field" else signal
        image = expose(self.rng, shifted * beam, scattered, self.look)
        if self.range is None:
            low, high = np.percentile(image, (0.05, 99.95))
            self.range = float(low - 0.1 * (high - low)), float(high + 0.1 * (high - low))
        low, high = self.range
        limit = 255 if self.preset.bits == 8 else 65535
        levels = np.round((image - np.float32(low)) * np.float32(self.preset.levels / (high - low)))
        offset = 20 if self.preset.bits == 8 else 300
        clipped: Float = np.clip(levels + np.float32(offset), 0, limit)
        return clipped.astype(np.uint8) if self.preset.bits == 8 else clipped.astype(np.uint16)


def _vary_look(rng: np.random.Generator, look: Look) -> Look:
    """No two sessions at the microscope have the same dose and defocus."""
    return replace(
        look,
        dose=look.dose * float(np.exp(0.3 * rng.normal())),
        fresnel_px=look.fresnel_px * float(rng.uniform(0.85, 1.15)),
        blur_px=look.blur_px * float(rng.uniform(0.8, 1.3)),
        tilt=look.tilt * float(rng.uniform(0.3, 1.5)),
    )
