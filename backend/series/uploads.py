"""Takes in files: hashed while read, kept once by their hash."""

import fcntl
import hashlib
import os
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, transaction

from backend.projects.models import Project, User
from backend.protocol.errors import InvalidError, NotFoundError, TooLargeError
from backend.series.files import upload_path, uploads_folder
from backend.series.models import Upload

NAME_LENGTH = 255
REMEDY = "Split or compress it, or have whoever runs the server raise GRATICULE_MAX_UPLOAD_BYTES."


def store_upload(*, project: Project, created_by: User, name: str, chunks: Iterable[bytes]) -> Upload:
    """Writes the bytes to the disk as they come; nothing is left of a file that is refused or breaks off."""
    name = clean_name(name)
    folder = uploads_folder()
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{secrets.token_hex(16)}"
    try:
        sha256, size = _write(draft, name, chunks)
        row = Upload(project=project, created_by=created_by, name=name, size_bytes=size, sha256=sha256)
        keep(row, draft)
    finally:
        draft.unlink(missing_ok=True)
    return row


def keep(row: Upload, draft: Path, *, attach: Callable[[], None] | None = None) -> None:
    """Makes the row and moves the whole file to its place, or does neither.

    A draft that is gone was moved there by an attempt whose row was not committed. `attach` writes what else belongs
    to the row, in its transaction. That begins inside the lock and must not begin before: whoever has the lock waits
    for the database.
    """
    target = upload_path(row.sha256)
    target.parent.mkdir(exist_ok=True)
    with locked(target.parent):
        try:
            _record(row, draft, target, attach)
        except Exception:
            if not draft.exists():
                _withdraw(row.sha256, draft)
            raise


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps others from storing a file here until this one's row is committed or its file taken away."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def clean_name(name: str) -> str:
    """The file's own name without folders and control characters: it is shown, never opened."""
    base = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(character for character in base if unicodedata.category(character)[0] != "C").strip()
    if shown in ("", ".", ".."):
        raise InvalidError(f"{name!r} is no file name. Rename the file.", fields={"file": ["It has no name."]})
    return shown[-NAME_LENGTH:]


def _write(draft: Path, name: str, chunks: Iterable[bytes]) -> tuple[str, int]:
    digest, size, limit = hashlib.sha256(), 0, settings.MAX_UPLOAD_BYTES
    with draft.open("xb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise TooLargeError(f"{name} has more than {limit} bytes, which is the limit. {REMEDY}")
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if size == 0:
        raise InvalidError(f"{name} has 0 bytes; a file needs at least one.", fields={"file": ["It is empty."]})
    return digest.hexdigest(), size


@transaction.atomic
def _record(row: Upload, draft: Path, target: Path, attach: Callable[[], None] | None) -> None:
    # A project that is deleted while its file comes would be noticed at the commit only, as a server's error.
    if Project.objects.select_for_update().filter(pk=row.project_id).first() is None:
        raise NotFoundError(f"Project {row.project_id} was deleted during the upload.")
    row.save(force_insert=True)
    if draft.exists() or not target.exists():
        draft.replace(target)
    target.chmod(0o440)
    sync(target.parent)
    if attach is not None:
        attach()


def _withdraw(sha256: str, draft: Path) -> None:
    """Takes a file back whose row could not be committed, unless another upload has the same bytes."""
    # Where the database does not answer the file waits for `prune`.
    with suppress(DatabaseError, InterfaceError):
        if not Upload.objects.filter(sha256=sha256).exists():
            upload_path(sha256).replace(draft)


def sync(folder: Path) -> None:
    """Puts the folder's list of files on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
