import struct
from pathlib import Path

import numpy as np
import pytest

from ml.formats import errors
from ml.formats.images import open_series
from ml.formats.limits import Limits
from tests.ml.formats.images.conftest import number_on, numbered_frames, write_video

KINDS = [
    ("a.mp4", "libx264", "yuv420p"),
    ("a.avi", "rawvideo", "gray"),
    ("a.avi", "rawvideo", "bgr24"),
    ("a.avi", "mjpeg", "yuvj420p"),
    ("a.avi", "mpeg4", "yuv420p"),
]


@pytest.mark.parametrize(("name", "codec", "pixel_format"), KINDS)
def test_every_frame_is_found_at_its_index(tmp_path: Path, name: str, codec: str, pixel_format: str) -> None:
    path = write_video(tmp_path / name, codec, pixel_format, numbered_frames(40))
    with open_series(path) as series:
        assert (series.frames, series.height, series.width) == (40, 48, 64)
        assert [number_on(series.read(t)) for t in range(40)] == list(range(40))
        assert [number_on(series.read(t)) for t in (39, 0, 20, 19, 19, 21)] == [39, 0, 20, 19, 19, 21]
        assert series.calibration.frame_interval_s == pytest.approx(0.04)
        assert "playback" in series.calibration.source


@pytest.mark.parametrize(("matrix", "turns"), [((0, 1, -1, 0), 3), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 1)])
def test_a_video_of_a_turned_camera_is_turned(tmp_path: Path, matrix: tuple[int, ...], turns: int) -> None:
    path = write_video(tmp_path / "a.mp4", "libx264", "yuv420p", numbered_frames(5))
    with open_series(path) as series:
        upright = series.read(3)
    content = bytearray(path.read_bytes())
    at = content.find(b"tkhd") + 44  # ISO 14496-12, 8.3.2: the matrix a, b, u, c, d, v, x, y, w in 16.16 fixed point
    a, b, c, d = (value << 16 for value in matrix)
    content[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    with open_series(path) as series:
        assert (series.height, series.width) == ((48, 64) if turns == 2 else (64, 48))
        assert np.array_equal(series.read(3), np.rot90(upright, turns))


@pytest.mark.parametrize("pixel_format", ["gray", "bgr24"])
def test_uncompressed_grey_is_exact_and_one_channel(tmp_path: Path, pixel_format: str) -> None:
    frames = numbered_frames(5)
    with open_series(write_video(tmp_path / "a.avi", "rawvideo", pixel_format, frames)) as series:
        assert (series.channels, series.dtype) == (1, np.uint8)
        assert all(np.array_equal(series.read(t), frames[t]) for t in range(5))


def test_colour_is_kept(tmp_path: Path) -> None:
    frames = [np.dstack([frame, frame // 2, 255 - frame]) for frame in numbered_frames(3)]
    with open_series(write_video(tmp_path / "a.avi", "rawvideo", "bgr24", frames)) as series:
        assert series.channels == 3
        assert np.array_equal(series.read(2), frames[2])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
@pytest.mark.parametrize(("name", "codec", "pixel_format"), [*KINDS, ("fast.mp4", "libx264", "yuv420p")])
def test_truncated_video_is_refused(tmp_path: Path, name: str, codec: str, pixel_format: str, share: float) -> None:
    options = {"movflags": "faststart"} if name == "fast.mp4" else {}
    path = write_video(tmp_path / name, codec, pixel_format, numbered_frames(20), **options)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(errors.TruncatedError, match=name):
        open_series(path)


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(max_frames=10), "more than 10 frames"),
        (Limits(max_frame_px=3071), "48×64 = 3072 pixels"),
        (Limits(max_total_bytes=10_000), "12288 bytes"),
    ],
)
def test_limits_hold_while_counting(tmp_path: Path, limits: Limits, told: str) -> None:
    path = write_video(tmp_path / "a.mp4", "libx264", "yuv420p", numbered_frames(20))
    with pytest.raises(errors.TooLargeError, match=told):
        open_series(path, limits)


def test_video_header_without_a_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypisom" + b"\0" * 12)
    with pytest.raises(errors.FormatError, match=r"a\.mp4") as caught:
        open_series(tmp_path / "a.mp4")
    assert str(tmp_path) not in str(caught.value)


def test_playlist_named_mp4_is_not_followed(tmp_path: Path) -> None:
    write_video(tmp_path / "real.mp4", "libx264", "yuv420p", numbered_frames(3))
    (tmp_path / "a.mp4").write_text("ffconcat version 1.0\nfile real.mp4\n", encoding="ascii")
    with pytest.raises(errors.NotAnImageError, match=r"a\.mp4"):
        open_series(tmp_path / "a.mp4")
