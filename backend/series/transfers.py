"""Files on their way. What was acknowledged is on the disk; the rest may come later, from another page, or never."""

import fcntl
import hashlib
import os
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from backend.projects.models import Project, User
from backend.protocol.disk import is_disk_full
from backend.protocol.errors import (
    ConflictError,
    DiskFullError,
    DomainError,
    GoneError,
    InvalidError,
    LockedError,
    NotFoundError,
    TooLargeError,
)
from backend.series.files import transfers_folder
from backend.series.models import Transfer, Upload
from backend.series.uploads import REMEDY, clean_name, keep, sync

if TYPE_CHECKING:
    from hashlib import _Hash

# After the last byte that came.
LIFETIME = timedelta(days=7)
_WAIT_S = 5.0


class ChecksumError(DomainError):
    """The part is not what its sender says. 460 is tus' own status."""

    status = 460
    code = "checksum_mismatch"


@dataclass
class _RunningHashes:
    """SHA-256 of what has come, so that a whole file need not be read again. What is not here is read from the disk."""

    most: int = 1000
    _known: "OrderedDict[UUID, tuple[int, _Hash]]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, transfer: Transfer) -> "_Hash | None":
        if transfer.offset_bytes == 0:
            return hashlib.sha256()
        with self._lock:
            offset, digest = self._known.pop(transfer.pk, (-1, None))
        return digest if offset == transfer.offset_bytes else None

    def put(self, transfer: Transfer, digest: "_Hash") -> None:
        with self._lock:
            self._known[transfer.pk] = (transfer.offset_bytes, digest)
            if len(self._known) > self.most:
                self._known.popitem(last=False)


_hashes = _RunningHashes()


@dataclass(frozen=True)
class Part:
    """Bytes that follow the first `offset` ones. `sha256` is what their sender says of them."""

    offset: int
    chunks: Iterable[bytes]
    sha256: bytes | None = None


def begin(*, project: Project, created_by: User, name: str, size_bytes: int, modified_ms: int | None) -> Transfer:
    """Makes room for a file of this size. Nothing of it has come yet."""
    name, limit, folder = clean_name(name), settings.MAX_UPLOAD_BYTES, transfers_folder()
    if size_bytes < 1:
        raise InvalidError(f"{name} has {size_bytes} bytes; a file needs at least one.")
    if size_bytes > limit:
        raise TooLargeError(f"{name} has {size_bytes} bytes; the limit is {limit}. {REMEDY}")
    folder.mkdir(mode=0o750, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if size_bytes > free:
        raise DiskFullError(
            f"{name} has {size_bytes} bytes; the server's disk has {free} free. Free some space and send it again."
        )
    transfer = Transfer(
        project=project, created_by=created_by, name=name, size_bytes=size_bytes, modified_ms=modified_ms
    )
    with transaction.atomic():
        # A project that is deleted at this moment would be noticed at the commit only, as a server's error.
        if Project.objects.select_for_update().filter(pk=project.pk).first() is None:
            raise NotFoundError(f"Project {project.pk} was deleted.")
        transfer.save(force_insert=True)
        for path in (part_path(transfer.pk), lock_path(transfer.pk)):
            path.touch(mode=0o640)
        sync(folder)
    return transfer


def receive(transfer: Transfer, part: Part) -> Transfer:
    """Appends a part. When this returns, the part is on the disk and acknowledged; when it raises, none of it is.

    Raises
    ------
    ConflictError
        The part does not follow what has come.
    LockedError
        Another part comes at this moment.
    GoneError
        What had come was removed.
    """
    with _locked(transfer):
        if part.offset != transfer.offset_bytes:
            raise ConflictError(
                f"{transfer.name}: {transfer.offset_bytes} bytes have come, this part begins at {part.offset}. "
                "Ask for the offset and go on from there.",
                offset=transfer.offset_bytes,
            )
        if transfer.upload_id is not None:
            return transfer
        digest = _hashes.take(transfer)
        try:
            size = _append(transfer, part, digest)
        except Exception as error:
            _cut(transfer)
            if is_disk_full(error):
                raise _disk_full(transfer) from error
            raise
        transfer.offset_bytes += size
        if transfer.offset_bytes == transfer.size_bytes:
            transfer.sha256 = (digest or _read_hash(transfer)).hexdigest()
        elif digest is not None:
            _hashes.put(transfer, digest)
        transfer.save(update_fields=["offset_bytes", "sha256", "updated_at"])
        _finish(transfer)
    return transfer


def settle(transfer: Transfer) -> Transfer:
    """Finishes what was whole when the server was killed; any other stays as it is.

    Raises
    ------
    GoneError
        What had come was removed or cut short.
    """
    if transfer.upload_id is not None:
        return transfer
    if transfer.offset_bytes == transfer.size_bytes:
        with _locked(transfer):
            _finish(transfer)
    elif _size(transfer) < transfer.offset_bytes:
        # The last part may have come since the row was read.
        _read_again(transfer)
        if transfer.upload_id is None and _size(transfer) < transfer.offset_bytes:
            raise _gone(transfer)
    return transfer


def discard(transfer: Transfer) -> None:
    """Forgets a transfer and what came of it; the upload, too, that nobody has imported."""
    if lock_path(transfer.pk).exists():
        with _locked(transfer, wait_s=_WAIT_S):
            _discard(transfer)
    else:
        _discard(transfer)


def expired() -> Iterator[Transfer]:
    """Those of which nothing came for so long that nobody waits for them."""
    return Transfer.objects.filter(updated_at__lt=timezone.now() - LIFETIME).iterator()


def part_path(transfer_id: UUID) -> Path:
    return transfers_folder() / f"{transfer_id}.part"


def lock_path(transfer_id: UUID) -> Path:
    return transfers_folder() / f"{transfer_id}.lock"


@contextmanager
def _locked(transfer: Transfer, *, wait_s: float = 0.0) -> Iterator[None]:
    """Nobody else writes meanwhile, in whatever process. The row is read again.

    The lock is a file of its own: the part is moved away at the end. The lock goes once the upload is there.
    """
    try:
        descriptor = os.open(lock_path(transfer.pk), os.O_RDWR)
    except FileNotFoundError:
        _read_again(transfer)
        if transfer.upload_id is None:
            raise _gone(transfer) from None
        yield
        return
    try:
        _lock(descriptor, transfer, time.monotonic() + wait_s)
        _read_again(transfer)
        yield
    finally:
        os.close(descriptor)


def _read_again(transfer: Transfer) -> None:
    present = Transfer.objects.filter(pk=transfer.pk).first()
    if present is None:
        raise NotFoundError(f"The transfer of {transfer.name} was given up. Send the file again.")
    transfer.offset_bytes, transfer.sha256, transfer.upload = present.offset_bytes, present.sha256, present.upload


def _lock(descriptor: int, transfer: Transfer, until: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise LockedError(f"Another part of {transfer.name} comes at this moment. Wait for its end.") from None
            time.sleep(0.05)
        else:
            return


def _append(transfer: Transfer, part: Part, digest: "_Hash | None") -> int:
    """The number of bytes written and flushed."""
    size, room, own = 0, transfer.size_bytes - part.offset, hashlib.sha256()
    try:
        file = part_path(transfer.pk).open("r+b")
    except FileNotFoundError:
        raise _gone(transfer) from None
    with file:
        if file.seek(0, os.SEEK_END) < part.offset:
            raise _gone(transfer)
        file.truncate(part.offset)  # more came before a crash, but nobody was told
        file.seek(part.offset)
        for chunk in part.chunks:
            size += len(chunk)
            if size > room:
                raise TooLargeError(
                    f"{transfer.name} was announced with {transfer.size_bytes} bytes and has more. Send it again."
                )
            file.write(chunk)
            if digest is not None:
                digest.update(chunk)
            if part.sha256 is not None:
                own.update(chunk)
        if part.sha256 is not None and own.digest() != part.sha256:
            raise ChecksumError(f"A part of {transfer.name} changed on its way. Send the part again.")
        file.flush()
        os.fsync(file.fileno())
    return size


def _cut(transfer: Transfer) -> None:
    """Takes away what was not acknowledged. A file that is too short stays so: zeros are not what was sent."""
    with suppress(OSError):
        if _size(transfer) > transfer.offset_bytes:
            os.truncate(part_path(transfer.pk), transfer.offset_bytes)


def _size(transfer: Transfer) -> int:
    """Bytes on the disk, -1 where there is no file."""
    try:
        return part_path(transfer.pk).stat().st_size
    except FileNotFoundError:
        return -1


def _read_hash(transfer: Transfer) -> "_Hash":
    with part_path(transfer.pk).open("rb") as file:
        return hashlib.file_digest(file, "sha256")


def _finish(transfer: Transfer) -> None:
    """Makes the upload of a whole file. After a crash in the middle it goes on where it was."""
    if transfer.upload_id is not None or transfer.offset_bytes < transfer.size_bytes:
        return
    part = part_path(transfer.pk)
    if part.exists():
        if _size(transfer) < transfer.size_bytes:
            raise _gone(transfer)
        os.utime(part)  # `prune` leaves young files alone until the row below is committed
    upload = Upload(
        project_id=transfer.project_id,
        created_by_id=transfer.created_by_id,
        name=transfer.name,
        size_bytes=transfer.size_bytes,
        sha256=transfer.sha256,
    )

    def attach() -> None:
        transfer.upload = upload
        transfer.save(update_fields=["upload", "updated_at"])

    try:
        keep(upload, part, attach=attach)
    except FileNotFoundError:
        raise _gone(transfer) from None
    lock_path(transfer.pk).unlink(missing_ok=True)


@transaction.atomic
def _discard(transfer: Transfer) -> None:
    present = Transfer.objects.select_for_update().filter(pk=transfer.pk).first()
    if present is None:
        return
    upload = present.upload
    present.delete()
    if upload is not None:
        upload.delete()
    for path in (part_path(transfer.pk), lock_path(transfer.pk)):
        path.unlink(missing_ok=True)


def _gone(transfer: Transfer) -> GoneError:
    return GoneError(
        f"What came of {transfer.name} is no longer on the server's disk, or not all of it. Send it again."
    )


def _disk_full(transfer: Transfer) -> DiskFullError:
    free = shutil.disk_usage(transfers_folder()).free
    return DiskFullError(
        f"The server's disk became full while {transfer.name} came ({free} bytes are free). The first "
        f"{transfer.offset_bytes} of {transfer.size_bytes} bytes are kept; free some space, and it goes on from there."
    )
