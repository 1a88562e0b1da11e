"""Where the files of model versions lie in the data folder: once each, by the hash of what they hold."""

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from backend.protocol.errors import InvalidError
from backend.series.files import is_hash
from backend.series.uploads import locked

CHUNK_BYTES = 1 << 20
SETTINGS_MODELS = frozenset({"threshold"})  # their files are settings in JSON, the others' weights


@dataclass(frozen=True)
class Draft:
    """A file on its way in: complete and on the disk, under a name that nobody else knows."""

    path: Path
    sha256: str
    size_bytes: int


def models_folder() -> Path:
    return settings.GRATICULE_DATA / "models"


def model_path(model: str, sha256: str) -> Path:
    if not is_hash(sha256):
        raise ValueError(f"{sha256!r} is no SHA-256 in hexadecimal.")
    suffix = ".json" if model in SETTINGS_MODELS else ".safetensors"
    return models_folder() / sha256[:2] / f"{sha256}{suffix}"


@contextmanager
def draft(name: str, chunks: Iterable[bytes]) -> Iterator[Draft]:
    """Writes the bytes to the disk as they come; what `publish` has not put in place is gone afterwards."""
    folder = models_folder()
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    path = folder / f".{secrets.token_hex(16)}"
    try:
        yield _write(path, name, chunks)
    finally:
        path.unlink(missing_ok=True)


def read_chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while chunk := source.read(CHUNK_BYTES):
            yield chunk


def publish(written: Draft, model: str) -> Path:
    """Moves the draft to its name, complete or not at all; equal bytes that are there already stay."""
    target = model_path(model, written.sha256)
    target.parent.mkdir(mode=0o750, exist_ok=True)
    with locked(target.parent):
        if target.is_file():
            os.utime(target)  # its former owner may be gone; the new one's row is not committed yet
        else:
            written.path.chmod(0o440)
            written.path.replace(target)
        _sync(target.parent)
    return target


def _write(path: Path, name: str, chunks: Iterable[bytes]) -> Draft:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > settings.MAX_MODEL_BYTES:
                raise InvalidError(
                    f"{name} has more than {settings.MAX_MODEL_BYTES / 1024**2:g} MiB, the limit of a model's file. "
                    "Save its weights alone, in half precision.",
                    code="bad_checkpoint",
                )
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if size == 0:
        raise InvalidError(
            f"{name} is empty. Choose a safetensors file, or a JSON file of settings.", code="bad_checkpoint"
        )
    return Draft(path, digest.hexdigest(), size)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
