"""Writes one version of a series into a zip file.

The same version, settings version, names and software give the same bytes.
"""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backend import VERSION
from backend.annotations.models import Changeset
from backend.inference.snapshot import Provenance, Snapshot
from ml.formats.annotations import formats

Progress = Callable[[float, str], None]  # may raise to cancel

MANIFEST = "manifest.json"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # zip knows no earlier time; the clock would change the bytes
ZIP64_BYTES = 1 << 31
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class WrittenExport:
    size_bytes: int
    sha256: str


def write_export(
    snapshot: Snapshot, names: Sequence[str], path: Path, *, draft: Path, progress: Progress
) -> WrittenExport:
    """Writes the zip to `path`, complete or not at all.

    Parameters
    ----------
    snapshot
        What to write.
    names
        Annotation formats, each into a folder of its name.
    path
        Where the zip shall be; an earlier attempt's is replaced.
    draft
        Folder to work in, on the same disk; new, and gone afterwards.
    progress
        Told the fraction done and the step.
    """
    content, zipped = draft / "content", draft / "export.zip"
    content.mkdir(parents=True)
    try:
        manifest = _write_content(snapshot, sorted(names), content, progress)
        (content / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        progress(0.95, "Packing")
        _zip(content, zipped)
        written = WrittenExport(zipped.stat().st_size, _sha256(zipped))
        _publish(zipped, path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return written


def _write_content(snapshot: Snapshot, names: Sequence[str], content: Path, progress: Progress) -> dict[str, Any]:
    passes = len(names) + 1
    frames = snapshot.series.pixels.frames

    def telling(index: int, step: str) -> Callable[[int], None]:
        return lambda t: progress(0.9 * (index + t / frames) / passes, f"{step}: frame {t + 1} of {frames}")

    for index, name in enumerate(names):
        folder = content / name
        folder.mkdir()
        chosen = formats()[name]
        chosen.write(snapshot.dataset(telling(index, chosen.title)), folder)
    progress(0.9 * len(names) / passes, "Provenance")
    return _manifest(snapshot, snapshot.provenance(), content)


def _manifest(snapshot: Snapshot, provenance: Provenance, content: Path) -> dict[str, Any]:
    series = snapshot.series
    made = Changeset.objects.filter(series=series, version=snapshot.version).first()
    return {
        "software": {"name": "Graticule", "version": VERSION},
        "project": {
            "id": str(series.project_id),
            "name": snapshot.project_name,
            "settings_version": snapshot.settings_version,
        },
        "series": {
            "id": str(series.pk),
            "name": snapshot.series_name,
            "frames": series.pixels.frames,
            "height": series.pixels.height,
            "width": series.pixels.width,
            "pixels": series.pixels_id,
        },
        "version": snapshot.version,
        "version_made_at": made.created_at.isoformat() if made else series.created_at.isoformat(),
        "phases": [
            {"index": index, "name": phase.name, "colour": phase.colour} for index, phase in enumerate(snapshot.classes)
        ],
        "calibration": asdict(snapshot.calibration),
        "masks": {
            "exported": provenance.masks,
            "drawn_by_hand": provenance.drawn_by_hand,
            "proposals_left_out": snapshot.proposals_left_out,
        },
        "models": [
            {"name": name, "sha256": model_hash, "masks": count}
            for (name, model_hash), count in sorted(provenance.models.items())
        ],
        "flattening": _flattening(content),
        "files": [
            {"path": path.relative_to(content).as_posix(), "bytes": path.stat().st_size, "sha256": _sha256(path)}
            for path in _files(content)
        ],
    }


def _flattening(content: Path) -> dict[str, Any]:
    """What the formats that cannot overlap lost, by format."""
    lost = {}
    for table in sorted(content.glob("*/labels.json")):
        values = json.loads(table.read_text(encoding="utf-8"))
        lost[table.parent.name] = {"lost_px": values["lost_px"], "masks": len(values["lost"])}
    return lost


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _zip(content: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for path in _files(content):
            info = zipfile.ZipInfo(path.relative_to(content).as_posix(), EARLIEST)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, wherever it runs
            info.external_attr = 0o100644 << 16
            large = path.stat().st_size >= ZIP64_BYTES
            with path.open("rb") as source, archive.open(info, "w", force_zip64=large) as packed:
                shutil.copyfileobj(source, packed, CHUNK_BYTES)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _publish(file: Path, target: Path) -> None:
    """Moves the file to its name once its bytes are on the disk."""
    with file.open("rb") as written:
        os.fsync(written.fileno())
    file.replace(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
