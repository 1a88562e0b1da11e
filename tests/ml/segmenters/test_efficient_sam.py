"""EfficientSAM as a segmenter: geometry, prompts of any length, candidates, whole frames."""

import numpy as np
import pytest
import torch

from ml.modeling.efficient_sam import build
from ml.segmenters.efficient_sam import EfficientSamSegmenter, fit
from ml.types import Embedding, Prompt


@pytest.fixture(scope="module")
def segmenter() -> EfficientSamSegmenter:
    """A small network with random weights: what it answers is noise, but it depends on all that it is given."""
    torch.manual_seed(0)
    model = build("efficient_sam_ti", image_size=128)
    for parameter in model.parameters():
        if parameter.ndim >= 2:
            torch.nn.init.normal_(parameter, std=0.05)
    return EfficientSamSegmenter(model, name="efficient_sam_ti", weights_hash="test")


def frame(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).random((height, width), np.float32)


def low_res(segmenter: EfficientSamSegmenter, embedding: Embedding, prompt: Prompt) -> np.ndarray:
    with torch.inference_mode():
        return segmenter.decode_many(embedding, [prompt])[0].numpy()


def test_the_ninth_point_changes_the_mask(segmenter: EfficientSamSegmenter) -> None:
    embedding = segmenter.encode(frame(128, 128))
    points = [(10.0 + 12 * i, 20.0 + 9 * (i % 4), i % 2) for i in range(9)]
    eight = low_res(segmenter, embedding, Prompt(points=tuple(points[:8])))
    nine = low_res(segmenter, embedding, Prompt(points=tuple(points)))
    assert np.abs(eight - nine).max() > 1e-3


def test_box_and_points_both_count(segmenter: EfficientSamSegmenter) -> None:
    embedding = segmenter.encode(frame(128, 128))
    box = low_res(segmenter, embedding, Prompt(box_xyxy=(20, 20, 60, 70)))
    both = low_res(segmenter, embedding, Prompt(points=((30.0, 40.0, 1),), box_xyxy=(20, 20, 60, 70)))
    negative = low_res(segmenter, embedding, Prompt(points=((30.0, 40.0, 0),), box_xyxy=(20, 20, 60, 70)))
    assert np.abs(box - both).max() > 1e-3
    assert np.abs(both - negative).max() > 1e-3


def test_a_box_drawn_from_any_corner_is_the_same_box(segmenter: EfficientSamSegmenter) -> None:
    embedding = segmenter.encode(frame(128, 128))
    one = low_res(segmenter, embedding, Prompt(box_xyxy=(20, 30, 60, 70)))
    other = low_res(segmenter, embedding, Prompt(box_xyxy=(60, 70, 20, 30)))
    assert np.array_equal(one, other)


def test_an_empty_prompt_is_refused(segmenter: EfficientSamSegmenter) -> None:
    with pytest.raises(ValueError, match="at least one point or a box"):
        segmenter.decode(segmenter.encode(frame(64, 64)), Prompt())


@pytest.mark.parametrize(("height", "width"), [(128, 128), (96, 200), (300, 40), (64, 64), (17, 33)])
def test_masks_have_the_frame_s_shape(segmenter: EfficientSamSegmenter, height: int, width: int) -> None:
    embedding = segmenter.encode(frame(height, width))
    candidates = segmenter.decode(embedding, Prompt(points=((width / 2, height / 2, 1),)))
    assert all(c.mask.shape == (height, width) and c.mask.dtype == bool for c in candidates)
    for agreeing in (True, False):  # those that hold the click first
        scores = [c.score for c in candidates if c.mask[height // 2, width // 2] == agreeing]
        assert scores == sorted(scores, reverse=True)


def test_a_frame_keeps_its_aspect_ratio_and_leaves_the_rest_of_the_square_out() -> None:
    geometry = fit(100, 200, 128, stretch=False)
    assert (geometry.scale_x, geometry.scale_y) == (0.64, 0.64)
    assert (geometry.rows, geometry.columns) == (4, 8)


def test_the_official_geometry_stretches_to_the_square() -> None:
    geometry = fit(100, 200, 128, stretch=True)
    assert (geometry.scale_x, geometry.scale_y, geometry.rows, geometry.columns) == (0.64, 1.28, 8, 8)


def test_a_prompt_decoded_in_a_batch_is_the_prompt_decoded_alone(segmenter: EfficientSamSegmenter) -> None:
    embedding = segmenter.encode(frame(90, 128))
    prompts = [Prompt(points=((20.0, 20.0, 1),)), Prompt(points=((100.0, 60.0, 1),))]
    with torch.inference_mode():
        together, scores = segmenter.decode_many(embedding, prompts)
        alone, score = segmenter.decode_many(embedding, prompts[1:])
    assert np.allclose(together[1], alone[0], atol=1e-4)
    assert np.allclose(scores[1], score[0], atol=1e-5)


def test_the_score_of_a_box_s_mask_holds_how_well_it_fills_the_box(segmenter: EfficientSamSegmenter) -> None:
    embedding = segmenter.encode(frame(128, 128))
    prompt = Prompt(box_xyxy=(30.0, 30.0, 90.0, 90.0))
    with torch.inference_mode():
        logits, scores = segmenter.decode_unsorted(embedding, [prompt])
        answers = segmenter.masks_of(logits[0], embedding, prompt)
    expected = [
        min(max((fit + 0.5 * value) / 1.5, 0.0), 1.0)
        for (_, fit), value in zip(answers, scores[0].tolist(), strict=True)
        if fit is not None
    ]
    assert len(expected) == 4
    assert segmenter.decode(embedding, prompt)[0].score == pytest.approx(max(expected))
