"""Each import contract of pyproject.toml catches an import planted against it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT_IMPORTS), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The Python sources alone, free to be spoilt."""
    for package in ("backend", "ml"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.safetensors", "__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_sources_keep_every_contract(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        pytest.param(
            "backend/projects/planted.py",
            "import backend.annotations.models",
            "Each app imports only what lies below it",
            id="a lower app imports a higher one",
        ),
        pytest.param(
            "ml/planted.py",
            "import django",
            "ml is usable without the web application",
            id="ml imports Django",
        ),
        pytest.param(
            "ml/formats/planted.py",
            "from backend.projects import models",
            "ml is usable without the web application",
            id="ml imports the backend",
        ),
        pytest.param(
            "backend/inference/planted.py",
            "from ml.modeling import efficient_sam",
            "The backend imports only the light parts of ml",
            id="the backend imports a network",
        ),
        pytest.param(
            "backend/live/planted.py",
            "import ml.synthetic",
            "The backend imports only the light parts of ml",
            id="the synthetic series are for the demo alone",
        ),
        pytest.param(
            "ml/rle.py",
            "import torch",
            "Nothing the backend imports loads a network library",
            id="a part that the backend imports loads torch",
        ),
    ],
)
def test_a_planted_import_breaks_its_contract(copy: Path, file: str, line: str, contract: str) -> None:
    with (copy / file).open("a") as source:
        source.write(f"\n{line}\n")
    result = lint(copy)
    assert result.returncode == 1, result.stdout
    assert f"{contract} BROKEN" in result.stdout
