"""YOLOv8n-seg is the official network, and the library that builds it leaves no trace."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from ml.modeling.yolo import CONFIG, architecture, build, classes_of, library, metadata, steps

ROOT = Path(__file__).parents[3]

# Everything after the hook is seen: files opened for writing, folders, connections, name look-ups, programs.
PROBE = """
import json, sys, warnings
import numpy, scipy.ndimage, torch, torchvision
import ml.modeling.yolo, ml.segmenters.yolo, ml.training.yolo
assert "ultralytics" not in sys.modules
import os
from PIL import Image
def state():
    numbers = repr(torch.rand(3, generator=torch.Generator()))
    return dict(os.environ), list(warnings.filters), torch.save, Image.open, numbers
before = state()
seen = []
def hook(event, arguments):
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        seen.append(f"{event} {arguments[0]}")
    if event.startswith("socket.") or event in {"os.mkdir", "os.rename", "os.remove", "subprocess.Popen", "os.system"}:
        seen.append(f"{event} {arguments}")
    if event.startswith("socket."):
        raise OSError("The network is not there.")
sys.addaudithook(hook)
segmenter = ml.segmenters.yolo.load(untrained=True)
segmenter.segment(numpy.zeros((64, 64), numpy.float32), {"min_score": 0})
labels = numpy.zeros((64, 64), numpy.int32)
labels[8:30, 8:30] = 1
ml.training.yolo.yolo_loss(segmenter.model.train(), torch.zeros(1, 1, 64, 64), [labels], [None])[0].backward()
assert "ultralytics" in sys.modules
after = state()
print(json.dumps({"seen": seen, "as before": [a == b for a, b in zip(before, after)]}))
"""


def test_the_network_has_the_official_number_of_parameters() -> None:
    assert sum(parameter.numel() for parameter in build(80).parameters()) == 3_409_968


def test_the_layers_are_those_of_the_librarys_own_yaml() -> None:
    library()
    import ultralytics

    official = yaml.safe_load((Path(ultralytics.__file__).parent / "cfg/models/v8/yolov8-seg.yaml").read_text())
    ours = architecture(80)
    assert (ours["backbone"], ours["head"]) == (official["backbone"], official["head"])
    assert ours["scales"]["n"] == official["scales"]["n"]


@pytest.mark.parametrize("classes", [1, 3, 80])
def test_any_number_of_classes_and_whole_strides_go_through(classes: int) -> None:
    model: Any = build(classes).eval()
    assert classes_of(model) == classes
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        walk = steps(model, image)
        pauses = 0
        while True:
            try:
                next(walk)
            except StopIteration as done:
                output = done.value
                break
            pauses += 1
        (predictions, prototypes), _ = model(image)
    assert pauses == len(model.model) == 23
    assert output.predictions.shape == (1, 4 + classes + 32, 8 * 12 + 4 * 6 + 2 * 3)
    torch.testing.assert_close(output.predictions, predictions)
    torch.testing.assert_close(output.prototypes, prototypes[0])


@pytest.mark.parametrize("classes", [0, 1001])
def test_an_absurd_number_of_classes_is_refused(classes: int) -> None:
    with pytest.raises(ValueError, match="give 1 to 1000"):
        build(classes)


def test_the_metadata_hold_the_yaml_of_the_network() -> None:
    told = metadata(3, 640)
    assert (told["model"], told["classes"], told["image_size"]) == ("yolo", "3", "640")
    assert yaml.safe_load(told["yaml"]) == architecture(3)


@pytest.mark.slow
def test_nothing_is_written_no_one_is_asked_and_the_process_is_as_before(tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    for folder in (home, work):
        folder.mkdir(mode=0o500)
    settings = CONFIG / "Ultralytics/settings.json"
    content = settings.read_bytes()
    result = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=work,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)  # and nothing else was printed
    assert report["seen"] == [f"os.mkdir {(str(settings.parent), 0o777, -1)}"]  # our own folder, which is there
    assert report["as before"] == [True] * 5
    assert list(home.iterdir()) == list(work.iterdir()) == []
    assert settings.read_bytes() == content
    assert [path.name for path in settings.parent.iterdir()] == ["settings.json"]
