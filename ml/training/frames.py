"""The crops that training cuts from labelled frames, and how it varies them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import ndimage

from ml.evaluation.frames import LabelledFrame
from ml.types import Grey

Labels = NDArray[np.int32]
INVERTED = 0.15  # share of the frames with the contrast of dark field for bright field, or the reverse


def random_crop(
    rng: np.random.Generator, frames: Sequence[LabelledFrame], size: int, scales: tuple[float, float] = (0.6, 1.7)
) -> tuple[Grey, Labels]:
    """A square crop (size, size) of a random frame at a random magnification; objects keep their ids."""
    frame = frames[int(rng.integers(len(frames)))]
    height, width = frame.image.shape
    scale = float(np.exp(rng.uniform(np.log(scales[0]), np.log(scales[1]))))
    side = int(min(round(size / scale), height, width))
    y, x = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    if side == size:
        return frame.image[y : y + side, x : x + side], frame.labels[y : y + side, x : x + side].astype(np.int32)
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


def region(rng: np.random.Generator, frame: LabelledFrame, side: int) -> LabelledFrame:
    """The frame, or of a larger one a random part of at most `side` px each way."""
    height, width = frame.image.shape
    y, x = (int(rng.integers(max(length - side, 0) + 1)) for length in (height, width))
    part = slice(y, y + side), slice(x, x + side)
    return replace(frame, image=frame.image[part], labels=frame.labels[part])


def turned_or_inverted(rng: np.random.Generator, image: Grey, labels: Labels) -> tuple[Grey, Labels]:
    """Orientation and contrast sign: variations that leave every pixel's label as right as it was."""
    image, labels = turned(rng, image, labels)
    return (1 - image if rng.random() < INVERTED else image), labels


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
