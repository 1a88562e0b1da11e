"""Whole segmenters, from a grey frame to its objects: images and pixels a second, and memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from benchmarks.apart import Cost, apart, memory_mb
from benchmarks.records import Measure, Record
from benchmarks.timing import percentile, times_ms


@dataclass(frozen=True)
class Case:
    model: str
    size: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


UNTRAINED = {"untrained": True}
CASES = {
    "segment_threshold_512": Case("threshold", 512),
    "segment_swin_unet_512": Case("swin_unet", 512, options=UNTRAINED),
    "segment_vm_unet_512": Case("vm_unet", 512, options=UNTRAINED),
    "segment_vm_unet_v2_512": Case("vm_unet_v2", 512, options=UNTRAINED),
    "segment_yolo_512": Case("yolo", 512, options=UNTRAINED),
    "segment_efficient_sam_ti_512": Case("efficient_sam_ti", 512),
    # Fifty objects, wherever an untrained network sees them.
    "segment_cascade_512": Case(
        "cascade", 512, {"min_score": 0, "max_objects": 50, "min_agreement": 0, "min_area_px": 0}, UNTRAINED
    ),
}
FIGURES = ("images", "pixels", "memory")


def speed(name: str) -> Iterator[Record]:
    """Rates and memory of one segmenter."""
    case = CASES[name]
    cost = apart(measured, case)
    yield Record(f"{name}_images", 1 / cost.seconds, "images/s")
    yield Record(f"{name}_pixels", case.size**2 / cost.seconds, "pixels/s")
    yield Record(f"{name}_memory", cost.memory_mb, "MB")


def measured(case: Case) -> Cost:
    """Median time of a synthetic frame, each mask made once."""
    from ml import registry
    from ml.synthetic import synthesise

    (image,) = synthesise(seed=7, frames=1, size=case.size).images
    frame = image.astype(np.float32) / np.iinfo(image.dtype).max
    segmenter = registry.load(case.model, **case.options)
    times = times_ms(lambda: sum(1 for _ in segmenter.segment(frame, case.parameters)), rounds=2)
    return Cost(percentile(times, 50) / 1000, None, memory_mb())


BENCHMARKS: dict[str, Measure] = {
    f"{name}_{figure}": measure for name in CASES for measure in [partial(speed, name)] for figure in FIGURES
}
