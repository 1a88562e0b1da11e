import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from ml.formats import errors, frame_files
from ml.formats.images import open_series
from ml.formats.limits import Limits
from tests.ml.formats.images.conftest import shared_data

GREY = np.random.default_rng(0).integers(0, 255, (20, 30)).astype(np.uint8)
DEEP = GREY.astype(np.uint16) * 200 + 3
COLOUR = np.random.default_rng(1).integers(0, 255, (20, 30, 3)).astype(np.uint8)
DEEP_COLOUR = COLOUR.astype(np.uint16) * 201


def save(path: Path, pixels: np.ndarray) -> Path:
    if pixels.dtype == np.uint16:
        path.write_bytes(imagecodecs.png_encode(pixels))
    else:
        Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (GREY, GREY),
        (DEEP, DEEP),
        (COLOUR, COLOUR),
        (DEEP_COLOUR, DEEP_COLOUR),
        (np.dstack([GREY] * 3), GREY),
        (np.dstack([GREY] * 4), GREY),
        (np.dstack([GREY, GREY // 2]), GREY),
        (np.dstack([DEEP, DEEP]), DEEP),
        (np.dstack([DEEP_COLOUR, DEEP]), DEEP_COLOUR),
        (GREY > 100, (GREY > 100).astype(np.uint8) * 255),
    ],
    ids=["grey", "grey16", "rgb", "rgb16", "r=g=b", "r=g=b+alpha", "grey+alpha", "grey16+alpha", "rgb16+alpha", "bits"],
)
def test_png_keeps_depth_and_real_colour_only(tmp_path: Path, stored: np.ndarray, expected: np.ndarray) -> None:
    with open_series(save(tmp_path / "a.png", stored)) as series:
        assert (series.frames, series.height, series.width) == (1, 20, 30)
        assert series.channels == (3 if expected.ndim == 3 else 1)
        assert series.dtype == expected.dtype
        assert np.array_equal(series.read(0), expected)


def test_palette_is_expanded_to_its_colours(tmp_path: Path) -> None:
    indexed = Image.fromarray(COLOUR).quantize(16)
    indexed.save(tmp_path / "p.png")
    with open_series(tmp_path / "p.png") as series:
        assert np.array_equal(series.read(0), np.asarray(indexed.convert("RGB")))


def test_grey_jpeg_stored_as_colour_becomes_grey(tmp_path: Path) -> None:
    Image.fromarray(np.dstack([GREY] * 3)).save(tmp_path / "a.jpg", quality=95)
    with open_series(tmp_path / "a.jpg") as series:
        assert series.channels == 1
        assert np.abs(series.read(0).astype(int) - GREY).mean() < 10


def test_files_come_in_natural_order_of_their_given_names(tmp_path: Path) -> None:
    names = ["t10.png", "t2.png", "t1.png", "T3.png"]
    paths = [save(tmp_path / f"{index}.png", np.full((4, 5), 10 * index, np.uint8)) for index in range(4)]
    with open_series(paths, names=names) as series:
        assert [int(series.read(t)[0, 0]) for t in range(4)] == [20, 10, 30, 0]


def test_folder_leaves_out_hidden_files_and_notes_but_not_foreign_data(tmp_path: Path) -> None:
    for index in (10, 9):
        save(tmp_path / f"f{index}.png", np.full((4, 5), index, np.uint8))
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "metadata.txt").write_text("x", encoding="utf-8")
    with open_series(tmp_path) as series:
        assert [int(frame[0, 0]) for frame in (series.read(0), series.read(1))] == [9, 10]
    (tmp_path / "scan.dm4").write_bytes(b"x")
    with pytest.raises(errors.NotAnImageError, match=r"scan\.dm4: not an image"):
        open_series(tmp_path)


def test_grey_frames_among_coloured_ones_are_repeated(tmp_path: Path) -> None:
    paths = [save(tmp_path / "1.png", GREY), save(tmp_path / "2.png", COLOUR)]
    with open_series(paths) as series:
        assert series.channels == 3
        assert np.array_equal(series.read(0), np.dstack([GREY] * 3))
        assert np.array_equal(series.read(1), COLOUR)


def test_tiff_frames_bring_their_calibration(tmp_path: Path) -> None:
    for index in range(2):
        tifffile.imwrite(tmp_path / f"{index}.tif", DEEP + index, resolution=(2e7, 2e7), resolutionunit="CENTIMETER")
    with open_series(tmp_path) as series:
        assert np.array_equal(series.read(1), DEEP + 1)
        assert (series.calibration.pixel_size, series.calibration.unit) == (pytest.approx(0.5), "nm")


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (GREY, GREY[:10], r"2\.png is 10×30 uint8, 1\.png 20×30 uint8"),
        (GREY, DEEP, r"2\.png is 20×30 uint16, 1\.png 20×30 uint8"),
    ],
)
def test_mixed_frames_are_refused(tmp_path: Path, first: np.ndarray, second: np.ndarray, told: str) -> None:
    with pytest.raises(errors.MixedFramesError, match=told):
        open_series([save(tmp_path / "1.png", first), save(tmp_path / "2.png", second)])


@pytest.mark.parametrize("pixels", [GREY, DEEP, DEEP_COLOUR], ids=["grey", "grey16", "rgb16"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_png_is_refused(tmp_path: Path, pixels: np.ndarray, share: float) -> None:
    path = save(tmp_path / "a.png", pixels)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(errors.FormatError, match=r"a\.png: .*Copy or save it again"), open_series(path) as series:
        series.read(0)


@pytest.mark.parametrize("missing", [1, 4, 12, 16, 20])
def test_png_without_its_last_bytes_is_refused_though_its_pixels_are_there(tmp_path: Path, missing: int) -> None:
    image = Image.fromarray(np.arange(600).astype(np.uint8).reshape(20, 30))
    image.save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content + b"what some cameras append")
    with open_series(tmp_path / "a.png") as series:
        assert np.array_equal(series.read(0), np.asarray(image))
    (tmp_path / "a.png").write_bytes(content[:-missing])
    with pytest.raises(errors.TruncatedError, match=rf"a\.png: it ends after {len(content) - missing} bytes"):
        open_series(tmp_path / "a.png")


def test_png_of_endless_chunks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_files, "_MOST_CHUNKS", 100)
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0teSt\0\0\0\0" * 200)
    with pytest.raises(errors.NotAnImageError, match=r"a\.png: more than 100 chunks"):
        open_series(tmp_path / "a.png")


def test_truncated_jpeg_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", GREY)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10])
    with pytest.raises(errors.TruncatedError, match=r"a\.jpg"), open_series(path) as series:
        series.read(0)


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_png_bomb_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    with pytest.raises(errors.TooLargeError, match=rf"bomb\.png.*{side * side} pixels; the limit is 134217728"):
        open_series(tmp_path / "bomb.png")
    # Whoever raises the limit is not stopped by Pillow's own.
    with open_series(tmp_path / "bomb.png", Limits(max_frame_px=side * side)) as series:
        assert (series.height, series.width) == (side, side)


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(max_frames=1), "more than 1 frames"),
        (Limits(max_frame_px=599), "20×30 = 600 pixels; the limit is 599"),
        (Limits(max_total_bytes=1199), "1200 bytes when unpacked; the limit is 1199"),
    ],
)
def test_limits_are_told(tmp_path: Path, limits: Limits, told: str) -> None:
    paths = [save(tmp_path / f"{index}.png", GREY) for index in range(2)]
    with pytest.raises(errors.TooLargeError, match=told):
        open_series(paths, limits)


@pytest.mark.parametrize(("content", "told"), [(b"", "an empty file"), (b"hello world", "not an image")])
def test_what_is_no_image_is_refused_with_what_could_be_opened(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(errors.NotAnImageError, match=rf"a\.png: {told}.*TIFF and OME-TIFF.*ZIP"):
        open_series(tmp_path / "a.png")


def test_nothing_to_open_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(errors.NoFramesError, match="0 files"):
        open_series([])
    with pytest.raises(errors.NoFramesError, match="0 frames"):
        open_series(tmp_path)


def test_frame_outside_the_series_is_an_index_error(tmp_path: Path) -> None:
    with open_series(save(tmp_path / "a.png", GREY)) as series, pytest.raises(IndexError, match="frame 1 of 1"):
        series.read(1)


def test_inspection_can_be_cancelled(tmp_path: Path) -> None:
    class CancelledError(Exception):
        pass

    def cancel(_t: int) -> None:
        raise CancelledError

    with pytest.raises(CancelledError):
        open_series(save(tmp_path / "a.png", COLOUR), on_frame=cancel)


@pytest.mark.parametrize(
    ("folder", "shape"),
    [
        ("tem_nanoparticles/images", (20, 512, 512)),
        ("optical_colloids_trackpy/brightfield", (12, 500, 500)),
        ("tem_nanoporous_gold_tensile/brittle_fracture/raw_frames", (13, 1047, 1046)),
        ("lptem_simulated_nanorod_samem/images", (25, 512, 512)),
    ],
)
def test_real_folder_opens_as_grey_series(folder: str, shape: tuple[int, int, int]) -> None:
    with open_series(shared_data(folder)) as series:
        assert (series.frames, series.height, series.width) == shape
        assert (series.channels, series.dtype) == (1, np.uint8)
        assert series.read(shape[0] - 1).std() > 1
