"""Settings of the segmenters, as data: the interface shows them without loading a network."""

import math
from collections.abc import Mapping
from typing import Any

from ml.types import Parameter

THRESHOLD_PARAMETERS = (
    Parameter(
        "polarity", "Objects are", "choice", "auto", choices=("auto", "dark", "bright"), help="Auto decides by shape."
    ),
    Parameter("sigma_px", "Blur", "float", None, 0.0, 20.0, 0.1, unit="px"),
    Parameter("method", "Threshold", "choice", "auto", choices=("auto", "otsu", "local")),
    Parameter("offset", "Offset", "float", 0.0, -0.5, 0.5, 0.005, help="Added to the threshold, in input range."),
    Parameter("window_px", "Local window", "int", None, 3, 501, 2, unit="px"),
    Parameter("split", "Split touching", "bool", True),
    Parameter("split_depth", "Split depth", "float", 0.15, 0.0, 1.0, 0.01, help="Less splits more."),
    Parameter("min_area_px", "Least area", "int", None, 0, 10_000, 1, unit="px"),
)

SEMANTIC_PARAMETERS = (
    Parameter("threshold", "Least probability", "float", 0.5, 0.05, 0.95, 0.01),
    Parameter("split", "Split touching", "bool", True),
    Parameter("split_depth", "Split depth", "float", 0.15, 0.0, 1.0, 0.01, help="Less splits more."),
    Parameter("min_area_px", "Least area", "int", 20, 0, 10_000, 1, unit="px"),
)

CLICK_GRID_PARAMETERS = (
    Parameter("grid", "Point grid", "int", 24, 8, 64, 4, help="Clicks per side of the frame."),
    Parameter("min_score", "Least score of a click", "float", 0.7, 0.0, 1.0, 0.01),
    Parameter(
        "min_stability", "Least stability of a click", "float", 0.8, 0.0, 1.0, 0.01, help="How steady the edge is."
    ),
)

SAM_PARAMETERS = (*CLICK_GRID_PARAMETERS, Parameter("min_area_px", "Least area", "int", 20, 0, 10_000, 1, unit="px"))

EFFICIENT_SAM_PARAMETERS = (
    Parameter(
        "method",
        "Find objects",
        "choice",
        "whole frame",
        choices=("whole frame", "grid of clicks"),
        help="Weights without an automatic mode always use the grid.",
    ),
    *SEMANTIC_PARAMETERS,
    *CLICK_GRID_PARAMETERS,
)

YOLO_PARAMETERS = (
    Parameter("min_score", "Least score", "float", 0.25, 0.0, 1.0, 0.01),
    Parameter("nms_iou", "Overlap of boxes", "float", 0.6, 0.0, 1.0, 0.01, help="More keeps closer neighbours."),
    Parameter("max_objects", "Most objects", "int", 1000, 1, 10_000, 1),
    Parameter("min_area_px", "Least area", "int", 9, 0, 10_000, 1, unit="px"),
)

CASCADE_PARAMETERS = (
    *YOLO_PARAMETERS,
    Parameter(
        "min_agreement",
        "Least agreement",
        "float",
        0.5,
        0.0,
        1.0,
        0.01,
        help="Of a refined mask with its box; below it the mask stays as it was found.",
    ),
)


class ParameterError(ValueError):
    """A setting that the segmenter does not have, or a value that it cannot take."""


def resolve(parameters: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given settings with the defaults of the others, or ParameterError naming value, limit and remedy.

    Integers are accepted for floats and whole floats for integers (JSON does not tell them apart); None only where it
    is the default, meaning "chosen from the image".
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in given:
        if name not in known:
            raise ParameterError(f"There is no setting {name!r}. There are: {', '.join(known) or 'none'}.")
    return {name: _checked(parameter, given.get(name, parameter.default)) for name, parameter in known.items()}


def _checked(parameter: Parameter, value: Any) -> Any:
    if value is None and parameter.default is None:
        return None
    if parameter.kind == "choice":
        if value not in parameter.choices:
            raise ParameterError(f"{parameter.name} is {value!r}; choose one of {', '.join(parameter.choices)}.")
        return value
    if parameter.kind == "bool":
        if not isinstance(value, bool):
            raise ParameterError(f"{parameter.name} is {value!r}; give true or false.")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ParameterError(f"{parameter.name} is {value!r}; give a number.")
    if parameter.kind == "int" and value != int(value):
        raise ParameterError(f"{parameter.name} is {value!r}; give a whole number.")
    if parameter.minimum is not None and value < parameter.minimum:
        raise ParameterError(f"{parameter.name} is {value!r}, below {parameter.minimum}; raise it.")
    if parameter.maximum is not None and value > parameter.maximum:
        raise ParameterError(f"{parameter.name} is {value!r}, above {parameter.maximum}; lower it.")
    return int(value) if parameter.kind == "int" else float(value)
