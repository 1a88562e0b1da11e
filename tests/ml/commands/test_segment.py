"""`python -m ml segment`, with discs for a network."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from ml import registry
from ml.__main__ import main
from ml.segmenters.fake import FakeSegmenter
from ml.types import Grey, Instance


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.MODELS, "fake", registry.TEST_MODELS["fake"])


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    frames = np.zeros((3, 64, 96), np.uint8)
    frames[1:] = np.arange(96)
    tifffile.imwrite(tmp_path / "stack.tif", frames, photometric="minisblack")
    return tmp_path / "stack.tif"


def segment(capsys: pytest.CaptureFixture[str], stack: Path, *options: str) -> tuple[dict[str, Any], Any]:
    out = stack.parent / "labels.tif"
    assert main(["segment", str(stack), "--model", "fake", "--out", str(out), "--json", *options]) == 0
    return json.loads(capsys.readouterr().out), tifffile.imread(out)


def test_a_point_makes_the_best_mask_label_1(capsys: pytest.CaptureFixture[str], stack: Path) -> None:
    result, labels = segment(capsys, stack, "--point", "40,20,1")
    assert labels.dtype == np.uint32
    assert labels.shape == (64, 96)
    rows, columns = np.nonzero(labels == 1)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == (40, 20)
    (instance,) = result["instances"]
    assert instance == {
        "label": 1,
        "score": 0.9,
        "area_px": len(rows),
        "box": [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1],
        "phase": 0,
    }
    assert (result["model"], result["model_hash"]) == ("fake", "fake-1")
    assert result["seconds"] > 0


def test_points_are_given_one_by_one_or_together(capsys: pytest.CaptureFixture[str], stack: Path) -> None:
    _, together = segment(capsys, stack, "--point", "10,10,1", "50,30,1")
    _, apart = segment(capsys, stack, "--point", "10,10,1", "--point", "50,30,1")
    np.testing.assert_array_equal(together, apart)
    assert together[30, 50] == 1


def test_a_box_is_a_prompt(capsys: pytest.CaptureFixture[str], stack: Path) -> None:
    result, _ = segment(capsys, stack, "--box", "10,20,40,40")
    assert result["instances"][0]["box"] == [10, 20, 40, 40]


def test_without_a_prompt_every_object_gets_a_label(capsys: pytest.CaptureFixture[str], stack: Path) -> None:
    result, labels = segment(capsys, stack)
    assert [instance["label"] for instance in result["instances"]] == [1, 2, 3, 4]
    assert set(np.unique(labels)) == {0, 1, 2, 3, 4}


def test_small_objects_stay_visible_on_large_ones(
    capsys: pytest.CaptureFixture[str], stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    core, shell = np.zeros((2, 64, 96), bool)
    core[20:30, 20:30] = True
    shell[10:40, 10:40] = True

    def nested(segmenter: FakeSegmenter, frame: Grey, parameters: Any) -> list[Instance]:
        return [Instance(core, 0.9), Instance(shell, float("nan"), phase=1)]

    monkeypatch.setattr(FakeSegmenter, "segment", nested)
    result, labels = segment(capsys, stack)
    assert [(item["label"], item["area_px"], item["score"]) for item in result["instances"]] == [
        (1, 900, None),
        (2, 100, 0.9),
    ]
    assert (labels == 2).sum() == 100
    assert (labels == 1).sum() == 800


def test_the_chosen_frame_is_seen_in_the_input_range_of_the_series(
    capsys: pytest.CaptureFixture[str], stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Grey] = []
    original = FakeSegmenter.segment

    def look(segmenter: FakeSegmenter, frame: Grey, parameters: Any) -> list[Instance]:
        seen.append(frame)
        return original(segmenter, frame)

    monkeypatch.setattr(FakeSegmenter, "segment", look)
    segment(capsys, stack, "--frame", "0")
    segment(capsys, stack, "--frame", "2")
    assert not seen[0].any()
    np.testing.assert_allclose(seen[1][0], np.arange(96) / 95, atol=1e-6)


def test_parameters_reach_the_model_with_their_type(
    capsys: pytest.CaptureFixture[str], stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(FakeSegmenter, "segment", lambda self, frame, parameters: seen.append(parameters) or [])
    result, labels = segment(capsys, stack, "--parameter", "sigma=1.5", "n=3", "--parameter", "split=true", "kind=dark")
    assert seen == [{"sigma": 1.5, "n": 3, "split": True, "kind": "dark"}]
    assert result["instances"] == []
    assert not labels.any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--point", "200,20,1"], "200,20 lies outside the frame of 96×64 pixels"),
        (["--point", "nan,20,1"], "outside the frame"),
        (["--box", "40,10,20,30"], "must have x0 < x1"),
        (["--box", "100,10,120,30"], "meet the frame"),
        (["--frame", "3"], "has 3 frames, 0 to 2"),
        (["--parameter", "radius=3"], "'radius'"),
        (["--point", "1,1,1", "--parameter", "radius=3"], "leave it out"),
        (["--model", "sam_9"], "'sam_9'"),
        (["--model", "threshold", "--point", "1,1,1"], "answers no prompts"),
        (["--point", "-5,20,1"], "-5,20 lies outside the frame of 96×64 pixels"),
        (["--device", "abacus"], "--device is abacus, which cannot be used here"),
    ],
)
def test_what_cannot_be_done_is_named_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], stack: Path, options: list[str], message: str
) -> None:
    out = stack.parent / "labels.tif"
    assert main(["segment", str(stack), "--model", "fake", "--out", str(out), *options]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    "option",
    [
        ["--point", "1,2"],
        ["--point", "1,2,3"],
        ["--box", "1,2,3"],
        ["--box", "0,0,inf,20"],
        ["--box", "nan,0,20,20"],
        ["--parameter", "x"],
    ],
)
def test_options_that_cannot_be_read_are_exit_code_2(
    capsys: pytest.CaptureFixture[str], stack: Path, option: list[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["segment", str(stack), "--model", "fake", "--out", "labels.tif", *option])
    assert end.value.code == 2
    assert repr(option[1]) in capsys.readouterr().err


def test_a_box_may_reach_out_of_the_frame(capsys: pytest.CaptureFixture[str], stack: Path) -> None:
    result, labels = segment(capsys, stack, "--box", "-5,-2.5,40,30")
    assert len(result["instances"]) == 1
    assert labels.any()


@pytest.mark.parametrize(
    ("name", "message"), [("labels.png", "ends in .tif"), ("nowhere/labels.tif", "there is no folder")]
)
def test_where_nothing_can_be_written_is_told_before_the_model_runs(
    capsys: pytest.CaptureFixture[str], stack: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    monkeypatch.setattr(FakeSegmenter, "segment", lambda *_: pytest.fail("ran"))
    assert main(["segment", str(stack), "--model", "fake", "--out", str(stack.parent / name)]) == 2
    assert message in capsys.readouterr().err


def test_an_image_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    missing = tmp_path / "missing.tif"
    assert main(["segment", str(missing), "--model", "fake", "--out", str(tmp_path / "labels.tif")]) == 2
    assert "missing.tif" in capsys.readouterr().err
