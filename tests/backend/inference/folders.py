"""Jobs that begin in the middle of the removal of old folders."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


def begin_before_listing(monkeypatch: pytest.MonkeyPatch, begin: Callable[[], Path]) -> list[Path]:
    """Once a folder is listed, a job begins and makes the folder that `begin` names; the list has it."""
    begun: list[Path] = []
    listed = Path.iterdir

    def iterdir(folder: Path) -> Iterator[Path]:
        if not begun:
            begun.append(begin())
            begun[0].mkdir()
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    return begun
