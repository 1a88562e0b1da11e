"""Where a frame is cut for objects whose boxes are known."""

import numpy as np
import pytest

from ml.segmenters.box_tiles import SMALL_PX, tiles_for

SIDE = 512


def boxes_of(centres: np.ndarray, size: float) -> np.ndarray:
    return np.concatenate([centres - size / 2, centres + size / 2], axis=1)


@pytest.mark.parametrize("shape", [(2048, 3000), (600, 500), (512, 512), (90, 4000), (513, 40)])
@pytest.mark.parametrize("size", [6.0, 20.0, 80.0, 250.0])
def test_every_box_lies_whole_in_one_tile(shape: tuple[int, int], size: float) -> None:
    height, width = shape
    rng = np.random.default_rng(0)
    boxes = boxes_of(rng.uniform(0, (width, height), (300, 2)), size).clip(0, [width, height, width, height])
    tiles = tiles_for(boxes, shape, SIDE)
    assert sorted(number for tile in tiles for number in tile.boxes) == list(range(300))
    for tile in tiles:
        inside = boxes[tile.boxes]
        assert (inside[:, 0] >= tile.columns.start).all() and (inside[:, 2] <= tile.columns.stop).all()
        assert (inside[:, 1] >= tile.rows.start).all() and (inside[:, 3] <= tile.rows.stop).all()
        assert 0 <= tile.rows.start < tile.rows.stop <= height and 0 <= tile.columns.start < tile.columns.stop <= width


def sides(size: float, shape: tuple[int, int] = (4096, 4096)) -> set[int]:
    tiles = tiles_for(boxes_of(np.array([[2000.0, 1500.0], [300.0, 300.0]]), size), shape, SIDE)
    return {tile.rows.stop - tile.rows.start for tile in tiles}


def test_a_frames_pixel_is_one_of_the_networks_unless_the_object_asks_for_more() -> None:
    assert sides(SMALL_PX) == sides(100.0) == sides(256.0) == {SIDE}
    assert sides(SMALL_PX - 1) == {SIDE // 2}
    assert sides(257.0) == {2 * SIDE}
    assert sides(1500.0) == {4096}


def test_a_frame_no_larger_than_the_networks_image_is_one_tile() -> None:
    boxes = boxes_of(np.array([[20.0, 20.0], [300.0, 380.0], [100.0, 100.0]]), 40.0)
    (tile,) = tiles_for(boxes, (400, 320), SIDE)
    assert (tile.rows, tile.columns, tile.boxes) == (slice(0, 400), slice(0, 320), [0, 1, 2])


def test_a_box_goes_to_the_tile_whose_edges_are_farthest_and_tiles_without_one_are_left_out() -> None:
    """1000 px in 512-px tiles: 0 to 512, 244 to 756, 488 to 1000. The frame's own edges are no edges."""
    boxes = boxes_of(np.array([[20.0, 20.0], [500.0, 20.0], [980.0, 20.0]]), 40.0)
    tiles = tiles_for(boxes, (512, 1000), SIDE)
    assert [(tile.columns.start, tile.boxes) for tile in tiles] == [(0, [0]), (244, [1]), (488, [2])]
    assert len(tiles_for(boxes[:1], (512, 1000), SIDE)) == 1
