import numpy as np
import pytest

from ml import series


def test_range_is_the_percentiles_of_all_pixels_when_the_series_is_small() -> None:
    frames = np.random.default_rng(1).normal(1000, 50, (5, 64, 64)).astype(np.uint16)
    assert series.input_range(frames) == pytest.approx(tuple(np.percentile(frames, (0.1, 99.9))))


def test_hot_pixels_do_not_stretch_the_range() -> None:
    frame = np.random.default_rng(1).integers(100, 200, (256, 256)).astype(np.uint16)
    frame[3, 3] = 65535
    low, high = series.input_range([frame])
    assert 100 <= low < high <= 200


def test_long_series_is_sampled_with_its_last_frame_and_bounded_memory() -> None:
    class Counting:
        read: list[int] = []

        def __len__(self) -> int:
            return 10_000

        def __getitem__(self, t: int) -> np.ndarray:
            self.read.append(t)
            return np.full((16, 16), 100.0 if t == 9_999 else float(t % 3), np.float32)

    frames = Counting()
    low, high = series.input_range(frames)
    assert len(frames.read) == series.MOST_FRAMES
    assert (frames.read[0], frames.read[-1]) == (0, 9_999)
    assert (low, high) == (0.0, 100.0)


def test_large_frame_range_is_close_and_repeatable() -> None:
    frame = np.random.default_rng(2).normal(0, 1, (2048, 2048)).astype(np.float32)
    low, high = series.input_range([frame])
    assert (low, high) == series.input_range([frame])
    assert (low, high) == pytest.approx((-3.09, 3.09), abs=0.1)  # quantiles of the normal law, sampling error 0.02


def test_few_bright_pixels_on_an_empty_ground_use_least_and_greatest() -> None:
    frame = np.zeros((100, 100), np.uint16)
    frame[50, 50] = 900
    assert series.input_range([frame]) == (0.0, 900.0)


@pytest.mark.parametrize("value", [0, 7, -1e30, 1e30])
def test_constant_series_keeps_low_below_high_and_maps_to_zero(value: float) -> None:
    frame = np.full((8, 8), value, np.float32)
    low, high = series.input_range([frame])
    assert low < high
    assert not series.to_unit(frame, low, high).any()


def test_nan_and_infinity_are_left_out() -> None:
    frame = np.array([[1, 2, np.nan], [3, np.inf, -np.inf]], np.float32)
    low, high = series.input_range([frame])
    assert 1 <= low < high <= 3
    unit = series.to_unit(frame, 1, 3)
    assert unit.tolist() == [[0, 0.5, 0], [1, 1, 0]]
    assert series.input_range([np.full((2, 2), np.nan)]) == (0.0, 1.0)


def test_unit_is_float32_clipped_and_keeps_shape() -> None:
    frame = np.array([[[0, 100, 300]]], np.uint16)
    unit = series.to_unit(frame, 100, 200)
    assert unit.dtype == np.float32
    assert unit.shape == frame.shape
    assert unit.ravel().tolist() == [0, 0, 1]
    assert not series.to_unit(frame, 5, 5).any()


def test_no_frames_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 frames"):
        series.input_range([])
