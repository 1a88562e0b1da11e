"""The repository holds what any machine can use: no paths of one machine, no package hosts, no data."""

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Spelt so that this file does not match itself.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root)/(?=[\w.])|/home/(?!graticule)[a-z]")
LARGEST_BYTES = 25 * 1000**2


def tracked_files() -> list[Path]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in names.split("\0") if name]
    assert len(files) > 20
    return [file for file in files if file.is_file()]


def test_no_file_names_a_path_of_one_machine() -> None:
    found = []
    for file in tracked_files():
        try:
            text = file.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{file.relative_to(ROOT)}: {match.group()}" for match in MACHINE_PATHS.finditer(text)]
    assert found == []


def test_the_lock_file_names_no_package_host() -> None:
    packages = json.loads((ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    assert len(packages) > 10
    assert [name for name, package in packages.items() if "://" in package.get("resolved", "")] == []


def test_requirements_are_pinned_and_name_no_package_host() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = (ROOT / name).read_text().splitlines()
        wanted = [line for line in lines if line and not line.startswith(("#", "-r "))]
        assert wanted
        assert [line for line in wanted if not re.fullmatch(r"[\w.-]+(\[[\w,]+\])?==[\w.]+", line)] == []


def test_no_tracked_file_is_larger_than_a_checkpoint() -> None:
    large = [str(file.relative_to(ROOT)) for file in tracked_files() if file.stat().st_size > LARGEST_BYTES]
    assert large == []
