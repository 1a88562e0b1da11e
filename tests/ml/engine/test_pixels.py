"""Frames read from OME-Zarr stores, exact by value, and never from outside the stores' folder."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from ml.engine.pixels import PixelsError, PixelStores


def write(root: Path, name: str, pixels: np.ndarray[Any, Any]) -> None:
    group = zarr.open_group(root / name, mode="w")
    array = group.create_array("0", shape=pixels.shape, chunks=(1, *pixels.shape[1:]), dtype=pixels.dtype)
    array[:] = pixels


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "store"
    grey = np.zeros((3, 2, 4), np.uint16)
    grey[1] = [[0, 100, 150, 200], [250, 300, 301, 65535]]
    write(root, "grey", grey)
    colour = np.zeros((1, 3, 1, 3), np.uint8)
    colour[0, 0, 0] = [255, 0, 0]
    colour[0, 1, 0] = [0, 255, 0]
    colour[0, 2, 0] = [0, 0, 255]
    write(root, "colour", colour)
    write(root, "two_channels", np.full((1, 2, 1, 1), 51, np.uint8))
    write(root, "float", np.array([[[np.nan, -1.0, 0.5, np.inf]]], np.float32))
    write(tmp_path, "secret", np.zeros((1, 2, 2), np.uint8))
    return root


def test_the_input_range_becomes_zero_to_one_and_what_lies_outside_is_clipped(root: Path) -> None:
    frame = PixelStores(root).frame("grey", 1, (100.0, 300.0))
    assert frame.dtype == np.float32
    np.testing.assert_allclose(frame, [[0, 0, 0.25, 0.5], [0.75, 1, 1, 1]], rtol=1e-7)


def test_frames_are_told_apart_by_index(root: Path) -> None:
    stores = PixelStores(root)
    assert stores.frames("grey") == 3
    assert not stores.frame("grey", 0, (0.0, 1.0)).any()
    assert stores.frame("grey", 1, (0.0, 1.0)).any()


def test_missing_values_become_zero(root: Path) -> None:
    np.testing.assert_array_equal(PixelStores(root).frame("float", 0, (0.0, 1.0)), [[0, 0, 0.5, 1]])


def test_colour_becomes_luminance(root: Path) -> None:
    frame = PixelStores(root).frame("colour", 0, (0.0, 255.0))
    np.testing.assert_allclose(frame, [[0.2126, 0.7152, 0.0722]], rtol=1e-6)


def test_one_channel_of_colour_can_be_chosen(root: Path) -> None:
    np.testing.assert_array_equal(PixelStores(root).frame("colour", 0, (0.0, 255.0), channel=1), [[0, 1, 0]])


@pytest.mark.parametrize(
    ("store", "frame", "channel", "message"),
    [
        ("grey", 3, None, "Frame 3 of a series of 3; frames are 0 to 2"),
        ("grey", -1, None, "Frame -1"),
        ("grey", 0, 1, "Channel 1 of a grey series"),
        ("colour", 0, 3, "Channel 3 of 3; channels are 0 to 2"),
        ("two_channels", 0, None, "2 channels"),
        ("missing", 0, None, "'missing' holds no readable array"),
    ],
)
def test_what_is_not_there_is_named(root: Path, store: str, frame: int, channel: int | None, message: str) -> None:
    with pytest.raises(PixelsError, match=message):
        PixelStores(root).frame(store, frame, (0.0, 1.0), channel)


@pytest.mark.parametrize("store", ["../secret", "grey/../../secret", "..", ".", "", "/etc", "link", "nul\0l"])
def test_no_path_leads_out_of_the_folder_of_stores(root: Path, store: str) -> None:
    (root / "link").symlink_to(root.parent / "secret")
    with pytest.raises(PixelsError, match=r"leads out|not a path"):
        PixelStores(root).frame(store, 0, (0.0, 1.0))


def test_a_store_of_another_shape_is_refused(root: Path) -> None:
    write(root, "flat", np.zeros((4, 4), np.uint8))
    with pytest.raises(PixelsError, match=r"shape \(4, 4\)"):
        PixelStores(root).frame("flat", 0, (0.0, 1.0))
