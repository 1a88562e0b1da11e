"""Removes model files that no version names any more: of deleted projects, and of uploads that broke off."""

import time
from pathlib import Path

from backend.inference.model_files import models_folder
from backend.inference.models import ModelVersion
from backend.series.prune import SAFE_AGE_S
from backend.series.uploads import locked


def prune_model_files(*, safe_age_s: float = SAFE_AGE_S) -> int:
    """The number of files removed. Younger ones may belong to a request that has not written its row yet."""
    before = time.time() - safe_age_s
    folder = models_folder()
    drafts = [path for path in folder.glob(".*") if path.is_file() and path.stat().st_mtime < before]
    for path in drafts:
        path.unlink(missing_ok=True)
    known = set(ModelVersion.objects.values_list("sha256", flat=True))
    orphans = [path for path in folder.glob("??/*") if path.stem not in known]
    return len(drafts) + sum(_remove(path, before) for path in orphans)


def _remove(path: Path, before: float) -> int:
    with locked(path.parent):
        # Equal bytes may have come since its row was looked for: they made the file young again.
        if path.stat().st_mtime >= before or ModelVersion.objects.filter(sha256=path.stem).exists():
            return 0
        path.unlink()
        return 1
