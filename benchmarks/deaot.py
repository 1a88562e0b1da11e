"""DeAOT-L on the CPU: one frame of 481 × 481 px with ten in memory, against the plain way in float32."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.plain import plain_propagation
from benchmarks.records import Measure, Record
from benchmarks.timing import percentile, side_by_side_ms
from ml.modeling.deaot import DeAot, build
from ml.tracking.deaot import DeAotTracker

SIDE, FRAMES = 481, 10


def deaot_l_frame() -> Iterator[Record]:
    """Encoding, propagation, votes and remembering of three objects, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        torch.manual_seed(0)
        frame, labels = scene()
        ours, theirs = (with_memory(build("deaot_l"), frame, labels, half=half) for half in (None, False))

        def plain() -> None:
            with plain_propagation():
                step(theirs, frame, labels)

        times = side_by_side_ms([lambda: step(ours, frame, labels), plain], rounds=5)
    finally:
        torch.set_num_threads(threads)
    value, baseline = (percentile(each, 50) for each in times)
    yield Record("deaot_l_frame", value, "ms", baseline, "plain propagation")


def scene(side: int = SIDE) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """A frame and three objects on it."""
    labels = np.zeros((side, side), np.uint32)
    for number in range(3):
        labels[side // 4 : side // 2, (3 * number + 1) * side // 10 : (3 * number + 3) * side // 10] = number + 1
    return np.random.default_rng(0).random((side, side), np.float32), labels


def with_memory(
    network: DeAot,
    frame: NDArray[np.float32],
    labels: NDArray[np.uint32],
    *,
    half: bool | None = None,
    frames: int = FRAMES,
) -> DeAotTracker:
    """A tracker that has as many frames in memory as it keeps."""
    tracker = DeAotTracker(network, name="deaot_l", weights_hash="random", gap=1, most_frames=frames, half=half)
    tracker.start(frame, labels)
    for _ in range(frames - 1):
        step(tracker, frame, labels)
    return tracker


def step(tracker: DeAotTracker, frame: NDArray[np.float32], labels: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The next frame, another one than the last: of the same the encoding is kept."""
    frame[:] = frame[::-1].copy()
    found = tracker.propagate(frame)
    tracker.update(labels)
    return found.labels


BENCHMARKS: dict[str, Measure] = {"deaot_l_frame": deaot_l_frame}
