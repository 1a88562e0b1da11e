"""The selective scan on the CPU, as VM-UNet's first stage has it at 512×512, against the recurrence step by step."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from benchmarks.records import Measure, Record
from benchmarks.timing import percentile, side_by_side_ms
from ml.modeling.selective_scan import chunked, selective_scan, sequential

DIRECTIONS, CHANNELS, STEPS, STATES = 4, 64, 128 * 128, 16


def scan_inference() -> Iterator[Record]:
    """What inference uses on a CPU: the compiled kernels."""
    yield _scan("scan_inference", selective_scan)


def scan_chunked() -> Iterator[Record]:
    """Plain PyTorch in chunks, which other devices use."""
    yield _scan("scan_chunked", chunked)


BENCHMARKS: dict[str, Measure] = {f.__name__: f for f in (scan_inference, scan_chunked)}


def _scan(name: str, ours: Callable[..., Tensor]) -> Record:
    inputs = _inputs()
    with torch.inference_mode():
        ours(*inputs)  # compiles on its first call
        value, baseline = (
            percentile(times, 50)
            for times in side_by_side_ms([lambda: ours(*inputs), lambda: sequential(*inputs)], rounds=3)
        )
    return Record(name, value, "ms", baseline, "step by step")


def _inputs() -> list[Tensor]:
    source = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(DIRECTIONS, *shape, generator=source)

    delta = torch.nn.functional.softplus(draw(CHANNELS, STEPS) - 4)
    decay = -torch.arange(1.0, STATES + 1).expand(DIRECTIONS, CHANNELS, STATES)
    return [draw(CHANNELS, STEPS), delta, decay, draw(STATES, STEPS), draw(STATES, STEPS), draw(CHANNELS)]
