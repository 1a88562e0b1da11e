"""What every registered segmenter keeps to: a new one arrives tested."""

import math
from typing import Any

import numpy as np
import pytest

from ml import registry
from ml.segmenters.parameters import ParameterError
from ml.segmenters.pieces import finished
from ml.weights import WeightsError
from tests.ml.segmenters.discs import draw

NAMES = [info.name for info in registry.MODELS.values() if info.kind == "segmenter"]
QUICK = {"grid": 8, "max_objects": 5}


@pytest.fixture(scope="module", params=NAMES)
def segmenter(request: pytest.FixtureRequest) -> Any:
    """With its usual weights; without any, as an untrained network where that can be built."""
    try:
        return registry.load(request.param, device="cpu", weights_folder=None)
    except WeightsError as error:
        if not registry.info(request.param).builds_untrained:
            pytest.skip(str(error))
        return registry.load(request.param, device="cpu", weights_folder=None, untrained=True)


def settings(segmenter: Any) -> dict[str, Any]:
    """All that the listing names, at their defaults, but for those that cost time."""
    parameters = registry.info(segmenter.name).parameters
    return {each.name: QUICK.get(each.name, each.default) for each in parameters}


def frame(height: int, width: int) -> np.ndarray:
    return draw([(20, 16), (60, 30)], 9, max(height, width), seed=3).frame[:height, :width].clip(0, 1)


@pytest.mark.parametrize("shape", [(64, 96), (33, 7)])
def test_objects_are_masks_of_the_frame_with_a_score_and_a_phase(segmenter: Any, shape: tuple[int, int]) -> None:
    found = segmenter.segment(frame(*shape), settings(segmenter))
    for instance in found:
        assert (instance.mask.shape, instance.mask.dtype) == (shape, np.bool_)
        assert instance.mask.any()
        assert math.isnan(instance.score) or 0 <= instance.score <= 1
        assert isinstance(instance.phase, int) and instance.phase >= 0
    scores = [0.0 if math.isnan(instance.score) else instance.score for instance in found]
    assert scores == sorted(scores, reverse=True)


def test_the_same_frame_gives_the_same_objects_in_one_go_and_in_pieces_and_is_left_alone(segmenter: Any) -> None:
    image = frame(64, 96)
    before = image.copy()
    first = segmenter.segment(image, settings(segmenter))
    if hasattr(segmenter, "segment_steps"):
        second = finished(segmenter.segment_steps(image, settings(segmenter)))
    else:
        second = segmenter.segment(image, settings(segmenter))
    assert len(first) == len(second)
    assert all(np.array_equal(a.mask, b.mask) for a, b in zip(first, second, strict=True))
    assert np.array_equal(image, before)


def test_a_frame_of_one_grey_is_no_error(segmenter: Any) -> None:
    assert len(segmenter.segment(np.full((40, 40), 0.5, np.float32), settings(segmenter))) >= 0


def test_a_setting_that_it_does_not_have_is_refused_with_those_there_are(segmenter: Any) -> None:
    with pytest.raises(ParameterError, match=r"'sharpness'.*min_area_px"):
        segmenter.segment(frame(40, 40), {"sharpness": 1})


def test_it_says_its_name_and_its_weights(segmenter: Any) -> None:
    assert segmenter.name in NAMES
    assert segmenter.weights_hash
