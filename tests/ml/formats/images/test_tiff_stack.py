import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile

from ml.formats import errors
from ml.formats.images import open_series
from ml.formats.limits import Limits
from tests.ml.formats.images.conftest import shared_data


def read_all(path: Path) -> np.ndarray:
    with open_series(path) as series:
        return np.stack([series.read(t) for t in range(series.frames)])


@pytest.mark.parametrize(
    "how",
    [
        {"metadata": None},
        {},
        {"compression": "zlib", "predictor": True},
        {"compression": "zstd", "tile": (16, 16)},
        {"bigtiff": True, "byteorder": ">"},
        {"truncate": True, "byteorder": ">"},
        {"imagej": True},
        {"imagej": True, "truncate": True},
        {"ome": True, "metadata": {"axes": "TYX"}},
    ],
    ids=["plain", "shaped", "zlib", "tiles", "big", "one page", "ImageJ", "ImageJ one page", "OME"],
)
def test_stack_is_read_as_written(tmp_path: Path, stack: np.ndarray, how: dict[str, Any]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", **how)
    with open_series(tmp_path / "a.tif") as series:
        assert (series.frames, series.height, series.width, series.channels) == (6, 40, 50, 1)
        assert series.dtype == np.uint16
        assert np.array_equal(series.read(4), stack[4])
        assert np.array_equal(series.read(0), stack[0])


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colour_is_kept_and_alpha_dropped(tmp_path: Path, colour: np.ndarray, planar: str) -> None:
    pixels = np.concatenate([colour, colour[..., :1]], axis=3)
    pixels = np.moveaxis(pixels, -1, 1) if planar == "separate" else pixels
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, photometric="rgb", planarconfig=planar, extrasamples=["unassalpha"], metadata=None
    )
    assert np.array_equal(read_all(tmp_path / "a.tif"), colour)


def test_colour_seen_only_in_the_last_frame_counts(tmp_path: Path, colour: np.ndarray) -> None:
    colour[:3] = colour[:3, ..., :1]
    tifffile.imwrite(tmp_path / "a.tif", colour, photometric="rgb")
    assert np.array_equal(read_all(tmp_path / "a.tif"), colour)
    tifffile.imwrite(tmp_path / "b.tif", colour[:3], photometric="rgb")
    assert np.array_equal(read_all(tmp_path / "b.tif"), colour[:3, ..., 0])


def test_white_is_zero_is_inverted(tmp_path: Path, stack: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="miniswhite")
    assert np.array_equal(read_all(tmp_path / "a.tif"), 65535 - stack)


def test_palette_is_expanded(tmp_path: Path) -> None:
    indices = np.arange(12, dtype=np.uint8).reshape(3, 4)
    colours = np.random.default_rng(0).integers(0, 256, (3, 256)).astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "a.tif", indices, photometric="palette", colormap=colours)
    assert np.array_equal(read_all(tmp_path / "a.tif")[0], (colours // 257).T[indices])


@pytest.mark.parametrize(
    ("dtype", "values", "kept"),
    [
        ("bool", [0, 1], ("uint8", [0, 255])),
        ("int8", [0, 127], ("uint8", [0, 127])),
        ("int8", [-1, 127], ("float32", [-1, 127])),
        ("int16", [0, 32767], ("uint16", [0, 32767])),
        ("int16", [-32768, 5], ("float32", [-32768, 5])),
        ("uint32", [7, 65535], ("uint16", [7, 65535])),
        ("uint32", [7, 16777216], ("float32", [7, 16777216])),
        ("int32", [-70000, 70000], ("float32", [-70000, 70000])),
        ("int64", [0, 3], ("uint16", [0, 3])),
        ("float16", [0.5, -2], ("float32", [0.5, -2])),
        ("float64", [0.5, -2e30], ("float32", [0.5, -2e30])),
    ],
)
def test_other_types_become_the_nearest_that_loses_nothing(
    tmp_path: Path, dtype: str, values: list[float], kept: tuple[str, list[float]]
) -> None:
    pixels = np.array([values, values], dtype).reshape(2, 1, 2)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    read = read_all(tmp_path / "a.tif")
    assert read.dtype.name == kept[0]
    assert read[1, 0].tolist() == pytest.approx(kept[1], rel=1e-7)


@pytest.mark.parametrize(
    ("dtype", "value", "told"),
    [
        ("uint32", 16777217, "uint32 values from 0 to 16777217; .*Rescale them to uint16"),
        ("complex64", 1, "complex64; .*Save the modulus"),
        ("float64", 1e300, "1e.300; float32 ends at"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_remedy(tmp_path: Path, dtype: str, value: float, told: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.full((3, 3), value, dtype))
    with pytest.raises(errors.UnsupportedPixelsError, match=rf"a\.tif: .*{told}"):
        read_all(tmp_path / "a.tif")


def test_not_finite_values_become_the_frames_extremes(tmp_path: Path) -> None:
    frames = np.array([[[1, 2, np.nan], [5, np.inf, -np.inf]], [[np.nan] * 3, [np.nan] * 3]], np.float32)
    tifffile.imwrite(tmp_path / "a.tif", frames, photometric="minisblack")
    assert read_all(tmp_path / "a.tif").tolist() == [[[1, 2, 1], [5, 5, 1]], [[0, 0, 0], [0, 0, 0]]]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (
            {"ome": True, "metadata": {"axes": "TYX", "PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "nm",
                                       "PhysicalSizeY": 0.5, "PhysicalSizeYUnit": "nm",
                                       "TimeIncrement": 200, "TimeIncrementUnit": "ms"}},
            (0.5, "nm", 0.2, "OME-XML"),
        ),
        ({"ome": True, "metadata": {"axes": "TYX", "PhysicalSizeX": 0.25}}, (0.25, "µm", None, "OME-XML")),
        (
            {"ome": True, "metadata": {"axes": "TYX", "Plane": {"DeltaT": [1, 3, 5, 7, 9, 11]}}},
            (None, "px", 2.0, "OME-XML"),
        ),
        (
            {"imagej": True, "resolution": (4, 4), "metadata": {"axes": "TYX", "unit": "nm", "finterval": 0.5}},
            (0.25, "nm", 0.5, "ImageJ tags"),
        ),
        (
            {"imagej": True, "resolution": (4, 4), "metadata": {"axes": "TYX", "unit": "micron", "fps": 20}},
            (0.25, "µm", 0.05, "ImageJ tags"),
        ),
        ({"imagej": True, "resolution": (4, 4), "metadata": {"axes": "TYX", "unit": "pixel"}}, (None, "px", None, "")),
        ({"resolution": (1e7, 1e7), "resolutionunit": "CENTIMETER"}, (1.0, "nm", None, "TIFF resolution tags")),
        ({"resolution": (72, 72), "resolutionunit": "INCH"}, (None, "px", None, "")),
        ({"resolution": (600, 600), "resolutionunit": "INCH"}, (None, "px", None, "")),
        ({"imagej": True, "resolution": (72, 72), "metadata": {"axes": "TYX", "unit": "inch"}}, (None, "px", None, "")),
        ({"imagej": True, "resolution": (118, 118), "metadata": {"axes": "TYX", "unit": "cm"}}, (None, "px", None, "")),
        (
            {"ome": True, "metadata": {"axes": "TYX", "PhysicalSizeX": 1 / 72, "PhysicalSizeXUnit": "in"}},
            (None, "px", None, ""),
        ),
        (
            {"imagej": True, "resolution": (4, 4), "metadata": {"axes": "TYX", "unit": "nm/px"}},
            (0.25, "nm", None, "ImageJ tags"),
        ),
        (
            {"imagej": True, "resolution": (4, 4),
             "metadata": {"axes": "TYX", "unit": "Nanometers", "finterval": 2, "tunit": "minutes"}},
            (0.25, "nm", 120.0, "ImageJ tags"),
        ),
    ],
    ids=["OME", "OME default unit", "OME plane times", "ImageJ", "ImageJ fps", "ImageJ px", "1 nm", "72 dpi", "600",
         "ImageJ 72 dpi", "ImageJ 300 dpi", "OME 72 dpi", "ImageJ nm/px", "ImageJ nanometers"],
)  # fmt: skip
def test_calibration_is_taken_where_it_can_be_trusted(
    tmp_path: Path, stack: np.ndarray, how: dict[str, Any], expected: tuple[float | None, str, float | None, str]
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", **how)
    with open_series(tmp_path / "a.tif") as series:
        found = series.calibration
    size, unit, interval, source = expected
    assert found.pixel_size == (None if size is None else pytest.approx(size))
    assert found.frame_interval_s == (None if interval is None else pytest.approx(interval))
    assert (found.unit, found.source) == (unit, source)


def test_pixels_that_are_not_square_give_no_pixel_size(tmp_path: Path, stack: np.ndarray) -> None:
    metadata = {"axes": "TYX", "PhysicalSizeX": 1.0, "PhysicalSizeY": 2.0}
    tifffile.imwrite(tmp_path / "a.tif", stack, ome=True, metadata=metadata)
    with open_series(tmp_path / "a.tif") as series:
        assert series.calibration.pixel_size is None
        assert "not square (1 µm by 2 µm)" in series.calibration.source


@pytest.mark.parametrize("axes", ["TCYX", "TZYX"])
def test_a_second_axis_of_planes_is_refused(tmp_path: Path, stack: np.ndarray, axes: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", stack.reshape(3, 2, 40, 50), ome=True, metadata={"axes": axes})
    with pytest.raises(errors.UnsupportedPixelsError, match=f"axes T 3, {axes[1]} 2"):
        open_series(tmp_path / "a.tif")


@pytest.mark.parametrize("odd", [np.zeros((41, 50), np.uint8), np.zeros((40, 50), np.uint16)], ids=["size", "type"])
def test_one_odd_page_among_many_is_found(tmp_path: Path, odd: np.ndarray) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for index in range(20):
            page = odd if index == 7 else np.zeros((40, 50), np.uint8)
            writer.write(page, metadata=None, contiguous=False)
    with pytest.raises(errors.FormatError, match=r"a\.tif"):
        read_all(tmp_path / "a.tif")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
@pytest.mark.parametrize(
    "how",
    [
        {"metadata": None},
        {"compression": "zlib"},
        {"imagej": True},
        {"imagej": True, "truncate": True},
        {"truncate": True},
        {"ome": True},
    ],
    ids=["plain", "zlib", "ImageJ", "ImageJ one page", "one page", "OME"],
)
def test_truncated_stack_is_never_a_shorter_one(
    tmp_path: Path, stack: np.ndarray, how: dict[str, Any], share: float
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, stack, photometric="minisblack", **how)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(errors.TruncatedError, match=r"a\.tif: .*Copy"):
        read_all(path)


@pytest.mark.parametrize(("how", "truth", "lie"), [("ome", b'SizeT="6"', b'SizeT="9"'), ("imagej", b"=6", b"=9")])
def test_more_frames_announced_than_there_are_is_refused(
    tmp_path: Path, stack: np.ndarray, how: str, truth: bytes, lie: bytes
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", metadata={"axes": "TYX"}, **{how: True})
    (tmp_path / "a.tif").write_bytes((tmp_path / "a.tif").read_bytes().replace(truth, lie))
    with pytest.raises(errors.TruncatedError, match=r"a\.tif"):
        open_series(tmp_path / "a.tif")


def test_ome_header_that_announces_a_flood_of_planes_is_refused_at_once(tmp_path: Path, stack: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "a.tif", stack, ome=True, metadata={"axes": "TYX", "Name": "x" * 20})
    content = (tmp_path / "a.tif").read_bytes()
    flood = content.replace(b'SizeT="6"', b'SizeT="999999999999"').replace(b"x" * 20, b"x" * 9)
    assert len(flood) == len(content)
    (tmp_path / "a.tif").write_bytes(flood)
    with pytest.raises(errors.TruncatedError, match="announces 999999999999 planes, the file holds 6"):
        open_series(tmp_path / "a.tif")


def test_other_files_that_an_ome_header_names_are_not_opened(tmp_path: Path, stack: np.ndarray) -> None:
    secret = tmp_path / "secret.tif"
    tifffile.imwrite(secret, stack[:1], metadata=None)
    tifffile.imwrite(tmp_path / "a.ome.tif", stack[:2], metadata={"axes": "TYX", "UUID": "u" * 36})
    xml = tifffile.tiffcomment(tmp_path / "a.ome.tif")
    named = '<TiffData FirstT="1" PlaneCount="1"><UUID FileName="secret.tif">urn:uuid:v</UUID></TiffData></Pixels>'
    tifffile.tiffcomment(tmp_path / "a.ome.tif", xml.replace("</Pixels>", named).encode())
    try:
        frames = read_all(tmp_path / "a.ome.tif")
    except errors.FormatError:
        return
    assert np.array_equal(frames, stack[:2])


def test_header_bomb_is_refused_before_decoding(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tif"
    tifffile.imwrite(path, np.zeros((10, 10), np.uint8), metadata=None)
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tiff:
        places = [tiff.pages.first.tags[tag].valueoffset for tag in ("ImageWidth", "ImageLength")]
    for place in places:
        content[place : place + 4] = struct.pack("<I", 60_000)
    path.write_bytes(content)
    with pytest.raises(errors.TooLargeError, match="60000×60000"):
        open_series(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"II*\0", "not a TIFF"),
        (b"II*\0\x08\0\0\0" + b"\xff" * 100, "65535 tags"),
        (b"II*\0\x08\0\0\0\1\0" + b"\0" * 12 + b"\x08\0\0\0", "form a circle"),
        (b"II*\0\0\0\0\0", "without a page"),
        (b"II*\0\xff\0\0\0", "should lie at byte 255, but the file ends at 8"),
    ],
)
def test_hostile_page_chains_are_refused(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(errors.FormatError, match=rf"a\.tif: .*{told}"):
        open_series(tmp_path / "a.tif")


def lone_page(compression: int, data: bytes, *, tile: tuple[int, int] | None = None) -> bytes:
    """A TIFF file of one grey page of 20×30 pixels with this as its only strip or tile."""
    tags = [(256, 30), (257, 20), (258, 8), (259, compression), (262, 1), (277, 1)]
    tags += (
        [(322, tile[1]), (323, tile[0]), (324, 8), (325, len(data))]
        if tile
        else [(273, 8), (278, 20), (279, len(data))]
    )
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags))
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(tags)) + entries + b"\0" * 4


EMPTY = np.zeros((1000, 2000), np.uint8)
JPEG, JPEG_2000 = imagecodecs.jpeg8_encode(EMPTY), imagecodecs.jpeg2k_encode(EMPTY, codecformat="j2k")


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        (lone_page(7, JPEG), errors.TooLargeError, "1000×2000 pixels; the limit is the 20×30"),
        (lone_page(34712, JPEG_2000), errors.TooLargeError, "1000×2000 pixels; the limit is the 20×30"),
        (lone_page(34712, b"\0" * 12 + JPEG_2000), errors.TruncatedError, "no JPEG image"),
        (lone_page(7, JPEG[:12]), errors.TruncatedError, "no JPEG image"),
        (lone_page(34933, b"\x89PNG"), errors.UnsupportedPixelsError, "method 34933"),
        (lone_page(8, zlib.compress(b"\0" * 1000), tile=(8192, 4096)), errors.TooLargeError, "tiles of 8192×4096"),
    ],
    ids=["JPEG", "JPEG 2000", "JPEG 2000 in a box", "cut JPEG", "PNG", "tile"],
)
def test_a_page_that_unpacks_to_more_than_it_shows_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, error: type[Exception], told: str
) -> None:
    monkeypatch.setattr(tifffile.TiffPage, "asarray", lambda page: pytest.fail("it was unpacked"))
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(error, match=rf"a\.tif: .*{told}"):
        read_all(tmp_path / "a.tif")


@pytest.mark.parametrize("tile", [None, (64, 48)])
@pytest.mark.parametrize("compression", ["jpeg", "jpeg2000", "lzw", "packbits", "zlib", "zstd", "lzma"])
def test_every_compression_that_is_allowed_is_read(tmp_path: Path, compression: str, tile: tuple[int, int]) -> None:
    image = np.tile(np.arange(0, 200, 2, dtype=np.uint8), (70, 1))
    tifffile.imwrite(tmp_path / "a.tif", image, compression=compression, tile=tile, photometric="minisblack")
    found = read_all(tmp_path / "a.tif")[0].astype(int)
    assert np.abs(found - image).max() <= (4 if compression == "jpeg" else 0)


def test_too_many_pages_are_refused_while_counting(tmp_path: Path, stack: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "a.tif", stack, metadata=None)
    with pytest.raises(errors.TooLargeError, match="more than 5 frames"):
        open_series(tmp_path / "a.tif", Limits(max_frames=5))


def test_real_ome_tiff_with_its_calibration() -> None:
    with open_series(shared_data("em_formats/bulk_water_8frames.ome.tif")) as series:
        assert (series.frames, series.height, series.width, series.channels) == (8, 424, 640, 1)
        assert series.dtype == np.uint8
        assert series.calibration.pixel_size == pytest.approx(0.350877, abs=1e-6)
        assert series.calibration.unit == "µm"
        assert series.calibration.frame_interval_s == pytest.approx(1 / 24)


def test_real_tvips_tiff_agrees_with_its_vendor_tag() -> None:
    with open_series(shared_data("em_formats/rsciio_TVIPS_bin4.tif")) as series:
        assert (series.frames, series.height, series.width, series.dtype) == (1, 1024, 1024, np.uint8)
        assert series.calibration.pixel_size == pytest.approx(1.420804, abs=1e-6)
        assert series.calibration.unit == "nm"


def test_real_zeiss_tiff_is_grey_in_spite_of_its_overlay_palette() -> None:
    path = shared_data("em_formats/rsciio_Zeiss_SEM_512pix.tif")
    with open_series(path) as series:
        assert (series.frames, series.height, series.width, series.channels) == (1, 384, 512, 1)
        assert np.array_equal(series.read(0), tifffile.imread(path))
