"""`python -m ml evaluate` from the outside: a folder of frames, a folder of labels, one JSON object."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml import registry
from ml.__main__ import main
from ml.modeling.efficient_sam import build
from ml.segmenters.threshold_settings import write_settings
from ml.weights import save

FIELDS = {"iou", "dice", "ap50", "images_per_s", "pixels_per_s", "parameters", "peak_memory_mb"}


@pytest.fixture
def labelled(tmp_path: Path) -> tuple[Path, Path]:
    """Two frames of dark discs on grey, with binary labels."""
    rng = np.random.default_rng(3)
    images, labels = tmp_path / "images", tmp_path / "labels"
    images.mkdir()
    labels.mkdir()
    y, x = np.mgrid[:160, :160] + 0.5
    for name in ("a", "b"):
        mask = np.zeros((160, 160), bool)
        for cx, cy, radius in ((40, 45, 20), (110, 50, 14), (80, 118, 24)):
            mask |= (x - cx) ** 2 + (y - cy) ** 2 <= radius**2
        frame = np.where(mask, 90, 170) + rng.normal(0, 12, mask.shape)
        Image.fromarray(frame.clip(0, 255).astype(np.uint8)).save(images / f"{name}.png")
        Image.fromarray(mask.astype(np.uint8) * 255).save(labels / f"{name}.png")
    return images, labels


def evaluate(capsys: pytest.CaptureFixture[str], labelled: tuple[Path, Path], *options: str) -> dict[str, object]:
    images, labels = map(str, labelled)
    assert main(["evaluate", "--images", images, "--labels", labels, *options, "--json"]) == 0
    result: dict[str, object] = json.loads(capsys.readouterr().out)
    return result


def test_threshold_finds_dark_discs(capsys: pytest.CaptureFixture[str], labelled: tuple[Path, Path]) -> None:
    result = evaluate(capsys, labelled, "--model", "threshold")
    assert result.keys() >= FIELDS
    assert result["images"] == 2
    assert result["iou"] > 0.93
    assert result["ap50"] == 1
    assert result["parameters"] == 0


@pytest.mark.parametrize("prompts", ["point", "box"])
def test_prompted_scores_of_given_weights(
    capsys: pytest.CaptureFixture[str], labelled: tuple[Path, Path], tmp_path: Path, prompts: str
) -> None:
    weights = tmp_path / "w.safetensors"
    save(weights, build("efficient_sam_ti").state_dict(), {"image_size": "64", "stretch": "0"})
    options = ("--model", "efficient_sam_ti", "--weights", str(weights), "--prompts", prompts)
    result = evaluate(capsys, labelled, *options)
    assert result["objects"] == 6
    assert result["parameters"] == 10_223_204
    assert 0 <= result["iou"] <= result["dice"] <= 1


def test_a_frame_without_labels_is_named(capsys: pytest.CaptureFixture[str], labelled: tuple[Path, Path]) -> None:
    images, labels = labelled
    (labels / "b.png").unlink()
    assert main(["evaluate", "--model", "threshold", "--images", str(images), "--labels", str(labels)]) == 2
    assert "b.png has no label image" in capsys.readouterr().err


def test_prompts_on_a_model_that_takes_none_are_refused(
    capsys: pytest.CaptureFixture[str], labelled: tuple[Path, Path]
) -> None:
    images, labels = map(str, labelled)
    options = ["--model", "threshold", "--prompts", "box", "--images", images, "--labels", labels]
    assert main(["evaluate", *options]) == 2
    assert "takes no prompts" in capsys.readouterr().err


def test_weights_are_looked_for_where_pull_puts_them(
    capsys: pytest.CaptureFixture[str],
    labelled: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "weights").mkdir()
    path = tmp_path / "weights/efficient_sam_s.safetensors"
    save(path, build("efficient_sam_s").state_dict(), {"image_size": "64", "stretch": "0"})
    monkeypatch.setenv("GRATICULE_DATA", str(tmp_path))
    result = evaluate(capsys, labelled, "--model", "efficient_sam_s", "--prompts", "box")
    assert result["model_hash"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_weights_for_a_model_without_any_are_refused(
    capsys: pytest.CaptureFixture[str],
    labelled: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(registry.MODELS, "fake", registry.TEST_MODELS["fake"])
    images, labels = map(str, labelled)
    options = ["--model", "fake", "--weights", str(tmp_path / "w"), "--images", images, "--labels", labels]
    assert main(["evaluate", *options]) == 2
    assert "fake has no weights; leave --weights out" in capsys.readouterr().err


def test_fitted_settings_are_weights_of_threshold(
    capsys: pytest.CaptureFixture[str], labelled: tuple[Path, Path], tmp_path: Path
) -> None:
    path = tmp_path / "bright.json"
    write_settings(path, {"polarity": "bright", "method": "otsu"}, {})
    fitted = evaluate(capsys, labelled, "--model", "threshold", "--weights", str(path))
    default = evaluate(capsys, labelled, "--model", "threshold")
    assert fitted["iou"] < 0.5 < default["iou"]
    assert fitted["model_hash"] != default["model_hash"]
