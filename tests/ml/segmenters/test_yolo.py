"""YOLOv8n-seg as a segmenter: masks lie where the network says, checkpoints are checked before they are used."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ml import registry, weights
from ml.modeling.yolo import build, classes_of, metadata
from ml.segmenters.parameters import ParameterError
from ml.segmenters.yolo import Geometry, YoloSegmenter, mask_in_box
from ml.weights import WeightsError, save


@pytest.fixture(scope="module")
def untrained() -> YoloSegmenter:
    segmenter: YoloSegmenter = registry.load("yolo", device="cpu", untrained=True)
    return segmenter


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "yolo.safetensors"
    save(path, build(3).state_dict(), metadata(3, 256))
    return path


def whole(found: tuple[tuple[slice, slice], np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[found[0]] = found[1]
    return mask


def test_masks_agree_with_the_librarys_own() -> None:
    from ultralytics.utils.ops import process_mask

    torch.manual_seed(0)
    prototypes, coefficients = torch.randn(32, 16, 24), torch.randn(20, 32)
    corners = torch.stack([torch.randint(0, 90, (20, 2)), torch.randint(0, 60, (20, 2))], 2).float().sort(1).values
    boxes = torch.stack([corners[:, 0, 0], corners[:, 0, 1], corners[:, 1, 0], corners[:, 1, 1]], 1)
    expected = process_mask(prototypes, coefficients, boxes, (64, 96), upsample=True).bool().numpy()
    for number, wanted in enumerate(expected):
        found = mask_in_box(
            coefficients[number].numpy(), prototypes.numpy(), boxes[number].numpy(), Geometry(64, 96, 1.0, 1.0)
        )
        # A value may round to the other side of 0.
        assert np.count_nonzero(whole(found, (64, 96)) != wanted) <= 1


@pytest.mark.parametrize("scale", [0.25, 0.5, 2.0, 4.0])
def test_a_mask_lies_in_the_frame_where_it_lies_in_the_networks_image(scale: float) -> None:
    """A disc in prototypes of a 256-px image, in a frame of 256 / scale px: within half a prototype's pixel."""
    y, x = np.mgrid[:64, :64] + 0.5
    prototypes = np.zeros((32, 64, 64), np.float32)
    prototypes[3] = 10 - np.hypot(x - 30, y - 40)
    side = int(256 / scale)
    box = np.array([70, 100, 170, 220], np.float32)
    found = mask_in_box(np.eye(32, dtype=np.float32)[3], prototypes, box, Geometry(side, side, scale, scale))
    y, x = np.mgrid[:side, :side] + 0.5
    wanted = np.hypot(x * scale - 120, y * scale - 160) < 40
    different = whole(found, (side, side)) != wanted
    assert different.sum() * scale**2 <= 2 * np.pi * 40 * max(1.0, 0.25 * scale)


@pytest.mark.parametrize("box", [(-50, -50, -1, -1), (300, 300, 400, 400), (5.2, 5.2, 5.3, 5.3), (9, 9, 4, 4)])
def test_a_box_without_a_pixel_gives_an_empty_mask(box: tuple[float, ...]) -> None:
    prototypes = np.ones((32, 16, 16), np.float32)
    _, mask = mask_in_box(np.ones(32, np.float32), prototypes, np.array(box, np.float32), Geometry(64, 64, 1.0, 1.0))
    assert mask.size == 0


def segmenter_that_finds(
    monkeypatch: pytest.MonkeyPatch, objects: list[tuple[float, float, float, float, int, float]]
) -> YoloSegmenter:
    """A segmenter whose network finds (centre x, y, width, height, class, score), masks filling their boxes."""
    from ml.modeling.yolo import Output
    from ml.segmenters import yolo

    def steps(_model: Any, image: torch.Tensor) -> Any:
        yield
        predictions = torch.zeros(1, 4 + 3 + 32, len(objects))
        for place, (x, y, width, height, kind, score) in enumerate(objects):
            predictions[0, :4, place] = torch.tensor([x, y, width, height])
            predictions[0, 4 + kind, place] = score
        predictions[0, 7] = 1
        return Output(predictions, torch.ones(32, image.shape[2] // 4, image.shape[3] // 4))

    monkeypatch.setattr(yolo, "steps", steps)
    return YoloSegmenter(build(3), name="yolo", weights_hash="", input_size=128)


OBJECTS = [
    (20.0, 30.0, 20.0, 10.0, 1, 0.6),
    (80.0, 40.0, 30.0, 40.0, 2, 0.9),
    (81.0, 41.0, 30.0, 40.0, 0, 0.5),  # the same again, of another class
    (100.0, 20.0, 4.0, 4.0, 0, 0.3),
    (20.0, 80.0, 10.0, 10.0, 0, 0.1),
]


@pytest.mark.parametrize(
    ("parameters", "scores"),
    [
        ({}, [0.9, 0.6, 0.3]),
        ({"min_score": 0.05}, [0.9, 0.6, 0.3, 0.1]),
        ({"min_score": 0.5}, [0.9, 0.6]),
        ({"nms_iou": 1}, [0.9, 0.6, 0.5, 0.3]),
        ({"max_objects": 1}, [0.9]),
        ({"min_area_px": 17}, [0.9, 0.6]),
    ],
)
def test_settings_decide_what_is_kept_best_first(
    monkeypatch: pytest.MonkeyPatch, parameters: Mapping[str, Any], scores: list[float]
) -> None:
    segmenter = segmenter_that_finds(monkeypatch, OBJECTS)
    found = segmenter.segment(np.zeros((128, 128), np.float32), parameters)
    assert [instance.score for instance in found] == pytest.approx(scores)


@pytest.mark.parametrize("shape", [(128, 96), (60, 128), (64, 48), (256, 200), (5, 300)])
def test_masks_have_the_frames_size_and_lie_in_their_boxes(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int]
) -> None:
    segmenter = segmenter_that_finds(monkeypatch, OBJECTS[:2])
    scale = 128 / max(shape)
    for instance, (x, y, width, height, kind, _) in zip(
        segmenter.segment(np.zeros(shape, np.float32), {"min_area_px": 0}), [OBJECTS[1], OBJECTS[0]], strict=False
    ):
        assert (instance.mask.shape, instance.mask.dtype, instance.phase) == (shape, bool, kind)
        rows, columns = np.nonzero(instance.mask)
        limits = [(x - width / 2) / scale, (x + width / 2) / scale, (y - height / 2) / scale, (y + height / 2) / scale]
        limits[1], limits[3] = min(limits[1], shape[1]), min(limits[3], shape[0])
        got = [columns.min(), columns.max() + 1, rows.min(), rows.max() + 1]
        if 5 not in shape:  # where the side's rounding to whole pixels does not matter
            np.testing.assert_allclose(got, limits, atol=0.5 + 0.02 * max(limits))


def test_an_untrained_network_is_the_same_every_time_and_leaves_the_random_numbers_alone(
    untrained: YoloSegmenter,
) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    again = registry.load("yolo", untrained=True)
    assert torch.equal(torch.rand(1), expected)
    assert again.weights_hash == untrained.weights_hash
    pairs = zip(again.model.state_dict().values(), untrained.model.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("shape", [(64, 64), (48, 97), (1, 1), (5, 300), (700, 33)])
def test_any_frame_goes_through_the_network(untrained: YoloSegmenter, shape: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).random(shape, np.float32)
    found = untrained.segment(frame, {"min_score": 0, "max_objects": 5, "min_area_px": 0})
    assert len(found) <= 5
    assert all(instance.mask.shape == shape and instance.mask.any() for instance in found)


def test_a_frame_without_pixels_gives_nothing_and_channels_are_refused(untrained: YoloSegmenter) -> None:
    assert len(untrained.segment(np.zeros((0, 0), np.float32))) == 0
    with pytest.raises(ValueError, match="one channel"):
        untrained.segment(np.zeros((8, 8, 3), np.float32))
    with pytest.raises(ParameterError, match="min_score, nms_iou, max_objects, min_area_px"):
        untrained.segment(np.zeros((8, 8), np.float32), {"confidence": 0.5})


def test_clicks_go_between_the_layers(untrained: YoloSegmenter) -> None:
    pieces = untrained.segment_steps(np.zeros((64, 64), np.float32))
    assert next(pieces) is None
    assert torch.is_grad_enabled()  # the mode of the network is not left to others between the pieces
    assert sum(1 for _ in pieces) >= 22


def test_training_may_go_on_after_a_frame_was_segmented() -> None:
    segmenter = YoloSegmenter(build(1), name="yolo", weights_hash="", input_size=64)
    segmenter.segment(np.zeros((64, 64), np.float32))
    (predictions, _), _ = segmenter.model(torch.zeros(1, 3, 64, 64))
    predictions.sum().backward()


def test_without_a_checkpoint_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "BUNDLED", tmp_path)
    with pytest.raises(WeightsError, match=r"no weights for yolo\. None are published: train it.*yolo\.safetensors"):
        registry.load("yolo", device="cpu", weights_folder=tmp_path)


@pytest.mark.parametrize("half", [False, True])
def test_a_checkpoint_gives_back_its_network(tmp_path: Path, half: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "load", None)  # reads pickles: it must not be asked
    model = build(3)
    state = {
        key: value.half() if half and value.is_floating_point() else value for key, value in model.state_dict().items()
    }
    save(tmp_path / "yolo.safetensors", state, metadata(3, 256))
    for options in ({"weights": tmp_path / "yolo.safetensors"}, {"weights_folder": tmp_path}):
        segmenter = registry.load("yolo", device="cpu", **options)
        assert (segmenter.input_size, classes_of(segmenter.model), len(segmenter.weights_hash)) == (256, 3, 64)
        for key, value in segmenter.model.state_dict().items():
            assert value.dtype == model.state_dict()[key].dtype
            torch.testing.assert_close(value, state[key].to(value.dtype), rtol=0, atol=0)


def altered(change: str) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    state, told = build(1).state_dict(), metadata(1)
    if change == "missing":
        del state["model.0.conv.weight"]
    elif change == "foreign":
        state["extra"] = torch.zeros(1)
    elif change == "classes":
        told = metadata(2)
    elif change == "yaml":
        told["yaml"] = told["yaml"].replace("Conv", "Silence", 1)
    elif change == "code":
        told["yaml"] += "activation: print('run')\n"
    elif change == "bad yaml":
        told["yaml"] = "a: [b"
    elif change == "no yaml":
        del told["yaml"]
    elif change == "count":
        told["classes"] = "many"
    elif change == "size":
        told["image_size"] = "500"
    elif change == "model":
        told["model"] = "swin_unet"
    elif change == "unnamed":
        told = {"format": "pt"}
    return state, told


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("missing", "1 missing .first: model.0.conv.weight"),
        ("foreign", "1 unknown .first: extra"),
        ("classes", "not yolo with 2 classes.*another shape .first: model.22.cv3"),
        ("yaml", "yaml differs from ours"),
        ("code", "yaml differs from ours"),
        ("bad yaml", "does not say what network"),
        ("no yaml", "does not say what network"),
        ("count", "does not say what network"),
        ("size", "image_size 500; it has to be a multiple of 32"),
        ("model", "holds swin_unet, not yolo"),
        ("unnamed", "holds no named model, not yolo"),
    ],
)
def test_a_foreign_checkpoint_is_refused(tmp_path: Path, change: str, message: str) -> None:
    state, told = altered(change)
    save_file(state, tmp_path / "a.safetensors", told)
    with pytest.raises(WeightsError, match=message):
        registry.load("yolo", weights=tmp_path / "a.safetensors")


def test_a_damaged_file_is_refused(checkpoint: Path) -> None:
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(content[:-1000])
    with pytest.raises(WeightsError, match="damaged"):
        registry.load("yolo", weights=checkpoint)
    checkpoint.write_bytes(content[:100])
    with pytest.raises(WeightsError, match="no safetensors file"):
        registry.load("yolo", weights=checkpoint)
    with pytest.raises(WeightsError, match="is no file"):
        registry.load("yolo", weights=checkpoint.with_name("nothing.safetensors"))


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "yolov8n-seg.pt"
    torch.save({"model": 1}, path)
    with pytest.raises(WeightsError, match=r"is a pickle, which may run code.*\.safetensors"):
        registry.load("yolo", weights=path)
    path.rename(path.with_suffix(".safetensors"))
    with pytest.raises(WeightsError, match="no safetensors file"):
        registry.load("yolo", weights=path.with_suffix(".safetensors"))
