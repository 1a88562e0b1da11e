"""From thickness to picture: support, transmission or scattering, defocus, shot noise, camera."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

Float = NDArray[np.float32]

PAD = 16  # px computed around a frame and cut off, so that fringes do not wrap round


@dataclass(frozen=True)
class Look:
    """How a scene is imaged.

    Attributes
    ----------
    mode
        "bright_field" (intensity = support · exp(-signal)) or "dark_field" (support + signal).
    fresnel_px
        √(wavelength · defocus) in px: the width of the first fringe.
    phase_contrast
        part of the phase contrast (sin χ) beside the amplitude contrast (cos χ); its sign is that of the defocus.
    blur_px
        Gaussian sigma of the image before the shot noise.
    dose
        electrons per px at intensity 1; shot noise.
    camera_px
        Gaussian sigma of the camera's point spread: it correlates the noise.
    grain
        relative standard deviation of the support's fine (amorphous) structure, about as it is seen after the optics.
    tilt, texture
        amplitude of the linear and of the cloudy variation of the support, relative.
    texture_px
        finest length of the clouds.
    step
        relative change where the support's thickness steps (0: no step).
    globules
        number of spheres that make up a support seen in dark field; their size scales with the frame.
    base
        intensity of the empty support in dark field.
    """

    mode: Literal["bright_field", "dark_field"] = "bright_field"
    fresnel_px: float = 3.0
    phase_contrast: float = 0.7
    blur_px: float = 0.7
    dose: float = 60.0
    camera_px: float = 0.8
    grain: float = 0.05
    tilt: float = 0.05
    texture: float = 0.03
    texture_px: float = 24.0
    step: float = 0.0
    globules: float = 0.0
    base: float = 0.2


@lru_cache(maxsize=16)
def _frequency(height: int, width: int) -> Float:
    """|q| in cycles per px of an rfft2."""
    rows, columns = fft.fftfreq(height)[:, None], fft.rfftfreq(width)[None, :]
    q: Float = np.hypot(rows, columns).astype(np.float32)
    return q


@lru_cache(maxsize=4)
def _transfer(height: int, width: int, look: Look) -> Float:
    """What the optics leave of each spatial frequency: weak-phase contrast transfer, coherence and blur."""
    q2 = _frequency(height, width) ** 2
    chi = np.float32(np.pi * look.fresnel_px**2) * q2
    # Fringes fade where the source's coherence ends; a part of the contrast is incoherent and stays.
    coherence = np.exp(-(chi**2) / 18)
    wave = (np.cos(chi) + np.float32(look.phase_contrast) * np.sin(chi)) * coherence
    blur = np.exp(-np.float32(2 * np.pi**2 * look.blur_px**2) * q2)
    transfer: Float = ((0.15 * (1 - coherence) + wave) * blur).astype(np.float32)
    return transfer


def padded_shape(height: int, width: int) -> tuple[int, int]:
    """The computed canvas of a frame: PAD px on each side or a little more, a quick size for the FFT."""
    return fft.next_fast_len(height + 2 * PAD, real=True), fft.next_fast_len(width + 2 * PAD, real=True)


def clouds(rng: np.random.Generator, shape: tuple[int, int], finest_px: float, exponent: float = 1.6) -> Float:
    """A smooth random field with a power-law spectrum, mean 0 and standard deviation 1, float32 (h, w)."""
    q = _frequency(*shape)
    spectrum = fft.rfft2(rng.standard_normal(shape, dtype=np.float32))
    spectrum *= np.exp(-((q * finest_px) ** 2)) / np.maximum(q, 1.0 / max(shape)) ** exponent
    spectrum[0, 0] = 0
    field: Float = fft.irfft2(spectrum, s=shape)
    field /= max(float(field.std()), 1e-6)
    return field


def globular_support(rng: np.random.Generator, shape: tuple[int, int], count: int) -> Float:
    """Projected thickness of overlapping spheres, scaled to a maximum near 1, float32 (h, w)."""
    coarse = 4
    height, width = shape[0] // coarse + 2, shape[1] // coarse + 2
    field = np.zeros((height, width), np.float32)
    for _ in range(count):
        radius = float(rng.uniform(8, 26)) * max(shape) / 512 * (1.5 if rng.random() < 0.3 else 1)
        y, x = rng.uniform(0, height), rng.uniform(0, width)
        y0, y1 = max(0, int(y - radius)), min(height, int(y + radius) + 2)
        x0, x1 = max(0, int(x - radius)), min(width, int(x + radius) + 2)
        square = (np.arange(y0, y1)[:, None] - y) ** 2 + (np.arange(x0, x1)[None, :] - x) ** 2
        field[y0:y1, x0:x1] += np.sqrt(np.maximum(radius**2 - square, 0)).astype(np.float32)
    peak = float(np.percentile(field, 99.5))
    fine: Float = ndimage.zoom(field / max(peak, 1e-3), coarse, order=1)[: shape[0], : shape[1]]
    return fine


def support(rng: np.random.Generator, shape: tuple[int, int], look: Look) -> Float:
    """Intensity of the empty support, float32 of the given shape, around 1 (bright field) or `base` (dark field)."""
    height, width = shape
    angle = rng.uniform(0, 2 * np.pi)
    rows = (np.arange(height, dtype=np.float32)[:, None] / height - 0.5) * np.float32(np.sin(angle))
    columns = (np.arange(width, dtype=np.float32)[None, :] / width - 0.5) * np.float32(np.cos(angle))
    field = 1 + np.float32(look.tilt) * (rows + columns)
    if look.texture > 0:
        field += np.float32(look.texture) * clouds(rng, shape, look.texture_px)
    if look.step > 0:
        edge = clouds(rng, shape, 60.0, exponent=2.2) + np.float32(rng.uniform(-0.8, 0.8))
        field *= 1 - np.float32(look.step) * np.clip(edge * 25 + 0.5, 0, 1)
    if look.globules > 0:
        field *= np.float32(0.3) + np.float32(1.4) * globular_support(rng, shape, round(look.globules))
    if look.grain > 0:
        field *= 1 + np.float32(3 * look.grain) * rng.standard_normal(shape, dtype=np.float32)
    if look.mode == "dark_field":
        field *= np.float32(look.base)
    result: Float = np.maximum(field, 0.02)
    return result


def expose(rng: np.random.Generator, support_field: Float, signal: Float, look: Look) -> Float:
    """Image a scene once.

    Parameters
    ----------
    rng
        of this frame: shot noise.
    support_field, signal
        float32 padded canvases: the support's intensity and the particles' projected contrast.
    look
        the imaging.

    Returns
    -------
    float32, the padded canvas; intensity 1 is `look.dose` electrons per px.
    """
    shape = signal.shape
    ideal = support_field * np.exp(-signal) if look.mode == "bright_field" else support_field + signal
    image = np.maximum(fft.irfft2(fft.rfft2(ideal) * _transfer(shape[0], shape[1], look), s=shape), 0.005)
    if look.dose < 20:
        counts = rng.poisson(image * look.dose).astype(np.float32) / np.float32(look.dose)
    else:  # the normal limit of the Poisson law, several times as quick
        counts = image + np.sqrt(image / np.float32(look.dose)) * rng.standard_normal(shape, dtype=np.float32)
    if look.camera_px > 0.2:
        counts = ndimage.gaussian_filter(counts, look.camera_px, mode="nearest", truncate=3.0)
    result: Float = counts.astype(np.float32)
    return result


def noise_level(look: Look) -> float:
    """Rough standard deviation of all that is not a particle: shot noise, grain and part of the clouds."""
    level = 1.0 if look.mode == "bright_field" else look.base + 0.2
    shot = np.sqrt(level / look.dose) / max(1.0, 2 * np.sqrt(np.pi) * look.camera_px)
    return float(np.hypot(shot, level * np.hypot(look.grain, 0.5 * look.texture)))
