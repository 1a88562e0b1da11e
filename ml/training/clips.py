"""Clips with known tracks as a pure function of the step: windows that follow drifting, flickering synthetic series."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import ndimage
from torch.utils.data import Dataset

from ml.modeling.deaot.decoder import OBJECTS
from ml.series import input_range, to_unit
from ml.synthetic import KINDS, Link, sample_frame, synthesise
from ml.training.batch import Batch
from ml.types import Grey

SERIES_FRAMES = 14
SERIES_SIZE = 512
STEPS_PER_SERIES = 10
SERIES_IN_REACH = 8
SERIES_SEEDS = (1_000_000, 10_000_000)  # smaller and larger ones are left for scoring
VALIDATION_SEED = 500_000
STILL = 0.3  # share of sources that are one frame, of anything that the generator can show
SCALES = (0.7, 1.6)  # magnification
SMALLEST_PX = 12  # what is less visible on a clip's first frame is no object of it
FEW = 4  # objects; clips with fewer teach less and are mostly drawn anew
INVERTED = 0.15  # share of the clips with the contrast of dark field for bright field, or the reverse
WARP_CELLS = 4  # across a frame, of the field by which objects move apart

Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Source:
    """Frames float32 (T, H, W) in 0..1, their labels int32 (T, H, W), and what became what."""

    images: Grey
    labels: Labels
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class ClipSource(Dataset[Batch]):
    """The batch of a step: `images` [B, T, 1, S, S] and `labels` int64 [B, T, S, S], objects 1..10 in no order.

    Attributes
    ----------
    sides
        of the clips' frames in px, 16k + 1; a step has one of them.
    clips
        in a batch of the first side; of others as many as have about as many pixels.
    lanes
        each of so many steps in a row has its own series: with as many workers, none is made twice.
    """

    seed: int
    sides: tuple[int, ...]
    clips: int
    frames: int
    lanes: int = 1

    def __getitem__(self, step: int) -> Batch:
        rng = np.random.default_rng([self.seed, 4, step])
        side = self.sides[int(rng.integers(len(self.sides)))]
        clips = max(1, round(self.clips * (self.sides[0] / side) ** 2))
        drawn = [self._draw(rng, step, side) for _ in range(clips)]
        images, labels = (np.stack(part) for part in zip(*drawn, strict=True))
        return Batch(torch.from_numpy(images)[:, :, None], torch.from_numpy(labels))

    def _draw(self, rng: np.random.Generator, step: int, side: int) -> tuple[Grey, NDArray[np.int64]]:
        lane, turn = step % self.lanes, step // self.lanes
        while True:
            number = turn // STEPS_PER_SERIES + int(rng.integers(SERIES_IN_REACH))
            images, labels = clip(rng, source_of(self.seed, lane, number), self.frames, side)
            objects = np.unique(labels[0]).size - 1
            if objects >= FEW or (objects and rng.random() < 0.3):
                return images, labels


@functools.lru_cache(maxsize=SERIES_IN_REACH + 2)
def source_of(seed: int, lane: int, number: int) -> Source:
    """A series of a random preset, or a random frame."""
    rng = np.random.default_rng([seed, 5, lane, number])
    if rng.random() < STILL:
        image, labels, _ = sample_frame(rng, SERIES_SIZE)
        return Source(image[None], labels[None])
    return series_of(int(rng.integers(*SERIES_SEEDS)), KINDS[int(rng.integers(len(KINDS)))])


def series_of(seed: int, preset: str) -> Source:
    series = synthesise(seed, SERIES_FRAMES, SERIES_SIZE, preset)
    low, high = input_range(list(series.images))
    images = np.stack([to_unit(image, low, high) for image in series.images])
    return Source(images, series.labels.astype(np.int32), tuple(series.links))


@functools.cache
def validation_clips(side: int, frames: int, each: int) -> list[tuple[Grey, NDArray[np.int64]]]:
    """So many clips of each preset, from seeds that no training draws."""
    clips = []
    for number, preset in enumerate(KINDS):
        source, rng = series_of(VALIDATION_SEED + number, preset), np.random.default_rng([VALIDATION_SEED, number])
        clips += [clip(rng, source, frames, side) for _ in range(each)]
    return clips


def clip(rng: np.random.Generator, source: Source, frames: int, side: int) -> tuple[Grey, NDArray[np.int64]]:
    """A window that wanders over a series, forwards or backwards in time.

    Returns
    -------
    images
        float32 (T, S, S), about 0..1.
    labels
        int64 (T, S, S): up to ten of the objects of the first frame, as numbers 1..10 at random; all else is 0.
    """
    times = _times(rng, len(source.images), frames)
    coordinates = _wandering(rng, source.images.shape[1:], frames, side)
    images, labels = _sampled(source.images[times], source.labels[times], coordinates)
    labels = followed(labels, times, source.links)
    seen, areas = np.unique(labels[0], return_counts=True)
    seen = seen[(seen > 0) & (areas >= SMALLEST_PX)]
    most = OBJECTS if rng.random() < 0.5 else int(rng.integers(1, OBJECTS + 1))
    chosen = rng.permutation(seen)[:most]
    number = np.zeros(int(labels.max()) + 1, np.int64)
    number[chosen] = rng.permutation(OBJECTS)[: len(chosen)] + 1
    return _exposed(rng, images, labels), number[labels]


def followed(labels: Labels, times: Sequence[int], links: Sequence[Link]) -> Labels:
    """The labels of all frames by those of the first: what came of an object by merging or splitting keeps its label.

    Of a merged object each pixel goes to the parent that was the nearest on the frame before; what was not on the first
    frame, nor came of it, is 0. `labels` (T, H, W); `times` are the frames' numbers in the series, rising or falling.
    """
    heirs = {int(label): {int(label)} for label in np.unique(labels[0]) if label}
    found = [labels[0]]
    for before, now, frame in zip(times, times[1:], labels[1:], strict=False):
        step = [link for link in links if min(before, now) < link.frame <= max(before, now)]
        for link in sorted(step, key=lambda each: each.frame, reverse=now < before):
            old, new = (link.parent, link.child) if now > before else (link.child, link.parent)
            heirs.setdefault(new, set()).update(heirs.get(old, ()))
        known = np.zeros_like(frame)
        for label in (int(each) for each in np.unique(frame) if int(each) in heirs):
            mask, of = frame == label, heirs[label]
            known[mask] = _shared(found[-1], mask, of) if len(of) > 1 else sum(of)
        found.append(known)
    return np.stack(found)


def _shared(before: Labels, mask: NDArray[np.bool_], of: set[int]) -> Labels:
    theirs = np.isin(before, list(of))
    if not theirs.any():
        return np.full(int(mask.sum()), min(of), np.int32)
    _, (rows, columns) = ndimage.distance_transform_edt(~theirs, return_indices=True)
    nearest: Labels = before[rows[mask], columns[mask]]
    return nearest


def _times(rng: np.random.Generator, length: int, frames: int) -> list[int]:
    """Which frames of a series a clip has; a series of one frame stands still."""
    if length == 1:
        return [0] * frames
    stride = int(rng.integers(1, min(3, (length - 1) // (frames - 1)) + 1))
    start = int(rng.integers(length - stride * (frames - 1)))
    times = [start + stride * number for number in range(frames)]
    return times[::-1] if rng.random() < 0.5 else times


def _wandering(rng: np.random.Generator, shape: tuple[int, ...], frames: int, side: int) -> NDArray[np.float32]:
    """Where each pixel of each frame is taken from: float32 (T, S, S, 2), (x, y) in px of the series."""
    scale = float(np.exp(rng.uniform(*np.log(SCALES))))
    scale = max(scale, side / (min(shape) - 1))
    drift = float(np.exp(rng.uniform(np.log(0.2), np.log(12.0))))  # px a frame
    steady = rng.normal(0, 0.7 * drift, 2)
    path = np.cumsum(rng.normal(0, 0.7 * drift, (frames, 2)) + steady, axis=0)
    room = (np.array(shape[::-1]) - 1 - side / scale) / 2
    path = np.clip(path - path[0] + rng.uniform(-room, room), -room, room) + (np.array(shape[::-1]) - 1) / 2
    angle = np.cumsum(rng.normal(0, np.deg2rad(0.7), frames)) * float(rng.random() < 0.5)
    growth = np.exp(np.cumsum(rng.normal(0, 0.006, frames))) / scale
    u = np.arange(side) - (side - 1) / 2
    x, y = np.meshgrid(u, u)
    if rng.random() < 0.5:
        x = -x
    for _ in range(int(rng.integers(4))):
        x, y = -y, x
    turned = [(np.cos(a) * x - np.sin(a) * y, np.sin(a) * x + np.cos(a) * y) for a in angle]
    places = [np.stack(xy, axis=-1) * g + centre for xy, g, centre in zip(turned, growth, path, strict=True)]
    return (np.stack(places) + _warp(rng, frames, side, 0.25 * drift)).astype(np.float32)


def _warp(rng: np.random.Generator, frames: int, side: int, step_px: float) -> NDArray[np.float32]:
    """A smooth field in which neighbours go different ways, growing from frame to frame: (T, S, S, 2) in px."""
    cells = np.cumsum(rng.normal(0, step_px, (frames, 2, WARP_CELLS, WARP_CELLS)), axis=0, dtype=np.float32)
    smooth = F.interpolate(torch.from_numpy(cells), (side, side), mode="bicubic", align_corners=True)
    return smooth.permute(0, 2, 3, 1).numpy()


def _sampled(images: Grey, labels: Labels, coordinates: NDArray[np.float32]) -> tuple[Grey, Labels]:
    height, width = images.shape[1:]
    grid = torch.from_numpy(coordinates * (2 / np.array([width - 1, height - 1], np.float32)) - 1)
    pixels, numbers = (torch.from_numpy(np.ascontiguousarray(each, np.float32))[:, None] for each in (images, labels))
    taken = F.grid_sample(pixels, grid, padding_mode="border", align_corners=True)
    whose = F.grid_sample(numbers, grid, mode="nearest", align_corners=True)
    return taken[:, 0].numpy(), whose[:, 0].numpy().astype(np.int32)


def _exposed(rng: np.random.Generator, images: Grey, labels: Labels) -> Grey:
    """What microscopes vary from frame to frame and from series to series: beam, focus, noise, objects' contrast."""
    frames = len(images)

    def amount(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    if rng.random() < INVERTED:
        images = 1 - images
    if rng.random() < 0.5:  # diffraction: single objects flicker
        gain = np.exp(rng.normal(0, amount(0.03, 0.3), (frames, int(labels.max()) + 1)))
        gain[:, 0] = 1
        field = np.stack([ndimage.gaussian_filter(g[each], 0.8) for g, each in zip(gain, labels, strict=True)])
        images = 0.5 + (images - 0.5) * field.astype(np.float32)
    if rng.random() < 0.7:
        beam = amount(0.01, 0.2)
        gain, offset = np.exp(rng.normal(0, beam, (frames, 1, 1))), rng.normal(0, 0.5 * beam, (frames, 1, 1))
        images = (0.5 + (images - 0.5) * gain + offset).astype(np.float32)
    if rng.random() < 0.3:
        widths = rng.uniform(0, amount(0.3, 1.5), frames)
        images = np.stack([ndimage.gaussian_filter(each, w) for each, w in zip(images, widths, strict=True)])
    if rng.random() < 0.5:
        images = images + rng.normal(0, amount(0.005, 0.12), images.shape).astype(np.float32)
    exposed: Grey = (np.clip(images, 0, 1) ** np.exp(rng.normal(0, 0.25))).astype(np.float32)
    return exposed
