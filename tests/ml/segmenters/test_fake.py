import numpy as np
import pytest

from ml import registry
from ml.segmenters.parameters import ParameterError
from ml.types import Prompt

FRAME = np.zeros((60, 80), np.float32)


def test_it_loads_only_where_test_models_are_allowed() -> None:
    assert "fake" not in registry.MODELS
    with pytest.raises(registry.UnknownModelError, match="fake"):
        registry.load("fake")
    assert registry.load("fake", allow_test_models=True, device="cpu").name == "fake"


def test_disc_lies_around_the_last_positive_click() -> None:
    fake = registry.load("fake", allow_test_models=True)
    candidates = fake.decode(fake.encode(FRAME), Prompt(((5.5, 5.5, 1), (40.5, 30.5, 1), (1, 1, 0))))
    assert [round(float(np.sqrt(c.mask.sum() / np.pi))) for c in candidates] == [12, 8, 18]
    assert [c.score for c in candidates] == sorted((c.score for c in candidates), reverse=True)
    rows, columns = np.nonzero(candidates[0].mask)
    assert (columns.mean(), rows.mean()) == (40, 30)
    assert (columns.min(), columns.max()) == (28, 52)


def test_box_gives_its_ellipse() -> None:
    fake = registry.load("fake", allow_test_models=True)
    best = fake.decode(fake.encode(FRAME), Prompt(box_xyxy=(10, 20, 50, 40)))[0]
    rows, columns = np.nonzero(best.mask)
    assert (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1) == (10, 50, 20, 40)
    assert best.mask.sum() == pytest.approx(np.pi * 20 * 10, rel=0.02)


def test_prompt_without_a_positive_point_finds_nothing() -> None:
    fake = registry.load("fake", allow_test_models=True)
    assert fake.decode(fake.encode(FRAME), Prompt(((5, 5, 0),))) == []


def test_a_mask_to_refine_gains_the_discs_of_positive_points_and_loses_those_of_negative_ones() -> None:
    fake = registry.load("fake", allow_test_models=True)
    mask = np.zeros(FRAME.shape, bool)
    mask[20:40, 10:50] = True
    points = ((60.5, 30.5, 1), (10.5, 30.5, 0))
    found = fake.decode(fake.encode(FRAME), Prompt(points, mask=mask))
    rows, columns = np.mgrid[: FRAME.shape[0], : FRAME.shape[1]]
    for each, radius in zip(found, (12, 8, 18), strict=True):
        added, removed = (np.hypot(columns - x, rows - 30) <= radius for x in (60, 10))
        assert np.array_equal(each.mask, (mask | added) & ~removed)
    boxed = fake.decode(fake.encode(FRAME), Prompt(box_xyxy=(50, 20, 70, 40), mask=mask))[0].mask
    assert boxed[mask].all() and boxed[30, 60]


def test_segment_finds_four_discs_and_refuses_settings() -> None:
    fake = registry.load("fake", allow_test_models=True)
    found = fake.segment(FRAME)
    assert len(found) == 4
    assert all(instance.mask.shape == FRAME.shape and instance.mask.any() for instance in found)
    with pytest.raises(ParameterError, match="no setting 'sigma'"):
        fake.segment(FRAME, {"sigma": 1})
