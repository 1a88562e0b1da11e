from typing import Any

import pytest

from ml.segmenters.parameters import (
    EFFICIENT_SAM_PARAMETERS,
    SEMANTIC_PARAMETERS,
    THRESHOLD_PARAMETERS,
    YOLO_PARAMETERS,
    ParameterError,
    resolve,
)


@pytest.mark.parametrize(
    "parameters", [EFFICIENT_SAM_PARAMETERS, SEMANTIC_PARAMETERS, THRESHOLD_PARAMETERS, YOLO_PARAMETERS]
)
def test_defaults_are_valid_values(parameters: Any) -> None:
    values = resolve(parameters, {})
    assert resolve(parameters, values) == values == {p.name: p.default for p in parameters}


def test_numbers_become_their_kind() -> None:
    values = resolve(THRESHOLD_PARAMETERS, {"sigma_px": 2, "min_area_px": 7.0})
    assert isinstance(values["sigma_px"], float)
    assert isinstance(values["min_area_px"], int)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sigma": 1}, "no setting 'sigma'.*polarity, sigma_px"),
        ({"sigma_px": -1}, "sigma_px is -1, below 0.0; raise it"),
        ({"sigma_px": 99}, "sigma_px is 99, above 20.0; lower it"),
        ({"sigma_px": float("nan")}, "nan; give a number"),
        ({"sigma_px": "2"}, "'2'; give a number"),
        ({"sigma_px": True}, "True; give a number"),
        ({"min_area_px": 1.5}, "whole number"),
        ({"polarity": "grey"}, "choose one of auto, dark, bright"),
        ({"polarity": None}, "choose one of"),
        ({"split": 1}, "true or false"),
        ({"split_depth": None}, "give a number"),
    ],
)
def test_bad_settings_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        resolve(THRESHOLD_PARAMETERS, given)
