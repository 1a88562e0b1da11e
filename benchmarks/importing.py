"""What it costs to read files in a process of their own, where a broken one can do no harm."""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from backend.series import pixel_store
from benchmarks.records import Measure, Record
from benchmarks.timing import percentile, side_by_side_ms
from ml.formats.apart import ReaderProcess
from ml.formats.errors import TooLargeError
from ml.formats.images import open_series
from ml.formats.limits import Limits

FRAMES, SIDE, ROUNDS = 40, 1024, 5


def import_apart() -> Iterator[Record]:
    """From the files of 40 frames to their pixel store. Processes are started beforehand, as a worker does."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, paths in {"import_apart": [_tiff(folder)], "import_apart_frames": _pngs(folder)}.items():
            ready = [_started(paths[0]) for _ in range(ROUNDS + 1)]
            apart, here = side_by_side_ms(
                [partial(_apart, paths, folder, ready), partial(_here, paths, folder)], rounds=ROUNDS
            )
            yield Record(
                name,
                percentile(apart, 50) / 1000,
                "s",
                baseline=percentile(here, 50) / 1000,
                baseline_name="read in the worker itself",
            )


def _started(small: Path) -> ReaderProcess:
    process = ReaderProcess()
    with suppress(TooLargeError):
        process.open([small], Limits(max_frame_px=1))
    return process


def _apart(paths: list[Path], folder: Path, ready: list[ReaderProcess]) -> None:
    with pixel_store.draft_folder(folder, "apart") as draft, ready.pop() as process:
        pixel_store.write(process.open(paths), draft, lambda t: None)


def _here(paths: list[Path], folder: Path) -> None:
    with (
        pixel_store.draft_folder(folder, "here") as draft,
        open_series(paths if len(paths) > 1 else paths[0]) as reader,
    ):
        pixel_store.write(reader, draft, lambda t: None)


def _images() -> NDArray[np.uint16]:
    """Noise over a gradient, as a detector gives it."""
    random = np.random.default_rng(0)
    slope = np.linspace(0, 20_000, SIDE, dtype=np.uint16)
    return slope[None, None] + random.poisson(400, (FRAMES, SIDE, SIDE)).astype(np.uint16)


def _tiff(folder: Path) -> Path:
    path = folder / "stack.tif"
    tifffile.imwrite(path, _images(), photometric="minisblack")
    return path


def _pngs(folder: Path) -> list[Path]:
    paths = [folder / f"frame_{t:03d}.png" for t in range(FRAMES)]
    for path, image in zip(paths, _images(), strict=True):
        Image.fromarray(image).save(path, compress_level=1)
    return paths


BENCHMARKS: dict[str, Measure] = {"import_apart": import_apart, "import_apart_frames": import_apart}
