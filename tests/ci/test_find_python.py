"""A Debian Python without its venv package gets it; none at all is said clearly."""

import os
import subprocess
import sys
from pathlib import Path

FIND_PYTHON = Path(__file__).resolve().parents[2] / ".ci" / "find-python"


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


def find_python(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs with nothing but the folder's programs and the few that a shell script needs."""
    for name in ("bash", "env", "dirname", "id"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    environment = {"PATH": str(folder), "INSTALLED": str(folder / "installed"), **variables}
    return subprocess.run([FIND_PYTHON], env=environment, capture_output=True, text=True, check=False)


def test_a_complete_python_is_printed(tmp_path: Path) -> None:
    program(tmp_path / "python3", f'exec {sys.executable} "$@"')
    found = find_python(tmp_path)
    assert (found.returncode, found.stdout.strip()) == (0, str(tmp_path / "python3"))


def test_missing_venv_package_is_installed(tmp_path: Path) -> None:
    without = f'[[ "$2" == *ensurepip* && ! -e $INSTALLED ]] && exit 1\nexec {sys.executable} "$@"'
    program(tmp_path / "python3", without)
    program(tmp_path / "apt-get", '[ "$1" = install ] && echo "$@" > $INSTALLED || true')
    program(tmp_path / "sudo", 'exec "$@"')
    found = find_python(tmp_path)
    assert (found.returncode, found.stdout.strip()) == (0, str(tmp_path / "python3")), found.stderr
    version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    assert version in (tmp_path / "installed").read_text().split()
    assert version in found.stderr


def test_no_python_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    program(tmp_path / "python3", "exit 1")  # too old for anything
    found = find_python(tmp_path, PYTHON="")
    assert found.returncode != 0
    assert "apt-get install python3" in found.stderr
    assert os.linesep not in found.stdout
