"""Frames as networks see them, read from the OME-Zarr stores."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from ml.colour import luminance
from ml.series import to_unit
from ml.types import Grey

MOST_OPEN_STORES = 32


class PixelsError(ValueError):
    """A store, frame or channel that is not there."""


class PixelStores:
    """The stores below one folder: groups of Zarr 3 whose array "0" is (T, Y, X) or (T, C, Y, X)."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._arrays: OrderedDict[str, Any] = OrderedDict()  # stores never change once written

    def frame(self, store: str, frame: int, input_range: tuple[float, float], channel: int | None = None) -> Grey:
        """One frame as grey values.

        Parameters
        ----------
        store
            Path of the store relative to the root; must stay inside it.
        frame
            Zero-based index.
        input_range
            (low, high) in the store's grey values, mapped to 0..1 and clipped; NaN becomes 0.
        channel
            Index of the channel to use. None: the only one, or the luminance of red, green and blue.

        Returns
        -------
        float32 (height, width), 0 to 1.

        Raises
        ------
        PixelsError
            On a path that leaves the root, a store that is missing or of another shape, a frame or channel out of
            range.
        """
        array = self._array(store)
        frames = array.shape[0]
        if not 0 <= frame < frames:
            raise PixelsError(f"Frame {frame} of a series of {frames}; frames are 0 to {frames - 1}.")
        pixels = np.asarray(array[frame])
        if pixels.ndim == 3:
            pixels = _grey(pixels, channel)
        elif channel not in (None, 0):
            raise PixelsError(f"Channel {channel} of a grey series; leave the channel out.")
        return to_unit(pixels, *input_range)

    def frames(self, store: str) -> int:
        """Number of frames of the store."""
        return int(self._array(store).shape[0])

    def size(self, store: str) -> tuple[int, int]:
        """(height, width) of the store's frames."""
        height, width = self._array(store).shape[-2:]
        return int(height), int(width)

    def _array(self, store: str) -> Any:
        if (array := self._arrays.get(store)) is not None:
            self._arrays.move_to_end(store)
            return array
        path = self._inside(store)
        try:
            array = zarr.open_array(path / "0", mode="r")
        except (OSError, KeyError, ValueError) as error:
            raise PixelsError(f"Store {store!r} holds no readable array '0': {error}") from error
        if array.ndim not in (3, 4):
            raise PixelsError(f"Store {store!r} has shape {array.shape}; it must be (T, Y, X) or (T, C, Y, X).")
        self._arrays[store] = array
        if len(self._arrays) > MOST_OPEN_STORES:
            self._arrays.popitem(last=False)
        return array

    def _inside(self, store: str) -> Path:
        try:
            path = (self.root / store).resolve()
        except (OSError, ValueError) as error:  # a null byte, a loop of links
            raise PixelsError(f"Store {store!r} is not a path: {error}") from error
        if path == self.root or not path.is_relative_to(self.root):
            raise PixelsError(f"Store {store!r} leads out of the folder of stores; give a path inside it.")
        return path


def _grey(pixels: np.ndarray[Any, Any], channel: int | None) -> np.ndarray[Any, Any]:
    """One channel of (C, Y, X), or the luminance of its first three."""
    channels = pixels.shape[0]
    if channel is not None:
        if not 0 <= channel < channels:
            raise PixelsError(f"Channel {channel} of {channels}; channels are 0 to {channels - 1}.")
        return np.asarray(pixels[channel])
    if channels == 1:
        return np.asarray(pixels[0])
    if channels in (3, 4):  # a fourth is opacity
        return luminance(pixels, axis=0)
    raise PixelsError(f"A frame of {channels} channels is not a colour image; say which channel to use.")
