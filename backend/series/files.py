"""Where uploads and pixel stores lie in the data folder. Paths are made of checked hashes and numbers only."""

import re
from pathlib import Path

from django.conf import settings

_SHA256 = re.compile(r"[0-9a-f]{64}")


def uploads_folder() -> Path:
    return settings.GRATICULE_DATA / "uploads"


def transfers_folder() -> Path:
    """What came so far of files on their way."""
    return settings.GRATICULE_DATA / "transfers"


def store_folder() -> Path:
    return settings.GRATICULE_DATA / "store"


def upload_path(sha256: str) -> Path:
    _require_hash(sha256)
    return uploads_folder() / sha256[:2] / sha256


def store_path(store: str) -> Path:
    _require_hash(store)
    return store_folder() / f"{store}.zarr"


def chunk_path(store: str, *, level: int, frame: int, row: int, column: int, channels: int) -> Path:
    """One chunk of an OME-Zarr 0.5 store with the default keys; a colour chunk holds all its channels."""
    keys = (frame, 0, row, column) if channels > 1 else (frame, row, column)
    return store_path(store).joinpath(str(level), "c", *map(str, keys))


def is_hash(text: str) -> bool:
    return _SHA256.fullmatch(text) is not None


def _require_hash(text: str) -> None:
    if not is_hash(text):
        raise ValueError(f"{text!r} is no SHA-256 in hexadecimal.")
