"""Writes annotated frames as the command line of ml reads them: float images 0 to 1, object numbers, classes.

The images hold what the engine would show the network: grey values mapped by the series' input range.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import zarr
from numpy.typing import NDArray

from backend.inference.snapshot import Snapshot
from backend.series.files import store_path
from backend.series.models import PixelStore
from ml.colour import luminance
from ml.formats.annotations.labels import flatten
from ml.series import to_unit

# What the folders' readers have to be told.
READING = ("--grey-range", "0", "1", "--numbered")


def frame_name(series_number: int, frame: int) -> str:
    return f"{series_number:03d}_{frame:06d}"


class LabelledFolder:
    """images/, labels/ and, where phases are told apart, phases/ below `root`."""

    def __init__(
        self, root: Path, *, phases: Sequence[int] | None = None, name: Callable[[int, int], str] = frame_name
    ) -> None:
        """`phases` are the indices of the phases whose objects count, in the order of their classes; None: all do.

        `name` makes a frame's of the series' number and its own.
        """
        self._root = root
        self._name = name
        self._class_of = None if phases is None else {phase: number for number, phase in enumerate(phases, start=1)}
        self._folders = ["images", "labels", *(["phases"] if len(self._class_of or ()) > 1 else [])]
        for folder in self._folders:
            (root / folder).mkdir(parents=True, exist_ok=True)

    def write(self, snapshot: Snapshot, number: int, frames: Sequence[int], before: Callable[[int], None]) -> None:
        """Frames of a series, which is the one with this `number` in the names; `before` may raise."""
        pixels = snapshot.series.pixels
        array: Any = zarr.open_array(store_path(pixels.hash) / "0", mode="r")
        for frame in frames:
            before(frame)
            labels, classes = self._labels(snapshot, frame)
            parts: dict[str, NDArray[Any]] = {"images": as_seen(pixels, array[frame]), "labels": labels}
            if "phases" in self._folders:
                parts["phases"] = classes
            for folder, content in parts.items():
                path = self._root / folder / f"{self._name(number, frame)}.tif"
                # Labels shrink to almost nothing, floats hardly at all.
                tifffile.imwrite(path, content, compression=None if folder == "images" else "zlib")

    def _labels(self, snapshot: Snapshot, frame: int) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
        """Objects by their track's number, the topmost where they overlap, and the class of each pixel."""
        drawn = snapshot.dataset(lambda t: None).drawn(frame)
        if self._class_of is not None:
            drawn = [instance for instance in drawn if instance.phase in self._class_of]
        size = snapshot.series.pixels.height, snapshot.series.pixels.width
        labels, _ = flatten(drawn, size)
        numbers, places = np.unique(labels, return_inverse=True)
        class_of = {instance.track: (self._class_of or {}).get(instance.phase, 1) for instance in drawn}
        classes = np.array([class_of.get(int(number), 0) for number in numbers], np.uint8)
        return labels, classes[places].reshape(size)


def as_seen(pixels: PixelStore, frame: NDArray[Any]) -> NDArray[np.float32]:
    """A frame (H, W) or (3, H, W) as the engine shows it to a network: grey, float32, 0 to 1."""
    grey = luminance(frame, axis=0) if frame.ndim == 3 else frame
    return to_unit(grey, pixels.input_low, pixels.input_high)
