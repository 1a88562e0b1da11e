"""Semantic networks as segmenters: frames of any size, tiles, phases, and checkpoints that are refused."""

import tracemalloc
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ml.modeling import unets
from ml.segmenters.parameters import ParameterError
from ml.segmenters.semantic import MULTIPLE, SemanticSegmenter, load_swin_unet, load_vm_unet, load_vm_unet_v2
from ml.weights import WeightsError, save


class Brightness(nn.Module):
    """Logits that follow the grey value of each pixel, for one class or for a background and two phases."""

    def __init__(self, classes: int = 1) -> None:
        super().__init__()
        self.classes = classes
        self.seen: list[tuple[int, ...]] = []

    def forward(self, image: Tensor) -> Tensor:
        self.seen.append(tuple(image.shape))
        if self.classes == 1:
            return 20 * image
        return torch.cat([0 * image, 20 * image, -20 * image], dim=1)


def segmenter(model: nn.Module, classes: int = 1, size: int = 512) -> SemanticSegmenter:
    return SemanticSegmenter(model, name="vm_unet", weights_hash="test", input_size=size, classes=classes)


def two_squares(height: int = 100, width: int = 140) -> np.ndarray:
    frame = np.zeros((height, width), np.float32)
    frame[10:30, 10:40] = frame[50:90, 60:120] = 1
    return frame


def test_bright_squares_become_two_objects_the_surest_first() -> None:
    found = segmenter(Brightness()).segment(two_squares())
    assert [int(i.mask.sum()) for i in sorted(found, key=lambda i: i.mask.sum())] == [600, 2400]
    assert all(0.9 < i.score <= 1 and i.phase == 0 for i in found)


def test_the_network_sees_sides_that_are_multiples_of_32() -> None:
    model = Brightness()
    assert segmenter(model).probabilities(two_squares(33, 65)).shape == (1, 33, 65)
    assert all(side % MULTIPLE == 0 for side in model.seen[0][2:])


def test_gain_and_offset_of_the_detector_change_nothing() -> None:
    frame, model = two_squares(), segmenter(Brightness())
    assert np.allclose(model.probabilities(frame), model.probabilities(0.2 + 0.3 * frame), atol=1e-5)


def test_a_large_frame_is_tiled_without_seams() -> None:
    frame = np.random.default_rng(0).random((300, 410)).astype(np.float32)
    model = Brightness()
    tiled = segmenter(model, size=128).probabilities(frame)
    assert len(model.seen) > 6
    assert np.allclose(tiled, segmenter(Brightness()).probabilities(frame), atol=1e-5)


def test_clicks_may_go_between_tiles() -> None:
    steps = segmenter(Brightness(), size=128).segment_steps(two_squares(300, 410))
    done = [fraction for fraction in steps if fraction is not None]
    assert done == sorted(done) and done[-1] == 1


def test_two_phases_are_told_apart() -> None:
    frame = two_squares()
    frame[60:80, 10:40] = -1
    found = segmenter(Brightness(classes=3), classes=3).segment(frame)
    assert {(i.phase, int(i.mask.sum())) for i in found if i.phase == 0} == {(0, 600), (0, 2400)}
    assert (1, 600) in {(i.phase, int(i.mask[60:80, 10:40].sum())) for i in found}


def test_touching_discs_are_split_unless_told_otherwise() -> None:
    y, x = np.mgrid[:80, :120]
    frame = ((np.hypot(x - 40, y - 40) < 22) | (np.hypot(x - 80, y - 40) < 22)).astype(np.float32)
    model = segmenter(Brightness())
    assert len(model.segment(frame)) == 2
    assert len(model.segment(frame, {"split": False})) == 1
    with pytest.raises(ParameterError, match="threshold is 2"):
        model.segment(frame, {"threshold": 2})


def test_a_thousand_objects_take_no_thousand_frames_of_memory() -> None:
    frame = np.zeros((1024, 1024), np.float32)
    y, x = np.mgrid[:32, :32]
    frame[:] = np.tile(np.hypot(x - 16, y - 16) < 11, (32, 32))
    model = segmenter(Brightness())
    tracemalloc.start()
    found = model.segment(frame)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == 1024 and found[-1].mask.shape == frame.shape
    assert peak < 100 * frame.size  # bytes; a thousand masks are 1,024 a pixel


def test_of_equally_probable_phases_the_first_has_the_pixel() -> None:
    class Undecided(nn.Module):
        def forward(self, image: Tensor) -> Tensor:
            return torch.cat([0 * image, 20 * image.sign(), 20 * image.sign()], dim=1)

    found = segmenter(Undecided(), classes=3).segment(two_squares(), {"threshold": 0.3})
    assert [(i.phase, int(i.mask.sum())) for i in sorted(found, key=lambda i: i.mask.sum())] == [(0, 600), (0, 2400)]


@pytest.mark.parametrize("load", [load_swin_unet, load_vm_unet, load_vm_unet_v2])
def test_an_untrained_network_is_a_control(load: Callable[..., SemanticSegmenter]) -> None:
    model = load(untrained=True)
    frame = np.random.default_rng(0).random((64, 96)).astype(np.float32)
    assert model.weights_hash == "untrained"
    assert model.probabilities(frame).shape == (1, 64, 96)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"model": "swin_unet", "config": "small", "classes": "1", "image_size": "448"}, "holds swin_unet"),
        ({"model": "vm_unet", "config": "huge", "classes": "1", "image_size": "512"}, "no configuration 'huge'"),
        ({"model": "vm_unet", "config": "small", "image_size": "512"}, "does not say"),
        ({"model": "vm_unet", "config": "small", "classes": "4", "image_size": "512"}, "of another shape"),
        ({}, "no named model"),
    ],
)
def test_a_foreign_checkpoint_is_refused(metadata: dict[str, str], message: str, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save(path, unets.build("vm_unet", "small", 1).state_dict(), metadata)
    with pytest.raises(WeightsError, match=message):
        load_vm_unet(weights=path)


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(b"\x80\x04pickle")
    with pytest.raises(WeightsError, match="no safetensors file"):
        load_vm_unet(weights=path)


def test_a_network_that_pauses_lets_clicks_go_between_its_parts() -> None:
    class Slow(Brightness):
        def steps(self, tile: Tensor) -> Generator[None, None, Tensor]:
            for _ in range(5):
                yield
            return self(tile)

    paused, whole = segmenter(Slow()), segmenter(Brightness())
    assert len(list(paused.segment_steps(two_squares()))) == len(list(whole.segment_steps(two_squares()))) + 4
    assert np.array_equal(paused.probabilities(two_squares()), whole.probabilities(two_squares()))
