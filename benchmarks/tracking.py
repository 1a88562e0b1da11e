"""DeAOT over a series, on one thread: a frame of 512 × 512 px by the number of objects, its parts, and long series."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.apart import apart, memory_mb
from benchmarks.records import Measure, Record
from benchmarks.timing import percentile

SIDE = 512
CASES = {
    f"{name}_{objects}_objects": (name, objects)
    for name in ("deaot_t", "deaot_l", "deaot_r50")
    for objects in (3, 10, 30, 100)
} | {"deaot_t_800_objects": ("deaot_t", 800)}
FRAMES = 3
PARTS = ("encoder", "memories", "decoder", "rest")
LONG_SERIES, LONG_SHAPE, EARLY = 2000, (161, 193), 200


class FrameCost(NamedTuple):
    """Of one frame with one in memory; `shares` of its time have the parts' names."""

    seconds: float
    memory_mb: float
    shares: dict[str, float]


def frame(case: str) -> Iterator[Record]:
    """Time and memory of one frame, and the share of each part."""
    cost = apart(frame_cost, *CASES[case])
    yield Record(f"{case}_frame", 1000 * cost.seconds, "ms")
    yield Record(f"{case}_memory", cost.memory_mb, "MB")
    for part in PARTS:
        yield Record(f"{case}_{part}_share", 100 * cost.shares[part], "%")


def growth() -> Iterator[Record]:
    """The memory in use after 2,000 frames of 161 × 193 px, against that after 200, frames kept every fifth."""
    late, early = apart(memory_over, LONG_SERIES)
    yield Record("deaot_t_2000_frames_memory", late, "MB", early, f"after {EARLY} frames")


def frame_cost(name: str, objects: int, side: int = SIDE, frames: int = FRAMES) -> FrameCost:
    tracker = tracker_of(name)
    labels = grid_of_objects((side, side), objects)
    images = np.random.default_rng(0).random((frames + 1, side, side), np.float32)
    tracker.start(images[0], labels)
    times: list[dict[str, float]] = []
    for image in images[1:]:
        start = time.perf_counter()
        with timed(tracker.network) as parts:
            tracker.propagate(image)
            tracker.update(labels)
        whole = time.perf_counter() - start
        times.append(parts | {"whole": whole, "rest": whole - sum(parts.values())})
    typical = {part: percentile([each[part] for each in times], 50) for part in times[0]}
    return FrameCost(typical["whole"], memory_mb(), {part: typical[part] / typical["whole"] for part in PARTS})


def memory_over(frames: int) -> tuple[float, float]:
    """Resident MB after so many frames, and after the first 200."""
    import psutil

    process, tracker = psutil.Process(), tracker_of("deaot_t", gap=5)
    labels = grid_of_objects(LONG_SHAPE, 3)
    rng, early = np.random.default_rng(0), 0.0
    tracker.start(rng.random(LONG_SHAPE, np.float32), labels)
    for number in range(1, frames):
        tracker.propagate(rng.random(LONG_SHAPE, np.float32))
        tracker.update(labels)
        if number == EARLY:
            early = process.memory_info().rss / 1e6
    return process.memory_info().rss / 1e6, early


def tracker_of(name: str, **options: Any) -> Any:
    import torch

    from ml.modeling.deaot import build
    from ml.tracking.deaot import DeAotTracker

    torch.manual_seed(0)
    return DeAotTracker(build(name), name=name, weights_hash="random", **options)


def grid_of_objects(shape: tuple[int, int], objects: int) -> NDArray[np.uint32]:
    """So many squares in rows."""
    across = int(np.ceil(objects**0.5))
    labels = np.zeros(shape, np.uint32)
    cell = min(shape) // across
    for number in range(objects):
        row, column = (cell * place for place in divmod(number, across))
        labels[row + 1 : row + max(cell - 1, 2), column + 1 : column + max(cell - 1, 2)] = number + 1
    return labels


@contextmanager
def timed(network: Any) -> Iterator[dict[str, float]]:
    """While it lasts, adds up the seconds that parts of a network take."""
    spent: dict[str, float] = {}

    def watched(part: str, of: Any, call: str) -> Any:
        original = getattr(of, call)

        def measured(*args: Any) -> Any:
            start = time.perf_counter()
            result = original(*args)
            spent[part] = spent.get(part, 0.0) + time.perf_counter() - start
            return result

        return patch.object(of, call, measured)

    with (
        watched("encoder", network, "encode"),
        watched("memories", network.LSTT, "forward"),
        watched("decoder", network.decoder, "forward"),
    ):
        yield spent


BENCHMARKS: dict[str, Measure] = {
    f"{case}_{figure}": measure
    for case in CASES
    for measure in [partial(frame, case)]
    for figure in ("frame", "memory", *(f"{part}_share" for part in PARTS))
} | {"deaot_t_2000_frames_memory": growth}
