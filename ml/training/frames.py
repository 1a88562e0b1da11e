"""Labelled frames on disk, and the crops that training cuts from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ml.series import input_range, to_unit
from ml.types import Grey

Labels = NDArray[np.int32]


@dataclass(frozen=True)
class LabelledFrame:
    """`image` float32 (H, W), input range mapped to 0..1; `labels` int32 (H, W), 0 background."""

    name: str
    image: Grey
    labels: Labels


def instances_of(labels: NDArray[Any]) -> Labels:
    """Instance ids of a label image: two values are a binary mask, whose connected components are the objects."""
    if len(np.unique(labels)) <= 2:
        return np.asarray(ndimage.label(labels > 0)[0], np.int32)
    return labels.astype(np.int32)


def load_labelled_frames(images: Path, labels: Path) -> list[LabelledFrame]:
    """Frames of `images` with a label image of the same stem in `labels`, in name order.

    Raises
    ------
    FileNotFoundError
        where a frame has no label image, or the folder holds no frame.
    """
    by_stem = {path.stem: path for path in sorted(labels.iterdir()) if path.is_file()}
    frames = []
    for path in sorted(p for p in images.iterdir() if p.suffix.lower() in {".png", ".tif", ".tiff", ".jpg", ".jpeg"}):
        if path.stem not in by_stem:
            raise FileNotFoundError(f"{path.name} has no label image called {path.stem}.* in {labels}.")
        pixels = np.asarray(Image.open(path).convert("L") if path.suffix.lower() == ".png" else Image.open(path))
        low, high = input_range([pixels])
        truth = np.asarray(Image.open(by_stem[path.stem]))
        if truth.shape[:2] != pixels.shape[:2]:
            raise ValueError(f"{path.name} is {pixels.shape[:2]}, its labels {truth.shape[:2]}; they must be equal.")
        frames.append(LabelledFrame(path.stem, to_unit(pixels, low, high), instances_of(truth)))
    if not frames:
        raise FileNotFoundError(f"{images} holds no PNG, TIFF or JPEG frame.")
    return frames


def random_crop(
    rng: np.random.Generator, frames: Sequence[LabelledFrame], size: int, scales: tuple[float, float] = (0.6, 1.7)
) -> tuple[Grey, Labels]:
    """A square crop (size, size) of a random frame at a random magnification; objects keep their ids."""
    frame = frames[int(rng.integers(len(frames)))]
    height, width = frame.image.shape
    scale = float(np.exp(rng.uniform(np.log(scales[0]), np.log(scales[1]))))
    side = int(min(round(size / scale), height, width))
    y, x = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    image = torch.from_numpy(frame.image[y : y + side, x : x + side])[None, None]
    labels = torch.from_numpy(frame.labels[y : y + side, x : x + side]).float()[None, None]
    image = F.interpolate(image, (size, size), mode="bilinear", align_corners=False, antialias=side > size)
    labels = F.interpolate(labels, (size, size), mode="nearest-exact")
    return image[0, 0].numpy(), labels[0, 0].numpy().astype(np.int32)


def turned(rng: np.random.Generator, image: Grey, labels: Labels) -> tuple[Grey, Labels]:
    """One of the eight orientations of a square."""
    turns = int(rng.integers(4))
    image, labels = np.rot90(image, turns), np.rot90(labels, turns)
    if rng.random() < 0.5:
        image, labels = image[:, ::-1], labels[:, ::-1]
    return np.ascontiguousarray(image, np.float32), np.ascontiguousarray(labels)


def augment(rng: np.random.Generator, image: Grey, labels: Labels) -> tuple[Grey, Labels]:
    """What microscopes vary: orientation, gain, gamma, contrast sign, blur, noise and background tilt."""
    image, labels = turned(rng, image, labels)
    if rng.random() < 0.3:
        image = 1 - image
    if rng.random() < 0.25:
        image = ndimage.gaussian_filter(image, float(rng.uniform(0.3, 1.5)))
    if rng.random() < 0.4:
        y, x = np.mgrid[-0.5 : 0.5 : complex(image.shape[0]), -0.5 : 0.5 : complex(image.shape[1])]
        tilt = rng.normal(0, 0.25, 2)
        image = image + (tilt[0] * y + tilt[1] * x).astype(np.float32)
    if rng.random() < 0.3:
        image = image + rng.normal(0, rng.uniform(0.01, 0.1), image.shape).astype(np.float32)
    low, high = np.percentile(image, (rng.uniform(0, 0.5), 100 - rng.uniform(0, 0.5)))
    image = np.clip((image - low) / max(high - low, 1e-3), 0, 1)
    if rng.random() < 0.4:
        image = image ** float(np.exp(rng.normal(0, 0.3)))
    if rng.random() < 0.3:
        image = np.clip(0.5 + (image - 0.5) * rng.uniform(0.5, 1.0) + rng.uniform(-0.15, 0.15), 0, 1)
    return image.astype(np.float32), labels
