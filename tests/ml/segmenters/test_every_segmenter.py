"""What every registered segmenter keeps to: a new one arrives tested."""

import math
from typing import Any

import numpy as np
import pytest

from ml import registry
from ml.modeling import sam
from ml.segmenters.parameters import ParameterError
from ml.segmenters.pieces import finished
from ml.segmenters.sam import SamSegmenter
from ml.types import Prompt
from ml.weights import WeightsError
from tests.ml.segmenters.discs import draw
from tests.ml.segmenters.tiny_sam import tiny_sam

NAMES = [info.name for info in registry.MODELS.values() if info.kind == "segmenter"]
QUICK = {"grid": 8, "max_objects": 5}


def built(name: str) -> Any:
    """With its usual weights; without any, as an untrained network where that can be built, or in small."""
    try:
        return registry.load(name, device="cpu", weights_folder=None)
    except WeightsError as error:
        if name in sam.NAMES:
            return SamSegmenter(tiny_sam(), name=name, weights_hash="random")
        if not registry.info(name).builds_untrained:
            pytest.skip(str(error))
        return registry.load(name, device="cpu", weights_folder=None, untrained=True)


@pytest.fixture(scope="module", params=NAMES)
def segmenter(request: pytest.FixtureRequest) -> Any:
    return built(request.param)


@pytest.fixture(scope="module", params=[name for name in NAMES if registry.info(name).promptable])
def promptable(request: pytest.FixtureRequest) -> Any:
    return built(request.param)


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


def test_prompts_are_for_those_that_say_so_alone(segmenter: Any) -> None:
    calls = {name: hasattr(segmenter, name) for name in ("encode", "decode", "pack", "unpack")}
    assert set(calls.values()) == {registry.info(segmenter.name).promptable}, calls


def disc_of(x: float, y: float, radius: float, shape: tuple[int, int]) -> np.ndarray:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return np.hypot(columns + 0.5 - x, rows + 0.5 - y) <= radius


@pytest.mark.parametrize(
    ("points", "box"),
    [
        (((60.0, 30.0, 1),), None),
        (((16.0, 30.0, 0),), None),
        (((60.0, 30.0, 1), (90.0, 60.0, 0)), None),
        ((), (50.0, 20.0, 70.0, 40.0)),
        (((60.0, 30.0, 0),), (50.0, 20.0, 70.0, 40.0)),
    ],
    ids=["one more", "one less", "both", "box", "box and one less"],
)
def test_a_mask_is_refined_by_points_and_boxes(promptable: Any, points: Any, box: Any) -> None:
    shape = (64, 96)
    embedding = promptable.encode(frame(*shape))
    mask = disc_of(20, 16, 9, shape) | disc_of(60, 30, 5, shape)
    before = mask.copy()
    found = promptable.decode(embedding, Prompt(points, box, mask))
    assert found
    for instance in found:
        assert (instance.mask.shape, instance.mask.dtype) == (shape, np.bool_)
        assert instance.mask.any()
        assert 0 <= instance.score <= 1
    assert np.array_equal(mask, before)
    again = promptable.decode(embedding, Prompt(points, box, mask))
    assert all(np.array_equal(a.mask, b.mask) for a, b in zip(found, again, strict=True))


def test_what_a_mask_is_makes_a_difference(promptable: Any) -> None:
    shape = (64, 96)
    embedding, point = promptable.encode(frame(*shape)), ((60.0, 30.0, 1),)
    answers = [
        promptable.decode(embedding, Prompt(point, mask=mask))
        for mask in (None, disc_of(60, 30, 5, shape), disc_of(40, 40, 22, shape))
    ]
    told = [[(each.mask.tobytes(), each.score) for each in answer] for answer in answers]
    assert told[0] != told[1] != told[2] != told[0]


def test_a_mask_alone_is_no_prompt(promptable: Any) -> None:
    shape = (64, 96)
    with pytest.raises(ValueError, match="at least one point or a box"):
        promptable.decode(promptable.encode(frame(*shape)), Prompt(mask=disc_of(60, 30, 5, shape)))
