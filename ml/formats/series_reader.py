"""A series as the importer sees it, whatever file it lies in: frames by index, one at a time in memory."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ml.formats.calibration import Calibration
from ml.formats.errors import MixedFramesError, NoFramesError, blaming_the_file
from ml.formats.limits import Limits
from ml.formats.pixels import Inspection, PixelFormat, Raw, convert

OnFrame = Callable[[int], None]  # called with each frame's index while a file is inspected; may raise to cancel


class NamedFile(NamedTuple):
    """A file on disk and the name by which its owner knows it (uploads are stored under their hash)."""

    path: Path
    name: str


class FrameSource(ABC):
    """What a format implements: frames as they are in the file, read by index in any order.

    `dtype` and `samples` are the file's; `pixels` is set where opening had to look at every frame anyway.
    """

    name: str
    frames: int
    height: int
    width: int
    samples: int
    dtype: np.dtype[Any]
    calibration: Calibration = Calibration()
    pixels: PixelFormat | None = None

    @abstractmethod
    def read(self, t: int) -> Raw: ...

    @abstractmethod
    def close(self) -> None: ...


class SeriesReader:
    """Frames of one series, converted as `ml.formats.pixels` says.

    Opening reads headers only, except where they cannot tell grey from colour or the range of wide integers: then the
    frames are read once, one at a time, until the answer is certain.

    Attributes
    ----------
    frames, height, width, channels
        channels is 1 (frames are (height, width)) or 3 (frames are (height, width, 3)).
    dtype
        uint8, uint16 or float32.
    calibration
        what the file says of pixel size and time.
    """

    def __init__(self, source: FrameSource, limits: Limits, on_frame: OnFrame | None = None) -> None:
        self._source = source
        self.frames, self.height, self.width = source.frames, source.height, source.width
        self.calibration = source.calibration
        if self.frames < 1 or self.height < 1 or self.width < 1:
            raise NoFramesError(
                f"{source.name}: {self.frames} frames of {self.height}×{self.width} pixels; a series has at least one."
            )
        limits.check_frames(source.name, self.frames)
        limits.check_frame(source.name, self.height, self.width)
        limits.check_total(source.name, self._total_bytes(1, min(source.dtype.itemsize, 4)))
        pixels = source.pixels or self._inspect(on_frame)
        self.channels, self.dtype = pixels.channels, pixels.dtype
        self._pixels = pixels
        limits.check_total(source.name, self._total_bytes(self.channels, self.dtype.itemsize))

    def read(self, t: int) -> NDArray[Any]:
        """Frame t, 0 ≤ t < frames."""
        if not 0 <= t < self.frames:
            raise IndexError(f"{self._source.name}: frame {t} of {self.frames}; count from 0 to {self.frames - 1}.")
        return convert(self._source.name, self._read_raw(t), self._pixels)

    def __len__(self) -> int:
        return self.frames

    def __getitem__(self, t: int, /) -> NDArray[Any]:
        return self.read(t)

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_raw(self, t: int) -> Raw:
        with blaming_the_file(self._source.name):
            raw = self._source.read(t)
        if raw.shape[:2] != (self.height, self.width) or raw.dtype != self._source.dtype:
            raise MixedFramesError(
                f"{self._source.name}: frame {t} is {'×'.join(map(str, raw.shape))} {raw.dtype}, the first "
                f"{self.height}×{self.width} {self._source.dtype}. Frames of a series are alike: import them apart."
            )
        return raw

    def _inspect(self, on_frame: OnFrame | None) -> PixelFormat:
        inspection = Inspection(self._source.name, self._source.dtype, self._source.samples)
        for t in range(self.frames):
            if inspection.settled:
                break
            inspection.add(self._read_raw(t))
            if on_frame:
                on_frame(t)
        return inspection.result()

    def _total_bytes(self, channels: int, itemsize: int) -> int:
        return self.frames * self.height * self.width * channels * itemsize
