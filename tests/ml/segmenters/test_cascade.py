"""The cascade: a finder that is told what to find, refined by the bundled EfficientSAM."""

from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ml import registry, weights
from ml.modeling.yolo import build, metadata
from ml.segmenters.cascade import CascadeSegmenter, _sharpened
from ml.segmenters.disputes import Claim
from ml.segmenters.efficient_sam import EfficientSamSegmenter, load_tiny
from ml.segmenters.instances import Boxed
from ml.segmenters.pieces import finished
from ml.segmenters.yolo import Detected, YoloSegmenter
from ml.types import Grey
from ml.weights import WeightsError, save
from tests.ml.segmenters.discs import Drawn, draw, scattered


class Finder(YoloSegmenter):
    """Finds a box around each labelled object, and takes all of the box for the object."""

    def __init__(self, labels: np.ndarray, score: float = 0.81) -> None:
        super().__init__(torch.nn.Identity(), name="yolo", weights_hash="told")
        self.labels, self.score = labels, score

    def find_steps(self, frame: Grey, given: Mapping[str, Any]) -> Generator[float | None, None, list[Detected]]:
        yield None
        found = []
        for number in range(1, int(self.labels.max()) + 1):
            rows, columns = (np.flatnonzero((self.labels == number).any(axis)) for axis in (1, 0))
            place = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
            mask = np.ones((place[0].stop - place[0].start, place[1].stop - place[1].start), bool)
            box = (place[1].start, place[0].start, place[1].stop, place[0].stop)
            found.append(Detected(place, mask, self.score, number % 2, (*map(float, box),)))
        return found


@pytest.fixture(scope="module")
def refiner() -> EfficientSamSegmenter:
    return load_tiny()


def ious(drawn: Drawn, found: Any) -> list[float]:
    best = []
    for number in range(1, drawn.labels.max() + 1):
        truth = drawn.labels == number
        best.append(max((i.mask & truth).sum() / (i.mask | truth).sum() for i in found))
    return best


def test_boxes_become_masks_of_what_lies_in_them(refiner: EfficientSamSegmenter) -> None:
    drawn = draw(scattered(6, 22, 256), 22, 256)
    found = CascadeSegmenter(Finder(drawn.labels), refiner).segment(drawn.frame)
    assert len(found) == 6
    assert min(ious(drawn, found)) > 0.9  # the boxes themselves have π/4
    assert sorted(instance.phase for instance in found) == [0, 0, 0, 1, 1, 1]
    assert all(0.81 * 0.5 < instance.score <= 0.9 for instance in found)  # √(0.81 × at most 1)


def claim(mask: np.ndarray, phase: int = 0) -> Claim:
    whole = (slice(0, mask.shape[0]), slice(0, mask.shape[1]))
    found = Boxed(whole, mask, 0.9, phase)
    return Claim(replace(found, mask=mask.copy()), found, np.zeros(mask.shape, np.float16))


def test_an_edge_moves_to_where_the_automatic_mode_sees_it_but_never_into_a_neighbour() -> None:
    one, other, pixels = (np.zeros((60, 60), bool) for _ in range(3))
    one[10:50, 10:30], other[10:50, 30:50] = True, True
    pixels[8:50, 10:50] = True  # two rows more above both, and no gap between them
    pixels[28:32, 18:22] = False  # a hole deep inside
    upper, lower = finished(_sharpened([claim(one), claim(other, phase=1)], pixels))
    assert np.array_equal(np.flatnonzero(upper.object.mask.any(axis=1)), np.arange(8, 50))
    assert not (upper.object.mask & other).any() and not (lower.object.mask & one).any()
    assert upper.object.mask[28:32, 18:22].all()


def test_where_the_automatic_mode_sees_something_else_the_mask_stays() -> None:
    mask, pixels = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    mask[10:30, 10:30], pixels[10:30, 10:14] = True, True
    (kept,) = finished(_sharpened([claim(mask)], pixels))
    assert np.array_equal(kept.object.mask, mask)


def test_a_large_frame_is_refined_in_tiles_each_encoded_once(
    refiner: EfficientSamSegmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = draw([(60, 60), (110, 80), (1030, 950), (540, 60)], 20, 1100)
    seen: list[tuple[int, ...]] = []
    encode = EfficientSamSegmenter.encode_steps

    def encode_steps(self: EfficientSamSegmenter, frame: Grey) -> Any:
        seen.append(frame.shape)
        return encode(self, frame)

    monkeypatch.setattr(EfficientSamSegmenter, "encode_steps", encode_steps)
    found = CascadeSegmenter(Finder(drawn.labels), refiner).segment(drawn.frame)
    assert seen == [(512, 512)] * 3  # of nine; the first holds two objects
    assert min(ious(drawn, found)) > 0.9
    assert all(instance.mask.shape == (1100, 1100) for instance in found)


def test_where_the_refiner_disagrees_with_the_box_the_finders_mask_stays(refiner: EfficientSamSegmenter) -> None:
    drawn = draw([(60, 60), (180, 90)], 25, 256)
    cascade = CascadeSegmenter(Finder(np.roll(drawn.labels, 12, axis=1)), refiner)
    for instance in cascade.segment(drawn.frame, {"min_agreement": 1.0}):
        rows, columns = np.nonzero(instance.mask)
        assert instance.mask.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1) >= 50 * 49
    assert all(i.mask.sum() < 2400 for i in cascade.segment(drawn.frame, {"min_agreement": 0.0}))


def test_small_results_are_left_out(refiner: EfficientSamSegmenter) -> None:
    drawn = draw([(60, 60)], 20, 128)
    cascade = CascadeSegmenter(Finder(drawn.labels), refiner)
    assert len(cascade.segment(drawn.frame, {"min_area_px": 900})) == 1
    assert len(cascade.segment(drawn.frame, {"min_area_px": 1600})) == 0  # its box has as many


def test_clicks_on_other_frames_go_between_the_pieces(refiner: EfficientSamSegmenter) -> None:
    drawn = draw(scattered(10, 14, 256), 14, 256)
    cascade = CascadeSegmenter(Finder(drawn.labels), refiner)
    expected = cascade.segment(drawn.frame)
    done: list[float] = []
    steps = cascade.segment_steps(drawn.frame)
    pieces = 0
    while True:
        try:
            fraction = next(steps)
        except StopIteration as end:
            found = end.value
            break
        pieces += 1
        done += [] if fraction is None else [fraction]
        assert not torch.is_inference_mode_enabled()
        if pieces % 5 == 0:
            refiner.encode(np.zeros((64, 64), np.float32))
    assert done == [0.8, 1.0]
    assert pieces > 10
    assert all(np.array_equal(a.mask, b.mask) for a, b in zip(found, expected, strict=True))


def test_a_frame_without_objects_or_pixels_gives_nothing(refiner: EfficientSamSegmenter) -> None:
    assert len(CascadeSegmenter(Finder(np.zeros((64, 64), int)), refiner).segment(np.zeros((64, 64), np.float32))) == 0
    cascade = registry.load("cascade", untrained=True)
    assert len(cascade.segment(np.zeros((0, 5), np.float32))) == 0


def test_without_yolo_s_weights_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "BUNDLED", tmp_path)
    with pytest.raises(WeightsError, match="no weights for yolo"):
        registry.load("cascade", weights_folder=tmp_path)


def test_the_hash_tells_of_both_parts_and_a_checkpoint_of_yolo_may_be_named(tmp_path: Path) -> None:
    save(tmp_path / "a.safetensors", build(2).state_dict(), metadata(2, 256))
    first = registry.load("cascade", weights=tmp_path / "a.safetensors")
    assert (first.finder.input_size, first.name, len(first.weights_hash)) == (256, "cascade", 64)
    (tmp_path / "a.safetensors").rename(tmp_path / "yolo.safetensors")
    assert registry.load("cascade", weights_folder=tmp_path).weights_hash == first.weights_hash
    assert registry.load("cascade", untrained=True).weights_hash != first.weights_hash
    with pytest.raises(WeightsError, match="not yolo"):
        registry.load("cascade", weights=Path("ml/checkpoints/efficient_sam_ti.safetensors"))


def test_parameters_of_both_parts_are_counted() -> None:
    from ml.evaluation.cost import parameter_count

    cascade = registry.load("cascade", untrained=True)
    assert parameter_count(cascade) == parameter_count(cascade.finder) + parameter_count(cascade.refiner)
