"""The networks alone at the article's sizes and at ours: images and pixels a second, memory, and the best batch.

`paper`, `stock` and YOLO at 640 are the networks of the article and of the official code, `small` and 512 are ours.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.apart import Cost, apart, memory_mb
from benchmarks.plain import plain
from benchmarks.records import Measure, Record
from benchmarks.timing import percentile, side_by_side_ms

BATCHES = (1, 2, 4, 8)
MOST_S = 45.0  # of a network in all; batches that would take longer are left out
ROUNDS = 3


@dataclass(frozen=True)
class Case:
    """`plain` names the way that ours is compared with, in one image at a time."""

    network: str
    config: str
    size: int
    plain: str = ""


CASES = {
    "swin_unet_paper_448": Case("swin_unet", "paper", 448, "plain attention"),
    "swin_unet_small_448": Case("swin_unet", "small", 448, "plain attention"),
    "vm_unet_paper_512": Case("vm_unet", "paper", 512),
    "vm_unet_small_512": Case("vm_unet", "small", 512, "step by step"),
    "vm_unet_v2_stock_512": Case("vm_unet_v2", "stock", 512),
    "vm_unet_v2_small_512": Case("vm_unet_v2", "small", 512, "step by step"),
    "yolo_640": Case("yolo", "", 640),
    "yolo_512": Case("yolo", "", 512),
    "efficient_sam_encoder_1024": Case("efficient_sam_ti", "", 1024, "plain attention"),
    "efficient_sam_encoder_512": Case("efficient_sam_ti", "", 512, "plain attention"),
}
FIGURES = ("images", "pixels", "memory", "best_images", "best_memory")


def speed(name: str) -> Iterator[Record]:
    """Rates of one image at a time and of the best batch."""
    case, start = CASES[name], time.monotonic()
    costs = {1: apart(measured, case, 1)}
    for batch in BATCHES[1:]:
        expected_s = (ROUNDS + 1) * batch * costs[1].seconds
        if time.monotonic() - start + expected_s > MOST_S:
            break
        costs[batch] = apart(measured, case, batch)
    one = costs[1]
    baseline = None if one.baseline_s is None else 1 / one.baseline_s
    yield Record(f"{name}_images", 1 / one.seconds, "images/s", baseline, case.plain)
    yield Record(f"{name}_pixels", case.size**2 / one.seconds, "pixels/s")
    yield Record(f"{name}_memory", one.memory_mb, "MB")
    best = max(costs, key=lambda batch: batch / costs[batch].seconds)
    rate = best / costs[best].seconds
    among = f"batch 1; of {', '.join(map(str, costs))} the best is {best}"
    yield Record(f"{name}_best_images", rate, "images/s", 1 / one.seconds, among)
    yield Record(f"{name}_best_memory", costs[best].memory_mb, "MB", one.memory_mb, among)


def measured(case: Case, batch: int) -> Cost:
    """Median time of a batch; one image at a time also the plain way."""
    torch.manual_seed(0)
    forward, image = network(case), torch.rand(batch, 3, case.size, case.size)
    with torch.inference_mode():
        forward(image)
        (times,) = side_by_side_ms([lambda: forward(image)], rounds=ROUNDS, warm_up=0)
        memory = memory_mb()
        baseline = None
        if case.plain and batch == 1:

            def plainly() -> None:
                with plain(case.plain):
                    forward(image)

            # The other way is slow: once each, in turns.
            times, others = side_by_side_ms([lambda: forward(image), plainly], rounds=2, warm_up=0)
            baseline = percentile(others, 50) / 1000
    return Cost(percentile(times, 50) / 1000, baseline, memory)


def network(case: Case) -> Callable[[Tensor], object]:
    """The network with random weights."""
    if case.network == "yolo":
        from ml.modeling import yolo

        model: nn.Module = yolo.build(1).eval()
    elif case.network == "efficient_sam_ti":
        from ml.modeling import efficient_sam

        model = efficient_sam.build(case.network, case.size).image_encoder.eval()
    else:
        from ml.modeling import unets

        model = unets.build(case.network, case.config).eval()
    return model


BENCHMARKS: dict[str, Measure] = {
    f"{name}_{figure}": measure for name in CASES for measure in [partial(speed, name)] for figure in FIGURES
}
