"""Trackers over a series, on one thread: a frame of 512 × 512 px by the number of objects, its parts, long series."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
OVERLAP_OBJECTS = 800
FRAMES = 3
PARTS = ("encoder", "memories", "decoder", "rest")
OVERLAP_PARTS = ("drift", "boxes", "linking", "rest")
LONG_SERIES, LONG_SHAPE, EARLY = 2000, (161, 193), 200


class FrameCost(NamedTuple):
    """Of one frame; `shares` of its time have the parts' names."""

    seconds: float
    memory_mb: float
    shares: dict[str, float]


def frame(case: str) -> Iterator[Record]:
    """Time and memory of one frame, and the share of each part."""
    return _records(case, apart(frame_cost, *CASES[case]))


def overlap_frame() -> Iterator[Record]:
    """The same of the tracker without a network."""
    return _records(f"overlap_{OVERLAP_OBJECTS}_objects", apart(overlap_cost, OVERLAP_OBJECTS))


def growth() -> Iterator[Record]:
    """Memory in use and time of a frame after 2,000 frames of 161 × 193 px, frames kept every fifth, against 200."""
    late, early = apart(costs_over, LONG_SERIES)
    yield Record("deaot_t_2000_frames_frame", 1000 * late[0], "ms", 1000 * early[0], f"after {EARLY} frames")
    yield Record("deaot_t_2000_frames_memory", late[1], "MB", early[1], f"after {EARLY} frames")


def _records(case: str, cost: FrameCost) -> Iterator[Record]:
    yield Record(f"{case}_frame", 1000 * cost.seconds, "ms")
    yield Record(f"{case}_memory", cost.memory_mb, "MB")
    for part, share in cost.shares.items():
        yield Record(f"{case}_{part}_share", 100 * share, "%")


def frame_cost(name: str, objects: int, side: int = SIDE, frames: int = FRAMES) -> FrameCost:
    """Of a network's propagation and of telling it the masks, one frame in memory."""
    tracker = tracker_of(name)
    network = tracker.network
    watched = {
        "encoder": (network, "encode"),
        "memories": (network.LSTT, "forward"),
        "decoder": (network.decoder, "forward"),
    }
    labels = [grid_of_objects((side, side), objects)] * (frames + 1)
    return _cost(tracker, labels, watched, segmented=False)


def overlap_cost(objects: int, side: int = SIDE, frames: int = FRAMES) -> FrameCost:
    """Of linking segments that move by a pixel a frame, and of telling the tracker the masks."""
    from ml.tracking import overlap

    watched = {"drift": (overlap, "drift"), "boxes": (overlap, "boxes"), "linking": (overlap, "_assigned")}
    labels = [np.roll(grid_of_objects((side, side), objects), number, 1) for number in range(frames + 1)]
    return _cost(overlap.load(), labels, watched, segmented=True)


def _cost(
    tracker: Any, labels: list[NDArray[np.uint32]], watched: dict[str, tuple[Any, str]], *, segmented: bool
) -> FrameCost:
    image = np.random.default_rng(0).random(labels[0].shape, np.float32)
    images = [np.roll(image, number, 1) for number in range(len(labels))]
    tracker.start(images[0], labels[0])
    times: list[dict[str, float]] = []
    for image, now in zip(images[1:], labels[1:], strict=True):
        start = time.perf_counter()
        with timed(watched) as parts:
            tracker.propagate(image, now if segmented else None)
            tracker.update(now)
        whole = time.perf_counter() - start
        times.append(parts | {"rest": whole - sum(parts.values()), "whole": whole})
    typical = {part: percentile([each[part] for each in times], 50) for part in times[0]}
    whole = typical.pop("whole")
    return FrameCost(whole, memory_mb(), {part: seconds / whole for part, seconds in typical.items()})


def costs_over(frames: int, early: int = EARLY) -> tuple[tuple[float, float], tuple[float, float]]:
    """Seconds of a frame (the median of the hundred before) and resident MB after so many frames, and early on."""
    import psutil

    process, tracker = psutil.Process(), tracker_of("deaot_t", gap=5)
    labels = grid_of_objects(LONG_SHAPE, 3)
    rng = np.random.default_rng(0)
    tracker.start(rng.random(LONG_SHAPE, np.float32), labels)
    seconds: list[float] = []
    costs = []
    for number in range(1, frames + 1):
        image = rng.random(LONG_SHAPE, np.float32)
        start = time.perf_counter()
        tracker.propagate(image)
        tracker.update(labels)
        seconds.append(time.perf_counter() - start)
        if number in (early, frames):
            costs.append((percentile(seconds[-100:], 50), process.memory_info().rss / 1e6))
    first, last = costs
    return last, first


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
def timed(watched: dict[str, tuple[Any, str]]) -> Iterator[dict[str, float]]:
    """While it lasts, adds up the seconds that calls take: each part's of a function, by its owner and name."""
    spent = dict.fromkeys(watched, 0.0)

    def measured(part: str, original: Any) -> Any:
        def call(*args: Any) -> Any:
            start = time.perf_counter()
            result = original(*args)
            spent[part] += time.perf_counter() - start
            return result

        return call

    with ExitStack() as stack:
        for part, (owner, name) in watched.items():
            stack.enter_context(patch.object(owner, name, measured(part, getattr(owner, name))))
        yield spent


_FRAMES: dict[str, tuple[Measure, tuple[str, ...]]] = {case: (partial(frame, case), PARTS) for case in CASES}
_FRAMES[f"overlap_{OVERLAP_OBJECTS}_objects"] = overlap_frame, OVERLAP_PARTS
BENCHMARKS: dict[str, Measure] = {
    f"{case}_{figure}": measure
    for case, (measure, parts) in _FRAMES.items()
    for figure in ("frame", "memory", *(f"{part}_share" for part in parts))
}
BENCHMARKS |= {f"deaot_t_{LONG_SERIES}_frames_{figure}": growth for figure in ("frame", "memory")}
