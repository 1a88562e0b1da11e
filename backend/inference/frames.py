"""A frame of a series as the engine is asked for it."""

from backend.inference.gateway import Frame
from backend.protocol.errors import InvalidError
from backend.series.models import PixelStore


def frame_of(pixels: PixelStore, index: int) -> Frame:
    """Names store, index and input range; the engine reads the pixels itself."""
    if not 0 <= index < pixels.frames:
        raise InvalidError(f"There is no frame {index}: the series has frames 0 to {pixels.frames - 1}.")
    return Frame(store=f"{pixels.hash}.zarr", frame=index, input_range=(pixels.input_low, pixels.input_high))
