"""A pool of synthetic labelled frames that is renewed as training goes on."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np

from ml.evaluation.frames import LabelledFrame
from ml.series import input_range, to_unit
from ml.synthetic import KINDS, sample_frame, synthesise

SERIES_FRAMES = 6  # long enough that some particles touch or have begun to coalesce
_SEEDS = (1_000_000, 10_000_000)  # of the series that are trained on; smaller and larger ones are left for scoring


class FramePool:
    """Whole frames to cut crops from: drawing one costs a tenth of a training step, cutting a crop nearly nothing.

    Half of them are single frames of everything that the generator can show, half are frames of series of the
    named presets, where `emphasis` says how much more often than the others one is drawn.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        size: int,
        capacity: int = 160,
        emphasis: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        self._emphasis = emphasis
        self.frames: list[LabelledFrame] = []
        self._capacity, self._size = capacity, size
        self._rng = rng
        self._fresh = self._drawn()

    def renew(self, count: int = 1) -> None:
        """Add `count` new frames; once the pool is full each replaces a random one."""
        for _ in range(count):
            frame = next(self._fresh)
            if len(self.frames) < self._capacity:
                self.frames.append(frame)
            else:
                self.frames[int(self._rng.integers(self._capacity))] = frame

    def _drawn(self) -> Iterator[LabelledFrame]:
        weights = np.array([self._emphasis.get(name, 1.0) for name in KINDS])
        while True:
            preset = KINDS[int(self._rng.choice(len(KINDS), p=weights / weights.sum()))]
            series = synthesise(int(self._rng.integers(*_SEEDS)), SERIES_FRAMES, self._size, preset)
            low, high = input_range(list(series.images))
            for image, labels in zip(series.images, series.labels, strict=True):
                yield LabelledFrame(preset, to_unit(image, low, high), labels.astype(np.int32))
                single, truth, _ = sample_frame(self._rng, self._size)
                yield LabelledFrame("sample", single, truth)
