"""Writes a series as OME-Zarr 0.5: one chunk per frame and tile, zstd, a pyramid for large frames, named by content."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import ZstdCodec

from ml.formats.calibration import Calibration
from ml.series import input_range

TILE_PX = 1024
COARSEST_PX = 512  # what a view on a laptop shows of a whole frame: a quarter of a tile's bytes, texels and time
ZSTD_LEVEL = 3
# UDUNITS names, as OME-NGFF asks; see https://ngff.openmicroscopy.org/0.5/#axes-md
_OME_UNITS = {"pm": "picometer", "Å": "angstrom", "nm": "nanometer", "µm": "micrometer", "mm": "millimeter"}

OnFrame = Callable[[int], None]  # called with the index of each frame before it is read; may raise to cancel


class Frames(Protocol):
    """What is written: frames (height, width) or (height, width, 3), read by index."""

    frames: int
    height: int
    width: int
    channels: int
    dtype: np.dtype[Any]
    calibration: Calibration

    def read(self, t: int) -> NDArray[Any]: ...


@dataclass(frozen=True)
class Level:
    """One step of the pyramid; `scale` is its pixel's side in pixels of the full resolution."""

    height: int
    width: int
    chunk: tuple[int, int]
    scale: int


@dataclass(frozen=True)
class WrittenStore:
    hash: str
    frames: int
    height: int
    width: int
    channels: int
    dtype: str
    levels: tuple[Level, ...]
    input_low: float
    input_high: float
    size_bytes: int

    @property
    def chunks(self) -> int:
        """One a frame and tile of every level."""
        tiles = (-(-level.height // level.chunk[0]) * -(-level.width // level.chunk[1]) for level in self.levels)
        return self.frames * sum(tiles)

    def levels_json(self) -> list[dict[str, Any]]:
        return [asdict(level) | {"chunk": list(level.chunk)} for level in self.levels]


def levels_of(height: int, width: int) -> tuple[Level, ...]:
    """Full resolution first, halved (rounded up) while a side is longer than the coarsest level's."""
    levels = [_level(height, width, 1)]
    while max(levels[-1].height, levels[-1].width) > COARSEST_PX:
        last = levels[-1]
        levels.append(_level(-(-last.height // 2), -(-last.width // 2), last.scale * 2))
    return tuple(levels)


class IncompleteStoreError(Exception):
    """Files of a store that was written are gone."""


@contextmanager
def draft_folder(parent: Path, name: str) -> Iterator[Path]:
    """A folder to write a store into; whatever is left of it afterwards is removed.

    No two have the same name: a worker that lost its job must not tidy away what the next one writes.
    """
    folder = parent / f".{name}-{secrets.token_hex(4)}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_drafts(parent: Path, name: str) -> None:
    """What killed processes left of drafts of this name."""
    for folder in parent.glob(f".{name}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def write(frames: Frames, folder: Path, on_frame: OnFrame) -> WrittenStore:
    """Writes every frame below `folder` and names the result by what it holds.

    The name is the SHA-256 of shape, type, calibration and all pixels: equal series share one store, and a store's
    own metadata is true for whoever shares it.
    """
    levels = levels_of(frames.height, frames.width)
    arrays = _create_arrays(frames, folder, levels)
    digest = hashlib.sha256(_header(frames))
    for t in range(frames.frames):
        on_frame(t)
        frame = np.ascontiguousarray(frames.read(t).astype(frames.dtype.newbyteorder("<"), copy=False))
        digest.update(frame.data)
        for array in arrays:
            array[t] = np.moveaxis(frame, -1, 0) if frames.channels > 1 else frame
            if array is not arrays[-1]:
                frame = halve(frame)
    low, high = input_range(_Stored(arrays[0]))
    return WrittenStore(
        hash=digest.hexdigest(),
        frames=frames.frames,
        height=frames.height,
        width=frames.width,
        channels=frames.channels,
        dtype=frames.dtype.name,
        levels=levels,
        input_low=low,
        input_high=high,
        size_bytes=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
    )


class _Stored:
    """A zarr array as a list of frames: it has no length of its own."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __len__(self) -> int:
        return int(self._array.shape[0])

    def __getitem__(self, t: int, /) -> NDArray[Any]:
        frame: NDArray[Any] = self._array[t]
        return frame


def flush(folder: Path) -> None:
    """Waits until all that was written below is on the disk, because the row that cites it is committed next."""
    for path in (folder, *folder.rglob("*")):
        _sync(path)


def publish(folder: Path, target: Path, written: WrittenStore) -> None:
    """Moves a finished draft to its name, complete or not at all; an equal store that is there already stays.

    Raises IncompleteStoreError where the draft lost files since it was written: zarr would read them as black frames.
    """
    if (target / "zarr.json").is_file():
        return
    chunks = sum(path.is_file() for path in folder.glob("*/c/**/*"))
    if chunks != written.chunks or not (folder / "zarr.json").is_file():
        raise IncompleteStoreError(
            f"{folder} has {chunks} chunks of {written.chunks}, or lost its zarr.json. Nothing was kept; import again."
        )
    folder.rename(target)
    _sync(target.parent)


def halve(frame: NDArray[Any]) -> NDArray[Any]:
    """The mean of each 2×2 block, of shape (⌈h/2⌉, ⌈w/2⌉, …); an odd last row or column is repeated."""
    height, width = frame.shape[:2]
    padding = ((0, height % 2), (0, width % 2), *((0, 0),) * (frame.ndim - 2))
    padded = np.pad(frame, padding, mode="edge").astype(np.float32)
    mean = (padded[0::2, 0::2] + padded[1::2, 0::2] + padded[0::2, 1::2] + padded[1::2, 1::2]) / 4
    return (np.rint(mean) if frame.dtype.kind == "u" else mean).astype(frame.dtype)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _level(height: int, width: int, scale: int) -> Level:
    return Level(height, width, (min(height, TILE_PX), min(width, TILE_PX)), scale)


def _create_arrays(frames: Frames, folder: Path, levels: tuple[Level, ...]) -> list[Any]:
    colour = (frames.channels,) if frames.channels > 1 else ()
    names = ("t", "c", "y", "x") if colour else ("t", "y", "x")
    group = zarr.create_group(
        folder, zarr_format=3, overwrite=True, attributes={"ome": _multiscales(frames.calibration, levels, names)}
    )
    return [
        group.create_array(
            str(index),
            shape=(frames.frames, *colour, level.height, level.width),
            chunks=(1, *colour, *level.chunk),
            dtype=frames.dtype.newbyteorder("<"),
            compressors=ZstdCodec(level=ZSTD_LEVEL),
            fill_value=0,
            dimension_names=names,
            # A black frame is a chunk like any other: the browser shall not meet a 404.
            config={"write_empty_chunks": True},
        )
        for index, level in enumerate(levels)
    ]


def _multiscales(calibration: Calibration, levels: tuple[Level, ...], names: tuple[str, ...]) -> dict[str, Any]:
    side = calibration.pixel_size or 1.0
    step = calibration.frame_interval_s or 1.0
    axes: dict[str, dict[str, str]] = {
        "t": {"name": "t", "type": "time"} | ({"unit": "second"} if calibration.frame_interval_s else {}),
        "c": {"name": "c", "type": "channel"},
    }
    unit = {"unit": _OME_UNITS[calibration.unit]} if calibration.pixel_size else {}
    axes |= {name: {"name": name, "type": "space"} | unit for name in "yx"}
    datasets = []
    for index, level in enumerate(levels):
        # The centre of a halved pixel lies between the centres of the four it was made of.
        shift = (level.scale - 1) / 2 * side
        scale = {"t": step, "c": 1.0, "y": level.scale * side, "x": level.scale * side}
        translation = {"t": 0.0, "c": 0.0, "y": shift, "x": shift}
        datasets.append(
            {
                "path": str(index),
                "coordinateTransformations": [
                    {"type": "scale", "scale": [scale[name] for name in names]},
                    {"type": "translation", "translation": [translation[name] for name in names]},
                ],
            }
        )
    return {"version": "0.5", "multiscales": [{"axes": [axes[name] for name in names], "datasets": datasets}]}


def _header(frames: Frames) -> bytes:
    """Bytes that differ wherever shape, type or calibration do."""
    calibration = frames.calibration
    values = (
        *("graticule pixels 2", frames.frames, frames.height, frames.width, frames.channels, frames.dtype.name),
        *(calibration.pixel_size, calibration.unit, calibration.frame_interval_s),
    )
    return "\n".join(map(repr, values)).encode()
