"""MP4 and AVI, exact by frame: every frame is decoded once to count them, and read in the order of decoding.

The container's own frame count and its seek index are not used: neither is exact in all files. FFmpeg gets the one
demuxer that the file's first bytes call for and no file name, so that a playlist cannot make it open anything else.
"""

import struct
from collections.abc import Generator
from typing import Any, BinaryIO

import av
import numpy as np

from ml.formats.calibration import Calibration
from ml.formats.errors import MixedFramesError, NoFramesError, NotAnImageError, TruncatedError
from ml.formats.image_format import ImageFormat
from ml.formats.limits import Limits
from ml.formats.pixels import Inspection, Raw
from ml.formats.series_reader import FrameSource, NamedFile, OnFrame

_MP4_FIRST_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_EVEN_TOLERANCE = 0.02


class VideoSource(FrameSource):
    """Frames in display order. Reading onwards is cheap; reading backwards decodes again from the first frame."""

    def __init__(self, file: NamedFile, limits: Limits, on_frame: OnFrame | None) -> None:
        self.name = file.name
        self._limits = limits
        self._stream = file.path.open("rb")
        try:
            self._demuxer = _demuxer(self._stream)
            _check_whole(self._stream, self._demuxer, file.name)
            self._survey(on_frame)
        except BaseException:
            self._stream.close()
            raise
        self._decoded = self._decode()
        self._next = 0

    def read(self, t: int) -> Raw:
        if t < self._next:
            self._decoded.close()
            self._decoded = self._decode()
            self._next = 0
        for frame in self._decoded:
            self._next += 1
            if self._next == t + 1:
                return _array(frame)
        raise TruncatedError(f"{self.name}: frame {t} was there when the file was opened. Do not change it meanwhile.")

    def close(self) -> None:
        self._decoded.close()
        self._stream.close()

    def _survey(self, on_frame: OnFrame | None) -> None:
        """Count the frames, and see whether they are alike, coloured and evenly timed."""
        self.frames, inspection, times = 0, None, _Times()
        for frame in self._decode():
            raw = _array(frame)
            if inspection is None:
                self.height, self.width, self.dtype = raw.shape[0], raw.shape[1], raw.dtype
                self.samples = raw.shape[2] if raw.ndim == 3 else 1
                inspection = Inspection(self.name, self.dtype, self.samples)
            if raw.shape[:2] != (self.height, self.width):
                raise MixedFramesError(
                    f"{self.name}: frame {self.frames} is {raw.shape[0]}×{raw.shape[1]}, the first "
                    f"{self.height}×{self.width}. Frames of a series are alike: cut the video there."
                )
            inspection.add(raw)
            times.add(frame.time)
            if on_frame:
                on_frame(self.frames)
            self.frames += 1
            self._limits.check_frames(self.name, self.frames)
            self._limits.check_total(self.name, self.frames * self.height * self.width * self.dtype.itemsize)
        if inspection is None:
            raise NoFramesError(f"{self.name}: 0 frames in this video. Record or convert it again.")
        self.pixels = inspection.result()
        self.calibration = times.calibration()

    def _decode(self) -> Generator[Any]:
        self._stream.seek(0)
        try:
            with av.open(self._stream, "r", format=self._demuxer, metadata_errors="ignore") as container:
                if not container.streams.video:
                    raise NoFramesError(f"{self.name}: it holds no video stream. Choose a video.")
                stream = container.streams.video[0]
                if stream.codec_context is None:
                    raise NotAnImageError(f"{self.name}: no decoder for its video stream. Convert it to H.264.")
                self._limits.check_frame(self.name, stream.codec_context.height, stream.codec_context.width)
                # The stream may say another size than its container, and a decoder makes room for it at once.
                stream.codec_context.options = {"max_pixels": str(self._limits.max_frame_px)}
                for frame in container.decode(stream):
                    if frame.is_corrupt:
                        raise TruncatedError(f"{self.name}: broken data at {frame.time} s. Copy or convert it again.")
                    self._limits.check_frame(self.name, frame.height, frame.width)
                    yield frame
        except (av.error.FFmpegError, IndexError) as error:  # IndexError: PyAV's, where no stream could be set up
            reason = getattr(error, "strerror", None) or "no usable stream"
            raise TruncatedError(f"{self.name}: it cannot be decoded ({reason}). Copy or convert it again.") from error


class _Times:
    """The frame interval where frames are evenly timed; keeps three numbers however long the video."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._steps = 0
        self._least, self._greatest, self._sum = float("inf"), 0.0, 0.0

    def add(self, time_s: float | None) -> None:
        if time_s is not None and self._last is not None:
            step = time_s - self._last
            self._least, self._greatest = min(self._least, step), max(self._greatest, step)
            self._sum += step
            self._steps += 1
        self._last = time_s

    def calibration(self) -> Calibration:
        if not self._steps or self._least <= 0:
            return Calibration()
        mean = self._sum / self._steps
        # Time stamps are rounded to the container's clock, often to a millisecond.
        if self._greatest - self._least > max(_EVEN_TOLERANCE * mean, 0.0021):
            return Calibration(source="video: uneven playback times")
        return Calibration(frame_interval_s=mean, source="video playback rate, which may not be the recording's")


def _array(frame: Any) -> Raw:
    """Grey stays grey; colour becomes RGB; more than 8 bits become 16. Turned as every player turns it."""
    deep = max(component.bits for component in frame.format.components) > 8
    if frame.format.name.startswith("gray"):
        raw = np.asarray(frame.to_ndarray(format="gray16le" if deep else "gray"))
    else:
        raw = np.asarray(frame.to_ndarray(format="rgb48le" if deep else "rgb24"))
    # Degrees counterclockwise, from the track's matrix (ISO 14496-12, 8.3.2); others than these would invent pixels.
    return np.rot90(raw, frame.rotation // 90) if frame.rotation % 90 == 0 else raw


def _demuxer(stream: BinaryIO) -> str:
    return "avi" if stream.read(4) == b"RIFF" else "mp4"


def _check_whole(stream: BinaryIO, demuxer: str, name: str) -> None:
    """Walk the outermost boxes (ISO 14496-12, 4.2) or RIFF chunks: each must end within the file."""
    size, at = stream.seek(0, 2), 0
    while at + 8 <= size:
        stream.seek(at)
        head = stream.read(16)
        if demuxer == "avi":
            length = struct.unpack("<I", head[4:8])[0] + 8
        else:
            length = struct.unpack(">I", head[:4])[0]
            if length == 1 and len(head) == 16:
                length = struct.unpack(">Q", head[8:16])[0]
            elif length == 0:  # reaches to the end of the file
                return
        if at + length > size:
            raise TruncatedError(f"{name}: should hold {at + length} bytes, but ends at {size}. Copy it again.")
        if length < 8:
            raise NotAnImageError(f"{name}: broken at byte {at}. Copy or convert it again.")
        at += length + (length % 2 if demuxer == "avi" else 0)


def _matches(head: bytes) -> bool:
    return (head[:4] == b"RIFF" and head[8:12] == b"AVI ") or head[4:8] in _MP4_FIRST_BOXES


def _open(file: NamedFile, limits: Limits, on_frame: OnFrame | None) -> FrameSource:
    return VideoSource(file, limits, on_frame)


FORMAT = ImageFormat(name="video", title="MP4 and AVI videos", suffixes=(".mp4", ".avi"), matches=_matches, open=_open)
