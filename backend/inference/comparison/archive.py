"""A comparison as files, for who publishes it: what was measured, the table for a spreadsheet and a reader, figures."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.inference.aside import without_paths

ARCHIVE = "comparison.zip"
SETTINGS = "threshold.json"  # what the control was fitted to


def write_archive(path: Path, out: Path, result: Mapping[str, Any]) -> None:
    """`out` is what `python -m ml compare` wrote; its JSON names files of the server, `result` takes its place."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        measured = {"frames_count_from": 0, **result}  # the tables and figures count from one
        archive.writestr("comparison.json", json.dumps(measured, indent=1, allow_nan=False))
        for file in sorted(out.iterdir()):
            if file.suffix == ".png" or file.name == SETTINGS:
                archive.write(file, file.name)
            elif file.suffix == ".csv":
                archive.writestr("table.csv", without_paths(file.read_text()))
            elif file.suffix == ".md":
                archive.writestr("table.md", _readable(file.read_text(), result))


def _readable(text: str, result: Mapping[str, Any]) -> str:
    """The table with our notes, which know the frames that a model has seen, in place of those of ml."""
    table, _, rest = text.partition("\n\nNotes:\n\n")
    _, failed, errors = rest.partition("\n\nFailed:\n\n")
    title = f"# Comparison on {result['series_name']}, version {result['version']}"
    notes = "".join(f"- {note}\n" for note in result["notes"])
    parts = [table.replace("# Comparison", title, 1), notes and f"Notes:\n\n{notes}", failed.strip() + "\n\n" + errors]
    return without_paths("\n\n".join(part.strip() for part in parts if part.strip())) + "\n"
