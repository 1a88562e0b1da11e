"""dependency-cruiser catches an import planted against each of the front end's rules."""

import shutil
import subprocess
from pathlib import Path

import pytest

FRONTEND = Path(__file__).parents[2] / "frontend"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The front end's sources, free to be spoilt, with the installed packages beside them."""
    if not (FRONTEND / "node_modules").is_dir():
        pytest.skip("the front end's packages are not installed: run make vitest")
    shutil.copytree(FRONTEND / "src", tmp_path / "src")
    for name in (".dependency-cruiser.cjs", "tsconfig.json", "tsconfig.pure.json", "package.json"):
        shutil.copy(FRONTEND / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(FRONTEND / "node_modules")
    return tmp_path


def npm_run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["npm", "run", "--silent", script], cwd=folder, capture_output=True, text=True, check=False, timeout=240
    )


def test_the_sources_keep_every_rule(copy: Path) -> None:
    result = npm_run("imports", copy)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("file", "line", "rule"),
    [
        ("src/geometry/planted.ts", 'import "../main";', "geometry-is-the-bottom"),
        ("src/state/planted.ts", 'import "../pages/App";', "state-sees-no-screen"),
        ("src/ui/planted.ts", 'import { api } from "../protocol/api"; api;', "network-behind-effects"),
        ("src/render/planted.ts", 'import { api } from "../protocol/api"; api;', "network-behind-effects"),
        ("src/state/annotator/reduce.ts", 'import { signal } from "@preact/signals"; signal;', "reducers-are-pure"),
        ("src/tools/planted.ts", 'import "../pages/App";', "ui-is-below-pages"),
    ],
)
def test_a_planted_import_breaks_its_rule(copy: Path, file: str, line: str, rule: str) -> None:
    with (copy / file).open("a") as source:
        source.write(f"\n{line}\n")
    result = npm_run("imports", copy)
    assert result.returncode != 0
    assert rule in result.stdout + result.stderr


def test_a_reducer_that_touches_the_page_does_not_compile(copy: Path) -> None:
    with (copy / "src/state/annotator/reduce.ts").open("a") as source:
        source.write("\nexport const title = () => document.title;\n")
    compiler = ["npx", "--no-install", "tsc", "-p", "tsconfig.pure.json"]
    result = subprocess.run(compiler, cwd=copy, capture_output=True, text=True, check=False, timeout=240)
    assert result.returncode != 0
    assert "Cannot find name 'document'" in result.stdout
