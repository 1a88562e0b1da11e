"""What the browser asks of single frames: raw chunks, a thumbnail, a histogram."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.protocol.errors import NotFoundError
from backend.series.files import chunk_path, store_path
from backend.series.models import PixelStore

THUMBNAIL_PX = 256
BINS = 256
HISTOGRAM_PX = 2048 * 2048  # what a web process may hold and sort for one request
AUTO_PERCENT = (0.1, 99.9)
ROWS_AT_ONCE = 512
PNG_LEVEL = 3  # of a noisy frame, the smallest file takes four times as long for a few per cent


def read_chunk(pixels: PixelStore, *, store: str, level: int, frame: int, row: int, column: int) -> bytes:
    """A chunk's bytes as they lie on the disk: zstd of little-endian pixels, edge chunks padded to the full size."""
    if store != pixels.hash:
        raise NotFoundError(f"This series' pixels are in store {pixels.hash}, not in {store}.")
    if level >= len(pixels.levels):
        raise NotFoundError(f"Level {level}: this series has levels 0 to {len(pixels.levels) - 1}.")
    require_frame(pixels, frame)
    shape = pixels.levels[level]
    rows = -(-shape["height"] // shape["chunk"][0])
    columns = -(-shape["width"] // shape["chunk"][1])
    if row >= rows or column >= columns:
        raise NotFoundError(f"Tile {row}/{column}: level {level} has {rows} rows and {columns} columns of tiles.")
    path = chunk_path(pixels.hash, level=level, frame=frame, row=row, column=column, channels=pixels.channels)
    return path.read_bytes()


def require_frame(pixels: PixelStore, frame: int) -> None:
    if not 0 <= frame < pixels.frames:
        raise NotFoundError(f"Frame {frame}: this series has frames 0 to {pixels.frames - 1}.")


def thumbnail_png(pixels: PixelStore, frame: int) -> bytes:
    """The frame in the series' input range, its longer side at most 256 pixels."""
    from PIL import Image

    image = _read(pixels, frame, _smallest_sufficient_level(pixels))
    unit = (image.astype(np.float32) - pixels.input_low) / (pixels.input_high - pixels.input_low)
    picture = Image.fromarray((np.clip(unit, 0, 1) * 255).astype(np.uint8))
    picture.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.BOX)
    out = BytesIO()
    picture.save(out, format="PNG")
    return out.getvalue()


def frame_png(pixels: PixelStore, frame: int) -> bytes:
    """The frame at full resolution, 8 bit grey or RGB, in the series' input range: what networks see of it."""
    from PIL import Image

    image = _read(pixels, frame, 0)
    shown = np.empty(image.shape, np.uint8)
    scale = 255 / (pixels.input_high - pixels.input_low)
    for start in range(0, len(image), ROWS_AT_ONCE):  # of a frame of many pixels, floats take four times the memory
        rows = slice(start, start + ROWS_AT_ONCE)
        shown[rows] = np.clip((image[rows].astype(np.float32) - pixels.input_low) * scale, 0, 255)
    out = BytesIO()
    Image.fromarray(shown).save(out, format="PNG", compress_level=PNG_LEVEL)
    return out.getvalue()


@dataclass(frozen=True)
class Histogram:
    """256 equal bins from `min` to `max`; `low` and `high` are the 0.1 and 99.9 percentile: the automatic window."""

    low: float
    high: float
    counts: list[int]
    min: float
    max: float


def histogram(pixels: PixelStore, frame: int) -> Histogram:
    """Of every value of the frame, colours together; importing has made all of them finite.

    Of a frame of more than 2048×2048 pixels: of the finest level of its pyramid that has no more, whose values are
    means of blocks.
    """
    values = _read(pixels, frame, _finest_level_within(pixels, HISTOGRAM_PX)).ravel()
    least, greatest = float(values.min()), float(values.max())
    counts, _ = np.histogram(values, BINS, (least, greatest if greatest > least else least + 1.0))
    low, high = (float(value) for value in np.percentile(values, AUTO_PERCENT))
    return Histogram(low, high, [int(count) for count in counts], least, greatest)


def _smallest_sufficient_level(pixels: PixelStore) -> int:
    """The coarsest level that is not smaller than the thumbnail."""
    sides = [max(level["height"], level["width"]) for level in pixels.levels]
    return max(index for index, side in enumerate(sides) if side >= min(THUMBNAIL_PX, sides[0]))


def _finest_level_within(pixels: PixelStore, limit_px: int) -> int:
    fitting = (i for i, level in enumerate(pixels.levels) if level["height"] * level["width"] <= limit_px)
    return next(fitting, len(pixels.levels) - 1)


def _read(pixels: PixelStore, frame: int, level: int) -> NDArray[Any]:
    import zarr

    require_frame(pixels, frame)
    array: Any = zarr.open_array(store_path(pixels.hash) / str(level), mode="r")
    image: NDArray[Any] = array[frame]
    return np.moveaxis(image, 0, -1) if pixels.channels > 1 else image
