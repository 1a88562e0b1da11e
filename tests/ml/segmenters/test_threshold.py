from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from ml import registry
from ml.segmenters.parameters import ParameterError
from ml.series import input_range, to_unit
from ml.synthetic import synthesise
from ml.types import Instance
from tests.ml.segmenters.discs import draw, scattered, shared_data

THRESHOLD = registry.load("threshold", device="cpu")


def union(instances: Sequence[Instance], shape: tuple[int, ...]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    for instance in instances:
        assert not (mask & instance.mask).any()
        mask |= instance.mask
    return mask


def iou(found: np.ndarray, truth: np.ndarray) -> float:
    return float((found & truth).sum() / (found | truth).sum())


def matched(instances: Sequence[Instance], labels: np.ndarray) -> int:
    return sum(
        any(iou(instance.mask, labels == number) > 0.5 for instance in instances)
        for number in range(1, labels.max() + 1)
    )


@pytest.mark.parametrize("bright", [False, True], ids=["dark", "bright"])
@pytest.mark.parametrize("tilt", [0, 0.5], ids=["level", "tilted"])
@pytest.mark.parametrize("kind", [(6, 40, 256, 19), (16, 40, 384, 19), (100, 5, 512, None)], ids=["6", "16", "100 px"])
def test_defaults_find_every_disc(kind: tuple[int, int, int, int | None], tilt: float, bright: bool) -> None:
    diameter, count, size, levels = kind
    centres = scattered(count, diameter / 2, size)
    drawn = draw(centres, diameter / 2, size, bright=bright, levels=levels, tilt=tilt, noise=0.03)
    instances = THRESHOLD.segment(drawn.frame)
    assert len(instances) == count
    assert matched(instances, drawn.labels) == count
    # The outermost ring of pixels is uncertain by about a tenth of a pixel of radius each way.
    assert iou(union(instances, drawn.frame.shape), drawn.labels > 0) > (0.93 if diameter == 6 else 0.95)


def test_a_few_tiny_particles_in_an_empty_frame_are_found() -> None:
    drawn = draw(scattered(3, 3, 256), 3, 256, bright=True, levels=19)
    assert matched(THRESHOLD.segment(drawn.frame), drawn.labels) == 3


def test_touching_pair_is_split_unless_told_not_to() -> None:
    drawn = draw([(100, 128), (145, 128), (200, 40)], 25, 256)
    assert len(THRESHOLD.segment(drawn.frame)) == 3
    assert len(THRESHOLD.segment(drawn.frame, {"split": False})) == 2


@pytest.mark.parametrize(
    "frame",
    [np.zeros((64, 64)), np.ones((64, 64)), np.zeros((1, 1)), np.zeros((5, 300)), np.zeros((0, 0))],
    ids=["black", "white", "one pixel", "strip", "none"],
)
def test_constant_and_tiny_frames_give_nothing(frame: np.ndarray) -> None:
    assert len(THRESHOLD.segment(frame.astype(np.float32))) == 0


@pytest.mark.parametrize("blur", [0, 1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_pure_noise_gives_nothing(seed: int, blur: float) -> None:
    noise = np.random.default_rng(seed).normal(0, 1, (256, 256))
    frame = 0.5 + 0.1 * ndimage.gaussian_filter(noise, blur)
    assert len(THRESHOLD.segment(frame.astype(np.float32))) == 0


def test_polarity_can_be_forced() -> None:
    drawn = draw(scattered(12, 15, 256), 15, 256, contrast=0.2)
    bright = (drawn.labels == 3) | (drawn.labels == 8)
    drawn.frame[bright] += 0.4
    dark_only = union(THRESHOLD.segment(drawn.frame, {"polarity": "dark"}), drawn.frame.shape)
    bright_only = union(THRESHOLD.segment(drawn.frame, {"polarity": "bright"}), drawn.frame.shape)
    assert iou(dark_only, (drawn.labels > 0) & ~bright) > 0.9
    assert iou(bright_only, bright) > 0.9


@pytest.mark.parametrize("bright", [False, True])
def test_offset_moves_the_threshold_in_grey_values(bright: bool) -> None:
    drawn = draw(scattered(6, 25, 256), 25, 256, bright=bright, noise=0.02)
    areas = [
        union(THRESHOLD.segment(drawn.frame, {"offset": offset, "sigma_px": 4}), drawn.frame.shape).sum()
        for offset in (-0.05, 0.0, 0.05)
    ]
    assert areas == sorted(areas, reverse=bright)
    assert areas[0] != areas[1] != areas[2]


def test_uneven_background_needs_the_local_threshold() -> None:
    drawn = draw(scattered(20, 12, 384), 12, 384, tilt=0.8, contrast=0.15, noise=0.02)
    auto, local, otsu = (
        iou(union(THRESHOLD.segment(drawn.frame, {"method": method}), drawn.frame.shape), drawn.labels > 0)
        for method in ("auto", "local", "otsu")
    )
    assert auto == local > 0.9
    assert otsu < 0.6


@pytest.mark.parametrize("bright", [False, True])
def test_a_phase_of_a_third_of_the_contrast_is_found_beside_the_other(bright: bool) -> None:
    drawn = draw(scattered(20, 15, 384), 15, 384, bright=bright, noise=0.02)
    faint = (drawn.labels > 0) & (drawn.labels % 4 == 0)
    drawn.frame[faint] += -0.2 if bright else 0.2
    instances = THRESHOLD.segment(drawn.frame)
    assert len(instances) == 20
    assert matched(instances, drawn.labels) == 20
    # Each phase is cut at half its own height: a common lower threshold would enlarge the other.
    assert iou(union(instances, drawn.frame.shape), drawn.labels > 0) > 0.95


@pytest.mark.parametrize("radius", [1, 90])
def test_what_is_fainter_and_of_another_size_is_no_phase(radius: float) -> None:
    drawn = draw(scattered(12, 12, 384), 12, 384, noise=0.02)
    elsewhere = draw(scattered(80 if radius == 1 else 1, radius, 384, seed=5), radius, 384).labels > 0
    drawn.frame[elsewhere & (drawn.labels == 0)] -= 0.1
    instances = THRESHOLD.segment(drawn.frame)
    assert len(instances) == 12
    assert iou(union(instances, drawn.frame.shape), drawn.labels > 0) > 0.95


@pytest.mark.parametrize("seed", [1001, 1002, 2000, 2002])
def test_crowded_noisy_particles_are_not_taken_for_noise(seed: int) -> None:
    series = synthesise(seed, 1, 256, "crowded")
    labels = series.labels[0].astype(int)
    frame = to_unit(series.images[0], *input_range(series.images))
    instances = THRESHOLD.segment(frame)
    assert matched(instances, labels) > len(np.unique(labels)) / 2


def test_large_objects_beside_small_ones_are_not_hollowed() -> None:
    small = draw(scattered(25, 8, 512, seed=2), 8, 512, bright=True, noise=0.02)
    large = draw([(110, 130), (380, 350)], 60, 512).labels
    frame = small.frame.copy()
    frame[(large > 0) & (small.labels == 0)] += 0.15
    instances = THRESHOLD.segment(frame)
    assert matched(instances, large) == 2


def test_blank_frames_of_few_electrons_give_nothing() -> None:
    for dose in (1, 2, 5):
        frame = np.random.default_rng(dose).poisson(dose, (256, 256))
        assert len(THRESHOLD.segment(to_unit(frame, *input_range([frame])))) == 0


@pytest.mark.parametrize("count", [300, 1000])
def test_dead_pixels_do_not_pass_for_the_objects(count: int) -> None:
    drawn = draw(scattered(5, 50, 512, seed=3), 50, 512, bright=True, noise=0.03)
    rows, columns = np.random.default_rng(0).integers(0, 512, (2, count))
    drawn.frame[rows, columns] = 0
    instances = THRESHOLD.segment(drawn.frame)
    assert len(instances) == 5
    assert matched(instances, drawn.labels) == 5


def test_small_objects_are_left_out_and_holes_of_their_size_filled() -> None:
    drawn = draw([(60, 60), (180, 180)], 30, 256, noise=0.02)
    drawn.frame[60, 60] = 0.5
    drawn.frame[100:103, 200:203] = 0.2
    kept = THRESHOLD.segment(drawn.frame, {"min_area_px": 20, "sigma_px": 0.0})
    assert len(kept) == 2
    assert kept[0].mask[60, 60]
    assert len(THRESHOLD.segment(drawn.frame, {"min_area_px": 5, "sigma_px": 0.0})) == 3


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.float64])
def test_unsigned_and_wide_pixels_give_the_same_objects(dtype: Any) -> None:
    frame = np.round(np.clip(draw(scattered(10, 15, 256), 15, 256).frame, 0, 1) * 250)
    expected = union(THRESHOLD.segment(frame.astype(np.float32)), frame.shape)
    assert expected.any()
    assert np.array_equal(union(THRESHOLD.segment(frame.astype(dtype)), frame.shape), expected)


def test_result_is_repeatable_and_leaves_the_frame_alone() -> None:
    frame = draw(scattered(10, 15, 256), 15, 256).frame
    before = frame.copy()
    first, second = (union(THRESHOLD.segment(frame), frame.shape) for _ in range(2))
    assert np.array_equal(first, second)
    assert np.array_equal(frame, before)
    assert len(THRESHOLD.weights_hash) == 64


@pytest.mark.parametrize(
    ("parameters", "told"),
    [({"sigma": 1}, "no setting 'sigma'"), ({"sigma_px": 21}, "sigma_px is 21, above 20.0; lower it")],
)
def test_wrong_settings_are_refused(parameters: dict[str, Any], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        THRESHOLD.segment(np.zeros((32, 32), np.float32), parameters)


def test_colour_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="Give one channel"):
        THRESHOLD.segment(np.zeros((32, 32, 3), np.float32))


def test_real_tem_frames_by_default_and_at_the_labels_own_filter() -> None:
    folder = shared_data("tem_nanoparticles")
    by_default, at_sigma_5 = [], []
    for path in sorted((folder / "images").glob("*.png"))[::2]:
        frame = np.asarray(Image.open(path), np.float32) / 255
        labels = np.asarray(Image.open(folder / "labels" / path.name)) > 0
        by_default.append(iou(union(THRESHOLD.segment(frame), frame.shape), labels))
        told = {"sigma_px": 5, "method": "otsu", "polarity": "dark", "split": False, "min_area_px": 0}
        at_sigma_5.append(iou(union(THRESHOLD.segment(frame, told), frame.shape), labels))
    assert np.mean(by_default) >= 0.97
    assert min(by_default) >= 0.94
    assert np.mean(at_sigma_5) >= 0.99


@pytest.mark.parametrize(
    ("name", "least_recall"), [("Ru1", 0.75), ("Ru3", 0.75), ("Pt2", 0.7), ("PtCo", 0.75), ("PtCo3", 0.65)]
)
def test_real_particles_on_supports_are_found_by_default(name: str, least_recall: float) -> None:
    """Boxes drawn by people, generously: an object counts when its box overlaps with IoU 0.3."""
    folder = shared_data("stem_np_boxes_yolo")
    frame = np.asarray(Image.open(folder / f"images/{name}.jpg").convert("L"), np.float32) / 255
    rows = np.loadtxt(folder / f"labels/{name}.txt", ndmin=2)[:, 1:] * (frame.shape[::-1] * 2)
    truth = np.hstack((rows[:, :2] - rows[:, 2:] / 2, rows[:, :2] + rows[:, 2:] / 2))
    found = []
    for instance in THRESHOLD.segment(frame):
        ((down, across),) = ndimage.find_objects(instance.mask.astype(np.uint8))
        found.append((across.start, down.start, across.stop, down.stop))
    boxes = np.array(found, float)
    corners = np.minimum(boxes[:, None, 2:], truth[None, :, 2:]) - np.maximum(boxes[:, None, :2], truth[None, :, :2])
    shared = np.clip(corners, 0, None).prod(axis=2)
    areas = [(one[:, 2:] - one[:, :2]).prod(axis=1) for one in (boxes, truth)]
    overlap = shared / (areas[0][:, None] + areas[1][None] - shared)
    assert (overlap.max(axis=0) > 0.3).mean() >= least_recall
