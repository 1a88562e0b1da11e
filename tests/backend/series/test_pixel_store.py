"""What lies in a store: every pixel, the pyramid, the calibration, under the name of its content."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from numcodecs import Zstd
from numpy.typing import NDArray

from backend.series import pixel_store
from backend.series.pixel_store import Level, halve, levels_of
from ml.formats.calibration import Calibration
from tests.backend.series.files import Frames, ramp


def write(folder: Path, images: NDArray[Any], calibration: Calibration | None = None) -> pixel_store.WrittenStore:
    folder.mkdir(exist_ok=True)
    return pixel_store.write(Frames(images, calibration or Calibration()), folder, lambda t: None)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_every_pixel_comes_back_in_its_depth(tmp_path: Path, dtype: str) -> None:
    images = ramp(dtype=dtype)
    written = write(tmp_path, images)
    array = zarr.open_array(tmp_path / "0", mode="r")
    assert array.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(array[:], images)
    assert (written.frames, written.height, written.width, written.channels, written.dtype) == (3, 20, 30, 1, dtype)


def test_a_chunk_is_one_frame_in_little_endian_zstd(tmp_path: Path) -> None:
    images = ramp(dtype="uint16")
    write(tmp_path, images.astype(">u2"))
    raw = Zstd().decode((tmp_path / "0" / "c" / "1" / "0" / "0").read_bytes())
    np.testing.assert_array_equal(np.frombuffer(raw, "<u2").reshape(20, 30), images[1])


def test_a_colour_chunk_holds_all_channels(tmp_path: Path) -> None:
    images = np.moveaxis(ramp(frames=9).reshape(3, 3, 20, 30), 1, -1)
    write(tmp_path, images)
    raw = Zstd().decode((tmp_path / "0" / "c" / "2" / "0" / "0" / "0").read_bytes())
    np.testing.assert_array_equal(np.frombuffer(raw, "u1").reshape(3, 20, 30), np.moveaxis(images[2], -1, 0))


def test_a_black_frame_is_a_chunk_like_any_other(tmp_path: Path) -> None:
    images = ramp()
    images[1] = 0
    write(tmp_path, images)
    assert (tmp_path / "0" / "c" / "1" / "0" / "0").is_file()


def test_small_frames_have_one_level_and_large_ones_a_pyramid() -> None:
    assert levels_of(512, 400) == (Level(512, 400, (512, 400), 1),)
    assert levels_of(1024, 512) == (Level(1024, 512, (1024, 512), 1), Level(512, 256, (512, 256), 2))
    assert levels_of(3001, 700) == (
        Level(3001, 700, (1024, 700), 1),
        Level(1501, 350, (1024, 350), 2),
        Level(751, 175, (751, 175), 4),
        Level(376, 88, (376, 88), 8),
    )


def test_large_frames_are_tiled_and_halved_by_means(tmp_path: Path) -> None:
    images = ramp(frames=1, height=1100, width=1030)
    written = write(tmp_path, images)
    assert [(level.height, level.width) for level in written.levels] == [(1100, 1030), (550, 515), (275, 258)]
    tiles = sorted(str(path.relative_to(tmp_path / "0" / "c")) for path in (tmp_path / "0" / "c").glob("*/*/*"))
    assert tiles == ["0/0/0", "0/0/1", "0/1/0", "0/1/1"]
    edge = np.frombuffer(Zstd().decode((tmp_path / "0/c/0/1/1").read_bytes()), "u1").reshape(1024, 1024)
    np.testing.assert_array_equal(edge[:76, :6], images[0, 1024:, 1024:])
    half = zarr.open_array(tmp_path / "1", mode="r")[0]
    block = images[0, 20:22, 40:42].astype(float).mean()
    assert abs(float(half[10, 20]) - block) <= 0.5


def test_halving_repeats_an_odd_edge_and_rounds() -> None:
    frame = np.array([[0, 2, 4], [2, 2, 4], [9, 9, 255]], np.uint8)
    np.testing.assert_array_equal(halve(frame), [[2, 4], [9, 255]])
    assert halve(frame).dtype == np.uint8
    np.testing.assert_array_equal(halve(np.array([[1.0, 2.0]], np.float32)), [[1.5]])


def test_the_metadata_is_ome_zarr_with_unit_and_scale_of_each_level(tmp_path: Path) -> None:
    calibration = Calibration(0.2, "nm", 0.5, "OME-XML")
    write(tmp_path, ramp(frames=2, height=1030, width=10), calibration)
    ome: Any = zarr.open_group(tmp_path, mode="r").attrs["ome"]
    assert ome["version"] == "0.5"
    (scales,) = ome["multiscales"]
    assert scales["axes"] == [
        {"name": "t", "type": "time", "unit": "second"},
        {"name": "y", "type": "space", "unit": "nanometer"},
        {"name": "x", "type": "space", "unit": "nanometer"},
    ]
    first, second, _ = (dataset["coordinateTransformations"] for dataset in scales["datasets"])
    assert first[0]["scale"] == [0.5, 0.2, 0.2]
    assert second[0]["scale"] == [0.5, 0.4, 0.4]
    # The centre of pixel 0 of the halved level lies half a pixel into the full resolution.
    assert second[1]["translation"] == [0.0, pytest.approx(0.1), pytest.approx(0.1)]


def test_an_uncalibrated_series_has_no_unit(tmp_path: Path) -> None:
    write(tmp_path, ramp())
    ome: Any = zarr.open_group(tmp_path, mode="r").attrs["ome"]
    assert all("unit" not in axis for axis in ome["multiscales"][0]["axes"])


def test_the_name_is_the_content(tmp_path: Path) -> None:
    images = ramp()
    calibration = Calibration(0.2, "nm", 0.5, "OME-XML")
    name = write(tmp_path / "a", images, calibration).hash
    changed = images.copy()
    changed[2, 19, 29] ^= 1
    others = {
        "pixel": write(tmp_path / "b", changed, calibration).hash,
        "calibration": write(tmp_path / "c", images, replace(calibration, pixel_size=0.3)).hash,
        "shape": write(tmp_path / "d", images.reshape(3, 30, 20), calibration).hash,
        "type": write(tmp_path / "e", images.view(np.uint8).astype(np.uint16), calibration).hash,
    }
    assert len({name, *others.values()}) == 5
    # Where the calibration was read from is no part of it, and neither is the byte order.
    assert write(tmp_path / "f", images, replace(calibration, source="a person")).hash == name
    wide = ramp(dtype="uint16")
    assert write(tmp_path / "g", wide).hash == write(tmp_path / "h", wide.astype(">u2")).hash


def test_the_input_range_leaves_outliers_out(tmp_path: Path) -> None:
    images = np.full((1, 100, 100), 50, np.uint16)
    images[0, ::2] = 150
    images[0, 0, :3] = 65535
    written = write(tmp_path, images)
    assert (written.input_low, written.input_high) == (50.0, 150.0)


def test_publish_keeps_an_equal_store_that_is_there(tmp_path: Path) -> None:
    target = tmp_path / "x.zarr"
    for name in ("first", "second"):
        written = write(tmp_path / name, ramp())
        pixel_store.publish(tmp_path / name, target, written)
    assert (target / "zarr.json").is_file()
    assert not (tmp_path / "first").exists()
    assert (tmp_path / "second").exists()


@pytest.mark.parametrize("lost", ["0/c/2/0/0", "1/c/0/0/0", "zarr.json"])
def test_a_draft_that_lost_a_file_is_not_published(tmp_path: Path, lost: str) -> None:
    written = write(tmp_path / "draft", ramp(height=1030))
    assert written.chunks == 3 * 2 + 3 + 3
    (tmp_path / "draft" / lost).unlink()
    with pytest.raises(pixel_store.IncompleteStoreError):
        pixel_store.publish(tmp_path / "draft", tmp_path / "x.zarr", written)
    assert not (tmp_path / "x.zarr").exists()


def test_a_colour_store_is_complete_with_one_chunk_a_frame(tmp_path: Path) -> None:
    written = write(tmp_path / "draft", np.zeros((2, 8, 9, 3), np.uint8))
    pixel_store.publish(tmp_path / "draft", tmp_path / "x.zarr", written)
    assert written.chunks == 2


def test_a_draft_is_removed_whatever_happens(tmp_path: Path) -> None:
    def fail_inside() -> None:
        with pixel_store.draft_folder(tmp_path, "draft") as draft:
            (draft / "chunk").write_bytes(b"half")
            raise OSError

    with pytest.raises(OSError):
        fail_inside()
    assert not list(tmp_path.iterdir())
