"""Which settings of `threshold` to try next: a coarse grid first, then smaller and smaller steps, one setting each."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from ml.segmenters.parameters import THRESHOLD_PARAMETERS
from ml.types import Parameter

Settings = dict[str, Any]

_BY_NAME = {parameter.name: parameter for parameter in THRESHOLD_PARAMETERS}
_STARTS: dict[str, tuple[float, ...]] = {
    "sigma_px": (0.5, 1, 2, 3, 4, 5.5, 8),
    "window_px": (31, 61, 121, 241),
    "min_area_px": (0, 10, 30, 100, 300),
}
_FACTORS = {"sigma_px": 0.4, "window_px": 0.5, "min_area_px": 0.8}  # a first step in shares of the value
_STEPS = {"offset": 0.04, "split_depth": 0.12}
_PAIRS = 4
LEVELS = 5  # each has half the steps of the one before


def coarse() -> Iterator[Settings]:
    """Polarity, method, blur and split, each with each."""
    blurs = (None, *_STARTS["sigma_px"])
    for split, method, polarity, sigma in product((True, False), ("auto", "otsu", "local"), ("dark", "bright"), blurs):
        yield {"polarity": polarity, "method": method, "sigma_px": sigma, "split": split}


def changes(best: Mapping[str, Any], level: int, rng: np.random.Generator) -> Iterator[Settings]:
    """What to change in the best settings: one of them at a time, in random order, and then two at once."""
    names = [name for name in _BY_NAME if _matters(name, best)]
    rng.shuffle(names)
    values = {name: _values(_BY_NAME[name], best[name], level) for name in names}
    for name in names:
        for value in values[name]:
            yield {name: value}
    open_names = [name for name in names if values[name]]
    for _ in range(_PAIRS if len(open_names) > 1 else 0):
        pair = rng.choice(open_names, 2, replace=False)
        yield {str(name): values[name][int(rng.integers(len(values[name])))] for name in pair}


def _matters(name: str, settings: Mapping[str, Any]) -> bool:
    if name == "window_px":
        return bool(settings["method"] != "otsu")
    if name == "split_depth":
        return bool(settings["split"] or settings["method"] == "auto")
    return True


def _values(parameter: Parameter, value: Any, level: int) -> list[Any]:
    """What a setting may be changed to: one step down, one up, or another choice."""
    name = parameter.name
    if parameter.kind == "choice":
        return [choice for choice in parameter.choices if choice != value]
    if parameter.kind == "bool":
        return [not value]
    if value is None:
        return [_fitting(parameter, start) for start in _STARTS[name]] if level < 2 else []
    share = 0.5**level
    if name in _STEPS:
        steps = [value - _STEPS[name] * share, value + _STEPS[name] * share]
    else:
        factor = 1 + _FACTORS[name] * share
        grain = (parameter.step or 1) * (2 if name == "min_area_px" else 1)
        steps = [min(value / factor, value - grain), max(value * factor, value + grain)]
    found: list[Any] = [_fitting(parameter, step) for step in steps]
    if level == 0 and parameter.default is None:
        found.append(None)
    return [each for each in dict.fromkeys(found) if each != value]


def _fitting(parameter: Parameter, value: float) -> float | int:
    """The nearest value that the setting can have."""
    least, most, step = parameter.minimum or 0.0, parameter.maximum, parameter.step or 1.0
    if parameter.minimum is not None:
        value = max(value, parameter.minimum)
    if most is not None:
        value = min(value, most)
    value = least + round((value - least) / step) * step
    return int(value) if parameter.kind == "int" else round(value, 6)
