"""`python -m ml train` for the segmenting networks."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml.__main__ import main
from ml.synthetic import sample_frame
from ml.weights import describe, find

TINY = ["--epochs", "1", "--epoch-steps", "2", "--crop", "64", "--crops", "1", "--config", "small"]


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three frames of 96 px in images/, their instances in labels/."""
    folder = tmp_path_factory.mktemp("labelled")
    rng = np.random.default_rng(1)
    for name in ("images", "labels"):
        (folder / name).mkdir()
    for index in range(3):
        image, labels, _ = sample_frame(rng, 96)
        Image.fromarray((255 * image).astype(np.uint8)).save(folder / "images" / f"{index}.png")
        Image.fromarray(labels.astype(np.uint16)).save(folder / "labels" / f"{index}.png")
        (folder / "phases").mkdir(exist_ok=True)
        classes = np.where(labels > 0, 1 + labels % 2, 0).astype(np.uint8)
        Image.fromarray(classes).save(folder / "phases" / f"{index}.png")
    return folder


def train(model: str, labelled: Path, out: Path, *more: str) -> int:
    folders = ["--images", str(labelled / "images"), "--labels", str(labelled / "labels")]
    return main(["train", model, *folders, "--out", str(out), *more, "--json"])


@pytest.mark.parametrize("model", ["swin_unet", "vm_unet", "yolo", "efficient_sam_ti"])
def test_a_trained_checkpoint_is_scored_and_segments(
    model: str, labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"{model}.safetensors"
    assert train(model, labelled, out, *TINY, "--validation", "2") == 0
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert 0 <= result["iou"] <= 1
    assert result["step"] == 2
    assert out.with_suffix(".csv").read_text().splitlines()[0] == "step,epoch,seconds,loss,iou,dice"
    card = out.with_suffix(".md").read_text()
    assert card.startswith(f"# {model}\n\n{model} (")
    assert "Frames to learn from: 2 (0, 1)." in card
    assert "never learnt from: 1 (2)." in card
    start = "`efficient_sam_ti.safetensors`, SHA-256 " if model == "efficient_sam_ti" else "random weights."
    assert f"Begun from {start}" in card
    assert "- epochs: 1\n" in card and "budget_s" not in card
    assert f"| {out.name} | 2 | {result['seconds']} | {describe(out).metadata['iou']} |" in card
    assert float(describe(out).metadata["iou"]) == pytest.approx(result["iou"], abs=1e-4)
    arguments = ["--images", str(labelled / "images"), "--labels", str(labelled / "labels"), "--only", "2", "--json"]
    assert main(["evaluate", "--model", model, "--weights", str(out), *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] > 3_000_000


@pytest.mark.parametrize(("model", "classes"), [("swin_unet", 3), ("yolo", 2)])
def test_phases_are_trained_and_gone_on_from(
    model: str, classes: int, labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    phases = ["--phases", str(labelled / "phases"), "--validation", "2"]
    assert train(model, labelled, out, *TINY, *phases) == 0
    assert 0 <= json.loads(capsys.readouterr().out)["iou"] <= 1
    assert describe(out).metadata["classes"] == str(classes)
    stop = tmp_path / "stop"
    stop.touch()
    more = ["--phase-count", "5", "--init", str(out), "--stop-file", str(stop)]
    assert train(model, labelled, second, *TINY, *phases, *more) == 0
    assert json.loads(capsys.readouterr().out)["step"] == 1
    assert describe(second).metadata["classes"] == str(classes + 3)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--epochs", "1", "--phase-count", "2"], "give the folder of class images"),
        (["--epochs", "1", "--phases", "PHASES", "--phase-count", "1"], "phases up to 2"),
        (["--epochs", "1", "--phases", "PHASES", "--synthetic-share", "0.5"], "synthetic frames have none"),
        (["--epochs", "1", "--init", "none.safetensors"], "give the .safetensors file"),
        (["--out", "net.pt", "--epochs", "1"], "ending with .safetensors"),
        ([], "has no end"),
        (["--epochs", "1", "--validation", "77"], "names 77"),
        (["--epochs", "1", "--config", "huge"], "no configuration 'huge'"),
    ],
)
def test_what_cannot_be_trained_is_said(
    more: list[str], message: str, labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = [str(labelled / "phases") if text == "PHASES" else text for text in more]
    assert train("vm_unet", labelled, tmp_path / "net.safetensors", *more) != 0
    assert message in capsys.readouterr().err


def test_without_frames_and_synthetic_ones_there_is_nothing_to_train_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "vm_unet", "--epochs", "1", "--out", str(tmp_path / "net.safetensors"), "--json"]) != 0
    assert "nothing to train on" in capsys.readouterr().err


def test_a_training_begins_with_the_usual_weights_and_with_none_else(
    labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, usual = tmp_path / "vm_unet.safetensors", find("vm_unet", None)
    more = [*TINY, "--validation", "2", "--init", "usual", "--init-sha256"]
    assert train("vm_unet", labelled, out, *more, usual.sha256) == 0
    assert json.loads(capsys.readouterr().out)["iou"] > 0.7
    assert f"Begun from `vm_unet.safetensors`, SHA-256 {usual.sha256}." in out.with_suffix(".md").read_text()
    assert train("vm_unet", labelled, out, *more, "0" * 64) == 2
    assert "is not the file that was asked for" in capsys.readouterr().err
