import tomllib
from pathlib import Path

from backend import VERSION


def test_exports_name_the_version_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION
