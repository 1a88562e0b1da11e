"""A ZIP archive of frames. Nothing is unpacked to disk; sizes are counted while reading, not believed."""

import re
import stat
import zipfile
from io import BufferedReader, BytesIO, FileIO
from pathlib import PurePosixPath
from typing import BinaryIO

from ml.formats.errors import (
    FormatError,
    MixedFramesError,
    NoFramesError,
    NotAnImageError,
    TooLargeError,
    TruncatedError,
    UnsafeArchiveError,
)
from ml.formats.frame_files import COMPANIONS, FRAME_MAGIC, FrameFilesSource
from ml.formats.image_format import ImageFormat
from ml.formats.limits import Limits
from ml.formats.natural_order import natural_key
from ml.formats.pixels import Raw
from ml.formats.series_reader import FrameSource, NamedFile, OnFrame

_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others decompress without a bound on the step
_CHUNK = 1 << 20
_FREE_BYTES = 16 << 20
_ENCRYPTED = 0x1
# The directory is read whole: an entry has 46 bytes, a name twice, and often times.
_DIRECTORY_BYTES, _DIRECTORY_BYTES_PER_FRAME = 4 << 20, 256
# A member is unpacked whole: four samples of 16 bits, and what lies around the pixels.
_MEMBER_BYTES, _MEMBER_BYTES_PER_PX = 64 << 20, 8


class _BoundedReads(BufferedReader):
    """A file that gives at most `limit` bytes at once: `zipfile` believes the size that an archive's directory says."""

    def __init__(self, file: NamedFile, limit: int) -> None:
        super().__init__(FileIO(file.path))
        self._file, self._limit = file, limit

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self._limit:
            raise TooLargeError(
                f"{self._file.name}: a directory of {size} bytes; the limit is {self._limit}. Pack only the frames, "
                "with short names, or import them in parts."
            )
        return super().read(size)


class ZipSource(FrameSource):
    """Frames in an archive, each unpacked into memory when it is read."""

    def __init__(self, file: NamedFile, limits: Limits, on_frame: OnFrame | None) -> None:
        self.name = file.name
        self._limits = limits
        self._file = _BoundedReads(file, _DIRECTORY_BYTES + _DIRECTORY_BYTES_PER_FRAME * limits.max_frames)
        try:
            self._archive = zipfile.ZipFile(self._file)
            self._archive_bytes = file.path.stat().st_size
            self._unpacked = 0
            self._members = _frame_members(file.name, self._archive.infolist())
            names = [member.filename for member in self._members]
            self._frames = FrameFilesSource(file.name, names, self._open_counted, limits, on_frame)
        except zipfile.BadZipFile as error:
            self._file.close()
            raise TruncatedError(f"{file.name}: a broken archive ({error}). Copy or pack it again.") from error
        except BaseException:
            self._file.close()
            raise
        self.frames, self.height, self.width = self._frames.frames, self._frames.height, self._frames.width
        self.samples, self.dtype, self.calibration = (
            self._frames.samples,
            self._frames.dtype,
            self._frames.calibration,
        )
        self._unpacked = 0

    def read(self, t: int) -> Raw:
        self._unpacked = 0
        return self._frames.read(t)

    def close(self) -> None:
        self._archive.close()
        self._file.close()

    def _open_counted(self, t: int) -> BinaryIO:
        """Unpack one member; counts over all members while the archive is opened, over one when a frame is read.

        Of a file that is no image only the beginning is unpacked, which is enough to say so.
        """
        member = self._members[t]
        unpacked = BytesIO()
        self._check_member(member, member.file_size)
        try:
            with self._archive.open(member) as stream:
                while chunk := stream.read(_CHUNK):
                    self._unpacked += len(chunk)
                    self._check_unpacked()
                    unpacked.write(chunk)
                    self._check_member(member, unpacked.tell())
                    if not unpacked.getbuffer()[:8].tobytes().startswith(FRAME_MAGIC):
                        break
        except FormatError:
            raise
        except Exception as error:
            raise TruncatedError(
                f"{self.name}: {member.filename} cannot be unpacked ({error}). Copy or pack it again."
            ) from error
        unpacked.seek(0)
        return unpacked

    def _check_member(self, member: zipfile.ZipInfo, size: int) -> None:
        allowed = _MEMBER_BYTES + _MEMBER_BYTES_PER_PX * self._limits.max_frame_px
        if size > allowed:
            raise TooLargeError(
                f"{self.name}: {member.filename} has {size} bytes or more; the limit for one frame is {allowed}. "
                "Crop or bin it, import a stack on its own, or raise the limit."
            )

    def _check_unpacked(self) -> None:
        self._limits.check_total(self.name, self._unpacked)
        allowed = _FREE_BYTES + self._limits.max_archive_ratio * self._archive_bytes
        if self._unpacked > allowed:
            raise UnsafeArchiveError(
                f"{self.name}: unpacks to more than {allowed} bytes from {self._archive_bytes}; the limit is "
                f"{self._limits.max_archive_ratio} to one. Pack the frames without compression."
            )


def _frame_members(name: str, members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The frames in natural order, after every member's name and kind was checked, left out or not."""
    for member in members:
        _check_safe(name, member)
    frames = [member for member in members if not member.is_dir() and not _is_ignored(PurePosixPath(member.filename))]
    if not frames:
        raise NoFramesError(f"{name}: 0 frames in this archive. Pack PNG, JPEG or TIFF files.")
    for member in frames:
        if member.filename.lower().endswith((".zip", ".gz", ".7z", ".rar", ".tar", ".bz2", ".xz", ".zst")):
            raise NotAnImageError(f"{name}: {member.filename} is an archive in the archive. Pack the frames directly.")
        if member.compress_type not in _METHODS:
            raise UnsafeArchiveError(
                f"{name}: {member.filename} is packed by method {member.compress_type}; use store or deflate."
            )
    folders = sorted({str(PurePosixPath(member.filename).parent) for member in frames})
    if len(folders) > 1:
        raise MixedFramesError(
            f"{name}: frames in {len(folders)} folders ({', '.join(folders[:3])}). Pack the one that is the series."
        )
    return sorted(frames, key=lambda member: natural_key(member.filename))


def _check_safe(name: str, member: zipfile.ZipInfo) -> None:
    path = member.orig_filename
    if path.startswith("/") or "\\" in path or re.match("[A-Za-z]:", path) or ".." in path.split("/") or "\0" in path:
        raise UnsafeArchiveError(f"{name}: the member {path!r} points outside the archive. Pack plain file names.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise UnsafeArchiveError(f"{name}: {path} is a symbolic link. Pack the file that it points to.")
    if member.flag_bits & _ENCRYPTED:
        raise UnsafeArchiveError(f"{name}: {path} is encrypted. Pack it without a password.")


def _is_ignored(path: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return hidden or path.suffix.lower() in COMPANIONS


def _open(file: NamedFile, limits: Limits, on_frame: OnFrame | None) -> FrameSource:
    return ZipSource(file, limits, on_frame)


FORMAT = ImageFormat(
    name="zipped_frames",
    title="ZIP archives of frames",
    suffixes=(".zip",),
    matches=lambda head: head.startswith(_MAGIC),
    open=_open,
)
