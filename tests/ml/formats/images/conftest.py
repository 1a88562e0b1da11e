"""Small files of every kind, made on the spot."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

SHARED = Path(__file__).parents[5] / "shared/data"


@pytest.fixture
def stack() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 60_000, (6, 40, 50)).astype(np.uint16)


@pytest.fixture
def colour() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 255, (4, 20, 30, 3)).astype(np.uint8)


def shared_data(path: str) -> Path:
    if not (SHARED / path).exists():
        pytest.skip(f"../shared/data/{path} is absent")
    return SHARED / path


def write_video(path: Path, codec: str, pixel_format: str, frames: Sequence[np.ndarray], **options: str) -> Path:
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixel_format
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(frame, format="gray" if frame.ndim == 2 else "rgb24")
            for packet in stream.encode(picture):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def numbered_frames(count: int) -> list[np.ndarray]:
    """Frames that carry their index as eight black or white bars, to be read after any compression."""
    frames = []
    for index in range(count):
        frame = np.full((48, 64), 20, np.uint8)
        for bit in range(8):
            if index >> bit & 1:
                frame[:, bit * 8 : bit * 8 + 8] = 220
        frames.append(frame)
    return frames


def number_on(frame: np.ndarray) -> int:
    grey = frame if frame.ndim == 2 else frame[..., 0]
    return sum(int(grey[:, bit * 8 + 3].mean() > 120) << bit for bit in range(8))
