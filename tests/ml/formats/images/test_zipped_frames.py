import stat
import struct
import tracemalloc
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from ml.formats import errors
from ml.formats.images import open_series
from ml.formats.images.zipped_frames import ZipSource
from ml.formats.limits import Limits
from ml.formats.series_reader import NamedFile


def png(value: int) -> bytes:
    stream = BytesIO()
    Image.fromarray(np.full((8, 9), value, np.uint8)).save(stream, "png")
    return stream.getvalue()


def tif(value: int, side: int = 8) -> bytes:
    stream = BytesIO()
    tifffile.imwrite(stream, np.full((side, side), value, np.uint16))
    return stream.getvalue()


def pack(path: Path, members: list[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return path


def test_frames_come_in_natural_order_without_what_systems_leave_behind(tmp_path: Path) -> None:
    members = [(f"run/t{index}.png", png(index)) for index in (10, 2, 0, 1, 11, 3, 4, 5, 6, 7, 8, 9)]
    members += [("run/", b""), ("__MACOSX/run/._t1.png", b"x"), ("run/.DS_Store", b"x"), ("run/notes.txt", b"x")]
    with open_series(pack(tmp_path / "a.zip", members, zipfile.ZIP_DEFLATED)) as series:
        assert (series.frames, series.height, series.width) == (12, 8, 9)
        assert [int(series.read(t)[0, 0]) for t in range(12)] == list(range(12))


def test_tiff_members_keep_their_depth(tmp_path: Path) -> None:
    with open_series(pack(tmp_path / "a.zip", [("1.tif", tif(500)), ("2.tif", tif(60_000))])) as series:
        assert series.dtype == np.uint16
        assert int(series.read(1)[0, 0]) == 60_000


@pytest.mark.parametrize(
    "name", ["../t.png", "/etc/t.png", "a/../../t.png", "C:\\t.png", "a\\b.png", "C:/t.png", "../notes.txt"]
)
def test_path_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    path = pack(tmp_path / "a.zip", [("0.png", png(0)), (name, png(0))])
    with pytest.raises(errors.UnsafeArchiveError, match=r"a\.zip: the member .* points outside"):
        open_series(path)


def test_symbolic_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(errors.UnsafeArchiveError, match=r"link\.png is a symbolic link"):
        open_series(pack(tmp_path / "a.zip", [("0.png", png(0)), (link, b"/etc/passwd")]))


def test_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", [("0.png", png(0))])
    content = bytearray(path.read_bytes())
    content[content.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(errors.UnsafeArchiveError, match=r"0\.png is encrypted"):
        open_series(path)


def test_archive_in_the_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.NotAnImageError, match=r"x\.zip is an archive in the archive"):
        open_series(pack(tmp_path / "a.zip", [("0.png", png(0)), ("x.zip", b"PK")]))


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_unbounded_compression_methods_are_refused(tmp_path: Path, method: int) -> None:
    with pytest.raises(errors.UnsafeArchiveError, match="use store or deflate"):
        open_series(pack(tmp_path / "a.zip", [("0.png", png(0))], method))


def test_many_frames_that_unpack_to_far_more_than_the_archive_are_refused(tmp_path: Path) -> None:
    members = [(f"{index}.tif", tif(0, 3000)) for index in range(3)]  # 18 MB each, 1000 to one
    path = pack(tmp_path / "a.zip", members, zipfile.ZIP_DEFLATED)
    with pytest.raises(errors.UnsafeArchiveError, match="limit is 200 to one"):
        open_series(path)
    with open_series(path, Limits(max_archive_ratio=2000)) as series:
        assert series.frames == 3


def test_total_is_counted_while_unpacking(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", [("0.tif", tif(0, 3000))], zipfile.ZIP_DEFLATED)
    with pytest.raises(errors.TooLargeError, match="the limit is 1000000"):
        open_series(path, Limits(max_total_bytes=1_000_000))


def test_size_in_the_header_is_not_believed(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", [("0.png", png(0))], zipfile.ZIP_DEFLATED)
    true, false = struct.pack("<I", len(png(0))), struct.pack("<I", 10)
    assert true in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(true, false))
    with pytest.raises(errors.TruncatedError, match=r"0\.png cannot be unpacked"):
        open_series(path)


def test_two_folders_are_two_series(tmp_path: Path) -> None:
    with pytest.raises(errors.MixedFramesError, match=r"2 folders \(images, labels\)"):
        open_series(pack(tmp_path / "a.zip", [("images/0.png", png(0)), ("labels/0.png", png(1))]))


@pytest.mark.parametrize("members", [[], [("notes.txt", b"x")]])
def test_archive_without_frames_is_refused(tmp_path: Path, members: list[tuple[str, bytes]]) -> None:
    with pytest.raises(errors.NoFramesError, match="0 frames"):
        open_series(pack(tmp_path / "a.zip", members))


@pytest.mark.parametrize("share", [0.3, 0.99])
def test_truncated_archive_is_refused(tmp_path: Path, share: float) -> None:
    path = pack(tmp_path / "a.zip", [("0.png", png(0))])
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(errors.TruncatedError, match="broken archive"):
        open_series(path)


def test_member_that_is_no_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.NotAnImageError, match=r"scan\.dm4: not an image"):
        open_series(pack(tmp_path / "a.zip", [("0.png", png(0)), ("scan.dm4", b"x")]))


def test_one_member_is_held_to_what_a_frame_may_need(tmp_path: Path) -> None:
    members = [("0.tif", tif(0) + bytes(65 << 20))]
    limits = Limits(max_frame_px=64, max_archive_ratio=2000)
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = pack(tmp_path / "a.zip", members, method)
        with pytest.raises(errors.TooLargeError, match=rf"0\.tif has .* the limit for one frame is {(64 << 20) + 512}"):
            open_series(path, limits)
    with open_series(path, Limits(max_frame_px=1 << 20, max_archive_ratio=2000)) as series:
        assert series.frames == 1


def test_a_member_that_is_no_image_is_not_unpacked_to_its_end(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", [("0.png", bytes(60 << 20))], zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    try:
        with pytest.raises(errors.NotAnImageError, match=r"0\.png: not an image"):
            open_series(path)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_directory_of_far_more_entries_than_frames_is_refused_unread(tmp_path: Path) -> None:
    path, count = tmp_path / "a.zip", 100_000
    values = (20, 0, 20, 0, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
    directory = (struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", *values) + b"x") * count
    entries = count & 0xFFFF
    path.write_bytes(directory + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries, entries, len(directory), 0, 0))
    with zipfile.ZipFile(path) as archive:
        assert len(archive.infolist()) == count
    tracemalloc.start()
    try:
        with pytest.raises(errors.TooLargeError, match=f"a directory of {len(directory)} bytes"):
            ZipSource(NamedFile(path, "a.zip"), Limits(max_frames=100), None)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
