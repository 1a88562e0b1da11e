"""Batches of crops as a pure function of the step, so that a run that was stopped goes on as if it had not been."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from ml.evaluation.frames import LabelledFrame
from ml.segmenters.grey_levels import two_classes
from ml.series import input_range, to_unit
from ml.synthetic import KINDS, sample_frame, synthesise
from ml.training.batch import Batch
from ml.training.frames import augment, random_crop, region, turned_or_inverted
from ml.training.phases import decoded

SYNTHETIC_SCALES = (0.7, 1.5)
REAL_SCALES = (0.7, 1.5)  # of the varied ones
SYNTHETIC_VARIATION = 0.3  # the generator varies what is shown already
REGION = 4  # crops' sides: what is varied and measured of a large frame
GROUP_FRAMES = 6  # of a series, with as many single random frames
GROUPS = 10  # in reach at a time
STEPS_PER_GROUP = 40
SYNTHETIC_SEEDS = (1_000_000, 10_000_000)  # smaller and larger ones are left for scoring


@dataclass(frozen=True)
class CropSource(Dataset[Batch]):
    """The batch of a step: crops of real frames, and of synthetic ones in the given share.

    Attributes
    ----------
    synthetic_share
        of the crops, 0 to 1; without `real` frames all are synthetic.
    variation
        share of the real crops that are also rescaled, blurred, made noisy, tilted …, 0 to 1; all are turned.
    standardised
        crops are in units of the two classes of the frames they are cut from, as whole frames are when segmented.
    scales
        least and most magnification of real crops that are not varied.
    frame_size
        of the synthetic frames in px.
    phases
        more than one: `real` holds `coded` frames (`ml.training.phases`); synthetic ones know no phases.
    """

    seed: int
    real: Sequence[LabelledFrame]
    crop: int
    crops: int
    synthetic_share: float
    variation: float = 0.5
    standardised: bool = False
    scales: tuple[float, float] = (1.0, 1.0)
    frame_size: int = 512
    phases: int = 1

    def __getitem__(self, step: int) -> Batch:
        rng = np.random.default_rng([self.seed, 2, step])
        drawn = [self._draw(rng, step) for _ in range(self.crops)]
        images, labels = (np.stack(part) for part in zip(*drawn, strict=True))
        if self.phases == 1:
            return Batch(torch.from_numpy(images)[:, None], torch.from_numpy(labels))
        numbers, classes = decoded(labels)
        return Batch(torch.from_numpy(images)[:, None], torch.from_numpy(numbers), torch.from_numpy(classes))

    def _draw(self, rng: np.random.Generator, step: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        if self.real and rng.random() >= self.synthetic_share:
            frames, variation, scales = self.real, self.variation, self.scales
        else:
            group = step // STEPS_PER_GROUP + int(rng.integers(GROUPS))
            frames = synthetic_frames(self.seed, group, self.frame_size)
            variation, scales = SYNTHETIC_VARIATION, SYNTHETIC_SCALES
        frame = region(rng, frames[int(rng.integers(len(frames)))], REGION * self.crop)
        if rng.random() < variation:
            frame, scales = LabelledFrame(frame.name, *augment(rng, frame.image, frame.labels)), REAL_SCALES
        else:
            frame = LabelledFrame(frame.name, *turned_or_inverted(rng, frame.image, frame.labels))
        image, labels = random_crop(rng, [frame], self.crop, scales)
        if self.standardised:
            middle, distance = two_classes(frame.image)
            image = (image - np.float32(middle)) * np.float32(2 / distance)
        return image, labels


@functools.lru_cache(maxsize=GROUPS + 2)
def synthetic_frames(seed: int, group: int, size: int) -> tuple[LabelledFrame, ...]:
    """A short series of a random preset and as many frames of everything that the generator can show."""
    rng = np.random.default_rng([seed, 3, group])
    preset = KINDS[int(rng.integers(len(KINDS)))]
    series = synthesise(int(rng.integers(*SYNTHETIC_SEEDS)), GROUP_FRAMES, size, preset)
    low, high = input_range(list(series.images))
    frames = [
        LabelledFrame(preset, to_unit(image, low, high), labels.astype(np.int32))
        for image, labels in zip(series.images, series.labels, strict=True)
    ]
    for _ in range(GROUP_FRAMES):
        image, labels, _ = sample_frame(rng, size)
        frames.append(LabelledFrame("sample", image, labels))
    return tuple(frames)
