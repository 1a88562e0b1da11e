"""From the pixels a file holds to the pixels a series keeps: uint8, uint16 or float32, grey or RGB."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.formats.errors import UnsupportedPixelsError

Raw = NDArray[Any]  # (height, width) or (height, width, samples), samples 1 grey, 2 grey+alpha, 3 RGB, 4 RGB+alpha
_KEPT = ("uint8", "uint16", "float32")
_WHOLE_IN_FLOAT32 = 1 << 24


@dataclass(frozen=True)
class PixelFormat:
    """What every frame of a series has in common."""

    channels: int  # 1 or 3
    dtype: np.dtype[Any]  # uint8, uint16 or float32


class Inspection:
    """Gathers over frames what the header cannot tell: is there real colour, how large are the integers?"""

    def __init__(self, name: str, dtype: np.dtype[Any], samples: int) -> None:
        self.name = name
        self.dtype = dtype
        self._coloured = False
        self._may_be_coloured = samples >= 3
        self._least, self._greatest = 0, 0
        self._wide = dtype.kind in "iu" and dtype.name not in _KEPT
        if dtype.kind not in "biuf" or dtype.itemsize > 8:
            remedy = "Save the modulus as float32." if dtype.kind == "c" else "Save it as uint8, uint16 or float32."
            raise UnsupportedPixelsError(
                f"{name}: pixels of type {dtype}; uint8, uint16 and float32 are kept. {remedy}"
            )

    @property
    def settled(self) -> bool:
        """No further frame can change the answer."""
        return (self._coloured or not self._may_be_coloured) and not self._wide

    def add(self, raw: Raw) -> None:
        if raw.ndim == 3 and raw.shape[2] >= 3 and not self._coloured:
            self._coloured = bool((raw[..., 0] != raw[..., 1]).any() or (raw[..., 0] != raw[..., 2]).any())
        if self._wide:
            self._least = min(self._least, int(raw.min()))
            self._greatest = max(self._greatest, int(raw.max()))

    def result(self) -> PixelFormat:
        return PixelFormat(3 if self._coloured else 1, self._kept_dtype())

    def _kept_dtype(self) -> np.dtype[Any]:
        if self.dtype.kind == "b":
            return np.dtype(np.uint8)
        if self.dtype.kind == "f":
            return np.dtype(np.float32)
        if not self._wide:
            return self.dtype.newbyteorder("=")
        if self._least >= 0 and self._greatest <= 255 and self.dtype.itemsize == 1:
            return np.dtype(np.uint8)
        if self._least >= 0 and self._greatest <= 65535:
            return np.dtype(np.uint16)
        if max(-self._least, self._greatest) <= _WHOLE_IN_FLOAT32:
            return np.dtype(np.float32)
        raise UnsupportedPixelsError(
            f"{self.name}: {self.dtype} values from {self._least} to {self._greatest}; whole numbers are exact "
            f"up to {_WHOLE_IN_FLOAT32}. Rescale them to uint16, or save them as float32."
        )


def convert(name: str, raw: Raw, pixels: PixelFormat) -> Raw:
    """One frame as the series keeps it: C-contiguous (height, width) or (height, width, 3).

    Alpha is dropped, R=G=B becomes grey, grey in a coloured series is repeated. Bool becomes 0 and 255. float64 is
    rounded to float32. In float data NaN and -inf become the frame's least finite value and +inf its greatest (0 where
    the frame has none), so that no later step meets them; the file itself is kept untouched by the importer.
    """
    if raw.ndim == 3:
        raw = raw[..., :3] if raw.shape[2] >= 3 else raw[..., 0]
    if pixels.channels == 1 and raw.ndim == 3:
        raw = raw[..., 0]
    elif pixels.channels == 3 and raw.ndim == 2:
        raw = np.repeat(raw[..., None], 3, axis=2)
    if raw.dtype.kind == "b":
        raw = np.where(raw, np.uint8(255), np.uint8(0))  # Pillow stores true as 255, numpy as 1
    elif raw.dtype.kind == "f":
        raw = _finite(name, raw)
    return np.ascontiguousarray(raw, pixels.dtype)


def _finite(name: str, raw: Raw) -> Raw:
    good = np.isfinite(raw)
    if not good.all():
        values = raw[good]
        least, greatest = (values.min(), values.max()) if values.size else (0, 0)
        raw = np.nan_to_num(raw, nan=least, neginf=least, posinf=greatest)
    if raw.dtype.itemsize > 4 and raw.size and np.abs(raw).max() > np.finfo(np.float32).max:
        raise UnsupportedPixelsError(
            f"{name}: {raw.dtype} values up to {np.abs(raw).max():g}; float32 ends at 3.4e38. Rescale them."
        )
    return raw
