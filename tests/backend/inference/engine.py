"""The engine's app beside the tests, and series whose pixels it finds."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from numpy.typing import NDArray

from backend.projects.models import Project
from backend.series import pixel_store
from backend.series.files import store_folder, store_path
from backend.series.models import PixelStore, Series
from ml.engine.app import create_app
from ml.engine.server import listening
from ml.formats.calibration import Calibration
from tests.backend.builders import make_series
from tests.backend.series.files import Frames

WAIT_S = 60


class RunningEngine:
    """The engine's app on a socket, in a thread of this process."""

    def __init__(self, path: Path, store: Path, **options: Any) -> None:
        self._path = path
        self._server = uvicorn.Server(
            uvicorn.Config(create_app(store, store, test_models=True, **options), log_level="warning")
        )
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(WAIT_S)

    def _run(self) -> None:
        with listening(self._path) as listener:
            self._ready.set()
            asyncio.run(self._server.serve([listener]))

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(WAIT_S)


def stored_series(images: NDArray[Any], project: Project | None = None) -> Series:
    """A series of these frames, with its pixels on the disk."""
    series = make_series(project)
    with pixel_store.draft_folder(store_folder(), "test") as draft:
        written = pixel_store.write(Frames(images, Calibration()), draft, lambda t: None)
        pixel_store.publish(draft, store_path(written.hash), written)
    names = ("frames", "height", "width", "channels", "dtype", "input_low", "input_high", "size_bytes")
    values = {name: getattr(written, name) for name in names} | {"levels": written.levels_json()}
    series.pixels, _ = PixelStore.objects.get_or_create(hash=written.hash, defaults=values)
    series.save()
    return series


def grey(frames: int, height: int = 96, width: int = 128) -> NDArray[np.uint8]:
    """Frames of which each has another grey."""
    return np.broadcast_to(np.arange(frames, dtype=np.uint8)[:, None, None] * 9, (frames, height, width)).copy()
