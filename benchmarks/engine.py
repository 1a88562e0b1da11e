"""What a click costs besides the model's decoder: gateway, socket, engine, run-length encoding."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import zarr
from django.conf import settings
from django.test.utils import override_settings

from backend.inference import gateway
from backend.protocol.messages import PromptPoint
from benchmarks.records import Measure, Record
from benchmarks.timing import percentile

SIDE, CLICKS, WARM_UP = 512, 200, 20


def round_trip() -> Iterator[Record]:
    """Median and 95th percentile of a click's time less its decoder's, three candidate masks of a 512-pixel frame."""
    if not settings.configured:
        settings.configure()
    with tempfile.TemporaryDirectory() as folder, override_settings(GRATICULE_ENGINE=f"{folder}/engine.sock"):
        group = zarr.open_group(Path(folder) / "series", mode="w")
        frame = np.random.default_rng(0).integers(0, 256, (1, SIDE, SIDE), np.uint8)
        group.create_array("0", data=frame, chunks=frame.shape)
        command = [sys.executable, "-m", "ml", "engine", "--socket", f"{folder}/engine.sock", "--store", folder]
        engine = subprocess.Popen([*command, "--test-models", "--preload", "fake"])
        try:
            added = asyncio.run(_clicks())
        finally:
            engine.terminate()
            engine.wait()
    yield Record("engine_round_trip_p50", percentile(added, 50), "ms")
    yield Record("engine_round_trip_p95", percentile(added, 95), "ms")


async def _clicks() -> list[float]:
    added = []
    for number in range(WARM_UP + CLICKS):  # the first one waits for the engine to start
        point = PromptPoint(x=20 + number, y=200, label=1)
        start = time.perf_counter()
        prediction = await gateway.predict(
            gateway.Frame("series", 0, (0.0, 255.0)), model="fake", points=[point], box=None, client="benchmark"
        )
        added.append((time.perf_counter() - start) * 1000 - prediction.decode_ms)
    return added[WARM_UP:]


BENCHMARKS: dict[str, Measure] = {"engine_round_trip_p50": round_trip, "engine_round_trip_p95": round_trip}
