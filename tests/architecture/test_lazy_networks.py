"""Loading the web application, or listing the models, loads no network library."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "torchvision", "onnxruntime", "ultralytics", "timm")


def loaded_after(code: str, data: Path) -> set[str]:
    """Which of the heavy libraries a fresh interpreter holds after running `code`."""
    report = f"{code}\nimport json, sys\nprint(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    result = subprocess.run(
        [sys.executable, "-c", report],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "GRATICULE_DATA": str(data), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_the_probe_sees_a_heavy_library(tmp_path: Path) -> None:
    assert "torch" in loaded_after("import torch", tmp_path)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import backend.config.asgi", id="web"),
        pytest.param(
            "import backend.config.asgi\nfrom django.urls import get_resolver\nget_resolver().url_patterns",
            id="every view",
        ),
        pytest.param("from ml.registry import MODELS\nassert MODELS", id="the list of models"),
    ],
)
def test_no_network_library_is_loaded(code: str, tmp_path: Path) -> None:
    assert loaded_after(code, tmp_path) == set()
