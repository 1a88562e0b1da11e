"""The folder of everything that must survive, and what lies where in it."""

from pathlib import Path

PARTS = ("tmp", "uploads", "transfers", "store", "exports", "models", "training", "comparisons", "run")


def prepare(data: Path) -> None:
    """Makes the data folder and its parts. Others on the machine may not look in: images can be confidential."""
    data.mkdir(mode=0o750, parents=True, exist_ok=True)
    for part in PARTS:
        folder = data / part
        if not folder.is_dir():
            folder.mkdir(mode=0o750, exist_ok=True)
