"""Fitting `threshold`: labels that follow from known settings are found again."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.__main__ import main
from ml.evaluation.frames import LabelledFrame, instances_of
from ml.evaluation.scores import union
from ml.segmenters.parameters import THRESHOLD_PARAMETERS, resolve
from ml.segmenters.threshold import ThresholdSegmenter
from ml.segmenters.threshold_settings import read_settings
from ml.training.threshold import fit, frames_hash, score
from ml.training.threshold_search import changes, coarse
from tests.ml.segmenters.discs import draw, scattered

KNOWN = {"polarity": "dark", "method": "otsu", "sigma_px": 5.0, "split": False, "min_area_px": 0}


def frame_of(seed: int, discs: int = 5, size: int = 96) -> LabelledFrame:
    """Blurred far more than the image asks for, so that the labels are fatter than what is seen."""
    image = draw(scattered(discs, 8, size, seed), 8, size, seed=seed).frame
    mask = union(ThresholdSegmenter().segment(image, KNOWN), image.shape)
    return LabelledFrame(str(seed), image, instances_of(mask))


def test_settings_behind_the_labels_are_found_again() -> None:
    frames = [frame_of(seed, discs=3, size=72) for seed in range(2)]
    seen: list[tuple[float, float]] = []
    fitted = fit(frames, budget_s=60, progress=lambda spent_s, best: seen.append((spent_s, best)))
    assert fitted.finished
    assert fitted.default_score < 0.9
    assert fitted.score > 0.99
    assert fitted.score == score(fitted.parameters, frames)
    assert seen == sorted(seen)
    assert score(fitted.parameters, [frame_of(7)]) > 0.95


def test_equal_seeds_give_equal_settings() -> None:
    frames = [frame_of(0, discs=2, size=48)]
    first, second = (fit(frames, budget_s=60, seed=4) for _ in range(2))
    assert first.finished
    assert (first.parameters, first.score, first.trials) == (second.parameters, second.score, second.trials)


def test_a_spent_budget_leaves_the_best_so_far() -> None:
    fitted = fit([frame_of(0)], budget_s=1e-9)
    assert not fitted.finished
    assert fitted.parameters == resolve(THRESHOLD_PARAMETERS, {})
    assert fitted.score == fitted.default_score


def test_without_frames_or_time_nothing_is_fitted() -> None:
    with pytest.raises(ValueError, match="no frames to fit"):
        fit([], budget_s=1)
    with pytest.raises(ValueError, match="budget is 0 s; give more than 0"):
        fit([frame_of(0)], budget_s=0)


def test_every_setting_that_is_tried_is_one_that_threshold_takes() -> None:
    rng = np.random.default_rng(0)
    edges = [
        {parameter.name: getattr(parameter, end) for parameter in THRESHOLD_PARAMETERS if parameter.maximum}
        for end in ("minimum", "maximum")
    ]
    for start in [*coarse(), *edges]:
        for level in range(5):
            complete = resolve(THRESHOLD_PARAMETERS, start)
            for change in changes(complete, level, rng):
                settings = {**complete, **change}
                assert resolve(THRESHOLD_PARAMETERS, settings) == settings


def test_the_hash_tells_frames_apart_and_not_their_order() -> None:
    a, b = frame_of(0), frame_of(1)
    assert frames_hash([a, b]) == frames_hash([b, a])
    assert frames_hash([a]) != frames_hash([LabelledFrame(a.name, a.image, a.labels * 0)])


def test_the_command_writes_a_file_that_threshold_takes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for place, seeds in (("train", (0, 1)), ("val", (2,))):
        for kind in ("images", "labels"):
            (tmp_path / place / kind).mkdir(parents=True)
        for seed in seeds:
            frame = frame_of(seed)
            grey = (np.clip(frame.image, 0, 1) * 255).astype(np.uint8)
            Image.fromarray(grey).save(tmp_path / place / f"images/{seed}.png")
            Image.fromarray(frame.labels.astype(np.uint8)).save(tmp_path / place / f"labels/{seed}.png")
    options = ["--images", str(tmp_path / "train/images"), "--labels", str(tmp_path / "train/labels")]
    out = tmp_path / "runs/fit.json"
    command = ["train", "threshold", *options, "--val", str(tmp_path / "val"), "--time-budget", "0.5", "--out"]
    assert main([*command, str(out), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    content = json.loads(out.read_text())
    assert content["model"] == "threshold"
    assert content["frames"] == 2
    assert content["val_frames"] == 1
    assert len(content["frames_sha256"]) == 64
    assert content["score"] >= content["default_score"]
    assert read_settings(out) == content["parameters"]
    assert result["score"] == content["score"]
    assert main([*command, str(tmp_path / "folder")]) == 2
    assert "give one that ends with .json" in capsys.readouterr().err
