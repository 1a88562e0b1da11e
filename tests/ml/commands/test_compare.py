"""`python -m ml compare` from the outside: models, controls, tables and figures of tiny frames."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml import registry
from ml.__main__ import main
from ml.segmenters.threshold_settings import write_settings


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.MODELS, "fake", registry.TEST_MODELS["fake"])


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Four frames of dark discs on grey, with binary labels: two to fit to, two to score."""
    rng = np.random.default_rng(3)
    images, labels = (tmp_path_factory.mktemp(name) for name in ("images", "labels"))
    y, x = np.mgrid[:96, :96] + 0.5
    for name in ("a", "b", "c", "d"):
        mask = np.zeros((96, 96), bool)
        for cx, cy, radius in ((24, 24, 12), (70, 28, 9), (50, 70, 15)):
            mask |= (x - cx - rng.uniform(-4, 4)) ** 2 + (y - cy) ** 2 <= radius**2
        frame = np.where(mask, 90, 170) + rng.normal(0, 12, mask.shape)
        Image.fromarray(frame.clip(0, 255).astype(np.uint8)).save(images / f"{name}.png")
        Image.fromarray(mask.astype(np.uint8) * 255).save(labels / f"{name}.png")
    return str(images), str(labels)


def compare(labelled: tuple[str, str], *options: str) -> int:
    return main(["compare", "--images", labelled[0], "--labels", labelled[1], *options])


def test_models_and_controls_are_compared(
    capsys: pytest.CaptureFixture[str], labelled: tuple[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    missing = f"threshold={tmp_path / 'none.json'}"
    models = ("--models", "threshold", "fake", missing)
    assert compare(labelled, *models, "--fit-on", "a", "b", "--fit-budget", "1", "--out", str(out), "--json") == 0
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert result["frames"] == ["c", "d"]
    assert result["fitted_on"] == ["a", "b"]
    rows = {row["label"]: row for row in result["models"]}
    failed = f"threshold ({tmp_path.name}/none.json)"
    assert list(rows) == ["threshold", "fake", failed, "threshold (fitted)"]
    assert rows["threshold (fitted)"]["control"]
    assert rows["threshold (fitted)"]["model_hash"] != rows["threshold"]["model_hash"]
    for name in ("threshold", "threshold (fitted)"):
        assert rows[name]["iou"] > 0.9
        assert rows[name]["pq"] > 0.9
        assert rows[name]["count_error"] == 0
        assert rows[name]["parameters"] == 0
    fake = rows["fake"]
    assert fake["input_size"] == 64
    assert fake["count_error"] == 1
    assert fake["iou_low"] <= fake["iou"] <= fake["iou_high"]
    # Each in its own process: what pytest holds is in none of them.
    assert 10 < fake["peak_memory_mb"] < 1000
    assert fake["images_per_s"] > 0
    assert "none.json" in rows[failed]["error"]
    assert rows[failed]["iou"] is None
    assert result["per_image"]["fake"].keys() == {"c", "d"}
    assert json.loads((out / "compare.json").read_text()) == result
    with (out / "compare.csv").open(newline="") as file:
        assert [row["label"] for row in csv.DictReader(file)] == list(rows)
    text = (out / "compare.md").read_text()
    assert "| fake |" in text
    assert f"- {failed}: " in text
    assert result["figures"] == ["masks.png", "scores.png"]
    for name in result["figures"]:
        assert Image.open(out / name).size[0] > 300


def test_models_are_called_by_their_titles(labelled: tuple[str, str], tmp_path: Path) -> None:
    write_settings(tmp_path / "fit.json", {}, {})
    models = ("--models", "fake", "threshold", f"threshold={tmp_path / 'fit.json'}", "--no-controls")
    titles = ("--title=-Au $2 and $", "--title=Threshold", "--title=-Au $2 and $")
    assert compare(labelled, *models, *titles, "--only", "c", "--out", str(tmp_path)) == 0
    result = json.loads((tmp_path / "compare.json").read_text())
    named = ["-Au $2 and $", "Threshold", "-Au $2 and $ (2)"]
    assert [row["label"] for row in result["models"]] == named
    assert list(result["per_image"]) == named
    assert Image.open(tmp_path / "scores.png").size[0] > 300


def test_controls_are_called_by_their_titles_where_models_are(labelled: tuple[str, str], tmp_path: Path) -> None:
    options = ("--models", "fake", "--title", "Disc", "--fit-on", "a", "--fit-budget", "0.1", "--out", str(tmp_path))
    assert compare(labelled, *options) == 0
    result = json.loads((tmp_path / "compare.json").read_text())
    assert [row["label"] for row in result["models"]] == ["Disc", "Threshold and watershed (fitted)"]
    assert result["notes"][0].startswith("Threshold and watershed (fitted) is fitted to 1 other frames")


def test_masks_show_where_each_model_agrees_and_errs(labelled: tuple[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "masks"
    options = ("--models", "fake", "threshold", "--no-controls", "--only", "c", "d", "--masks", str(folder))
    assert compare(labelled, *options, "--out", str(tmp_path / "out")) == 0
    result = json.loads((tmp_path / "out/compare.json").read_text())
    assert [row["label"] for row in result["models"]] == ["fake", "threshold"]
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.png")) == [
        f"{row}/{name}.png" for row in (0, 1) for name in ("c", "d")
    ]
    for row, model in enumerate(result["models"]):
        for name in ("c", "d"):
            shown = np.asarray(Image.open(folder / f"{row}/{name}.png"))
            truth = np.asarray(Image.open(f"{labelled[1]}/{name}.png")) > 0
            assert np.array_equal(np.isin(shown, (1, 3)), truth)
            hits, errors = int((shown == 1).sum()), int((shown > 1).sum())
            assert hits / (hits + errors) == pytest.approx(result["per_image"][model["label"]][name]["iou"])


def test_curves_are_drawn_from_the_log_beside_the_weights(labelled: tuple[str, str], tmp_path: Path) -> None:
    write_settings(tmp_path / "fit.json", {}, {})
    (tmp_path / "fit.csv").write_text("step,loss\n1,2\n2,1\n")
    weights = f"threshold={tmp_path / 'fit.json'}"
    assert compare(labelled, "--models", weights, "--fit-on", "a", "--fit-budget", "0.1", "--out", str(tmp_path)) == 0
    assert (tmp_path / "curves.png").stat().st_size > 1000


def test_without_frames_to_fit_to_the_control_says_so(
    capsys: pytest.CaptureFixture[str], labelled: tuple[str, str], tmp_path: Path
) -> None:
    assert compare(labelled, "--models", "fake", "--only", "d", "--out", str(tmp_path)) == 0
    printed = capsys.readouterr().out
    assert "threshold (not fitted)" in printed
    assert "No frames to fit to were given" in printed
    result = json.loads((tmp_path / "compare.json").read_text())
    assert [row["iou_low"] for row in result["models"]] == [None, None]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--models", "fake=x.json"], "fake has no weights; give fake alone"),
        (["--models", "nothing"], "No model is called 'nothing'"),
        (["--models", "overlap"], "overlap is no segmenter"),
        (["--models", "fake", "fake"], "names fake twice"),
        (["--models", "fake", "threshold", "--title", "One"], "--title is given 1 times for 2 --models"),
        (["--only", "z"], "--only names z, which --images does not hold"),
        (["--only", "a", "--fit-on", "a"], "a: both scored and fitted to"),
        (["--fit-on", "a", "b", "c", "d"], "leave some to score"),
        (["--only", "a", "--image", "b"], "--image is b, which is not scored"),
        (["--fit-images", "x"], "belong together"),
        (["--tolerance", "-1"], "--tolerance is -1.0 px; give 0 or more"),
    ],
)
def test_what_makes_no_sense_is_refused(
    capsys: pytest.CaptureFixture[str], labelled: tuple[str, str], tmp_path: Path, options: list[str], told: str
) -> None:
    models = [] if "--models" in options else ["--models", "fake"]
    assert compare(labelled, *models, *options, "--out", str(tmp_path)) == 2
    assert told in capsys.readouterr().err


def test_a_scored_frame_is_not_fitted_to_under_another_name(
    capsys: pytest.CaptureFixture[str], labelled: tuple[str, str], tmp_path: Path
) -> None:
    for kind, source in zip(("images", "labels"), labelled, strict=True):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "other.png").write_bytes((Path(source) / "c.png").read_bytes())
    options = ["--fit-images", str(tmp_path / "images"), "--fit-labels", str(tmp_path / "labels")]
    assert compare(labelled, "--models", "fake", *options, "--out", str(tmp_path / "out")) == 2
    assert "other to fit to is the same image as c" in capsys.readouterr().err
