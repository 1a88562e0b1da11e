"""Training of the semantic networks: it learns, stops early, and goes on as if it had not been stopped."""

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ml.evaluation.frames import LabelledFrame
from ml.segmenters.semantic import SemanticSegmenter, load_swin_unet, load_vm_unet
from ml.synthetic import sample_frame
from ml.training import loop
from ml.training.batch import Batch
from ml.training.crops import CropSource
from ml.training.loop import Recipe
from ml.training.network_run import YoloTask
from ml.training.on_frames import train
from ml.training.phases import coded
from ml.training.semantic import SemanticTask
from ml.weights import WeightsError

CPU = torch.device("cpu")
QUICK = Recipe(epochs=2, epoch_steps=3, crop=64, crops=2, synthetic_share=0.0, warmup_steps=2)


@pytest.fixture(scope="module")
def frames() -> list[LabelledFrame]:
    rng = np.random.default_rng(5)
    return [LabelledFrame(str(i), *sample_frame(rng, 96)[:2]) for i in range(3)]


def in_two_phases(frames: list[LabelledFrame]) -> list[LabelledFrame]:
    """Every other object is of the second phase, and shown dark."""
    changed = []
    for frame in frames:
        second = (frame.labels > 0) & (frame.labels % 2 == 0)
        classes = np.where(second, 2, frame.labels > 0).astype(np.uint8)
        image = np.where(second, 0.05, np.where(classes == 1, 0.95, 0.5)).astype(np.float32)
        changed.append(LabelledFrame(frame.name, image, frame.labels, classes))
    return changed


def weights(path: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = load_file(path)
    return state


@pytest.mark.parametrize("family", ["swin_unet", "vm_unet", "vm_unet_v2"])
def test_a_short_training_beats_the_untrained_network(family: str, frames: list[LabelledFrame]) -> None:
    task = SemanticTask(family, "small")
    recipe = replace(QUICK, epochs=1, epoch_steps=60, crops=4, learning_rate=3e-3, average_decay=0.5)
    run = loop.Run(task, recipe, CPU)
    source = CropSource(0, tuple(frames), 64, 4, 0.0, standardised=True)
    unseen = [source[step] for step in range(1000, 1004)]

    def loss() -> float:
        with torch.inference_mode():
            return sum(float(task.loss(run.average, batch.images, batch.labels)) for batch in unseen) / len(unseen)

    before = loss()
    for step in range(recipe.epoch_steps):
        run.advance(iter([source[step]]))
    assert loss() < 0.95 * before


def test_a_run_with_another_recipe_is_not_gone_on_with(frames: list[LabelledFrame], tmp_path: Path) -> None:
    task, out = SemanticTask("swin_unet", "small"), tmp_path / "swin_unet.safetensors"
    train(task, QUICK, frames, frames, out, device=CPU, progress=lambda _row: False)
    with pytest.raises(ValueError, match="of a run with crops 2, not 3"):
        train(task, replace(QUICK, crops=3), frames, frames, out, device=CPU, resume=True)
    done = train(task, replace(QUICK, epochs=1), frames, frames, out, device=CPU, resume=True)
    assert (done["epoch"], done["step"]) == (1, 3)  # it was over: its last row is told


def test_a_resumed_run_has_the_weights_of_an_unbroken_one(frames: list[LabelledFrame], tmp_path: Path) -> None:
    task = SemanticTask("vm_unet", "small")
    whole, broken = tmp_path / "whole.safetensors", tmp_path / "broken.safetensors"
    train(task, QUICK, frames, frames, whole, device=CPU)
    train(task, QUICK, frames, frames, broken, device=CPU, progress=lambda _row: False)
    assert load_file(broken.with_suffix(".last.safetensors")).keys() == weights(whole).keys()
    with broken.with_suffix(".csv").open("a") as log:
        log.write("99,33,1.0,0.5,0.5,0.5\n100,")  # as a kill between log and state leaves it
    train(task, QUICK, frames, frames, broken, device=CPU, resume=True)
    ours, expected = (weights(path.with_suffix(".last.safetensors")) for path in (broken, whole))
    assert all(torch.equal(ours[key], expected[key]) for key in expected)
    assert broken.with_suffix(".csv").read_text().count("\n") == 3


@pytest.mark.parametrize("task", [SemanticTask("swin_unet", "small", 2), YoloTask(2)], ids=["swin_unet", "yolo"])
def test_two_phases_are_learned_apart(task: loop.Task, frames: list[LabelledFrame]) -> None:
    recipe = replace(QUICK, learning_rate=3e-3, average_decay=0.5)
    run = loop.Run(task, recipe, CPU)
    source = CropSource(0, tuple(coded(frame) for frame in in_two_phases(frames)), 64, 4, 0.0, phases=2)
    unseen = [source[step] for step in range(1000, 1003)]

    def loss(swapped: bool = False) -> float:
        total = 0.0
        with torch.no_grad():
            for batch in unseen:
                assert batch.classes is not None
                classes = torch.where(batch.classes > 0, 3 - batch.classes, 0) if swapped else batch.classes
                total += float(task.loss(run.average.train(), batch.images, batch.labels, classes))
        return total

    before = loss()
    for step in range(30):
        run.advance(iter([source[step]]))
    assert loss() < 0.95 * before
    assert loss() < loss(swapped=True)


def test_a_resumed_run_with_phases_has_the_weights_of_an_unbroken_one(
    frames: list[LabelledFrame], tmp_path: Path
) -> None:
    task, labelled = SemanticTask("swin_unet", "small", 2), in_two_phases(frames)
    whole, broken = tmp_path / "whole.safetensors", tmp_path / "broken.safetensors"
    train(task, QUICK, labelled, labelled, whole, device=CPU)
    train(task, QUICK, labelled, labelled, broken, device=CPU, progress=lambda _row: False)
    train(task, QUICK, labelled, labelled, broken, device=CPU, resume=True)
    ours, expected = (weights(path.with_suffix(".last.safetensors")) for path in (broken, whole))
    assert all(torch.equal(ours[key], expected[key]) for key in expected)
    segmenter = load_swin_unet(weights=whole)
    assert segmenter.classes == 3
    assert segmenter.probabilities(frames[0].image).shape == (2, 96, 96)


def test_a_run_that_is_told_to_stop_keeps_what_it_has(frames: list[LabelledFrame], tmp_path: Path) -> None:
    asked = iter([True, True, True])
    out = tmp_path / "net.safetensors"
    task = SemanticTask("swin_unet", "small")
    result = train(task, QUICK, frames, frames[:1], out, device=CPU, stopped=lambda: next(asked))
    assert result["step"] == 1
    assert weights(out)


@pytest.mark.parametrize("make", [partial(SemanticTask, "swin_unet", "small"), YoloTask], ids=["swin_unet", "yolo"])
def test_a_checkpoint_for_other_phases_is_a_start_but_for_its_last_layers(make: Any, tmp_path: Path) -> None:
    one, three = make(phases=1), make(phases=3)
    start = one.new()
    loop.export(start, tmp_path / "start.safetensors", one.metadata())
    run = loop.Run(three, QUICK, CPU)
    before = {key: value.clone() for key, value in run.model.state_dict().items()}
    run.begin_from(tmp_path / "start.safetensors")
    taken = [key for key, value in start.state_dict().items() if value.shape == before[key].shape]
    assert len(taken) > 0.95 * len(before)
    for key, value in run.model.state_dict().items():
        expected = start.state_dict()[key].half().to(value.dtype) if key in taken else before[key]
        assert torch.equal(value, expected)
        assert torch.equal(value, run.average.state_dict()[key])


def test_a_start_of_another_network_is_refused(tmp_path: Path) -> None:
    task = SemanticTask("vm_unet", "small")
    loop.export(task.new(), tmp_path / "start.safetensors", task.metadata())
    run = loop.Run(SemanticTask("swin_unet", "small"), QUICK, CPU)
    with pytest.raises(WeightsError, match="has the model vm_unet, but swin_unet is to be trained"):
        run.begin_from(tmp_path / "start.safetensors")
    loop.export(task.new(), tmp_path / "liar.safetensors", task.metadata() | {"model": "swin_unet"})
    with pytest.raises(WeightsError, match="missing"):
        run.begin_from(tmp_path / "liar.safetensors")
    (tmp_path / "start.pt").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"give the \.safetensors file"):
        run.begin_from(tmp_path / "start.pt")


def test_the_checkpoint_is_what_the_segmenter_loads(frames: list[LabelledFrame], tmp_path: Path) -> None:
    out = tmp_path / "net.safetensors"
    train(SemanticTask("vm_unet", "small"), QUICK, frames, [], out, device=CPU)
    segmenter = load_vm_unet(weights=out)
    assert isinstance(segmenter, SemanticSegmenter)
    assert (segmenter.input_size, segmenter.classes) == (512, 1)
    assert segmenter.probabilities(frames[0].image).shape == (1, 96, 96)


def test_a_run_without_progress_stops_early_and_keeps_the_best(
    frames: list[LabelledFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([0.5, 0.7, 0.6, 0.65, 0.9])
    task = SemanticTask("swin_unet", "small")
    monkeypatch.setattr(task, "scores", lambda *_: {"iou": next(scores), "dice": 0.5})
    recipe = Recipe(epochs=5, epoch_steps=1, crop=64, crops=1, synthetic_share=0.0, patience=2)
    out = tmp_path / "net.safetensors"
    result = train(task, recipe, frames, frames, out, device=CPU)
    assert (result["epoch"], result["best_iou"]) == (4, 0.7)
    assert not all(
        torch.equal(a, b)
        for a, b in zip(weights(out).values(), weights(out.with_suffix(".last.safetensors")).values(), strict=True)
    )


def test_accumulated_halves_are_one_batch(frames: list[LabelledFrame], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two batches of two give the gradient of one batch of four, in a loss that is a mean over images."""
    task = SemanticTask("swin_unet", "small")
    monkeypatch.setattr(task, "loss", lambda model, images, *_: model(images).square().mean())
    gradients = []
    source = CropSource(0, tuple(frames), 64, 2, 0.0)
    first, second = source[0], source[1]
    together = Batch(torch.cat([first.images, second.images]), torch.cat([first.labels, second.labels]))
    for accumulate, batches in ((2, [first, second]), (1, [together])):
        run = loop.Run(task, Recipe(accumulate=accumulate, warmup_steps=1), CPU)
        run.model.eval()
        monkeypatch.setattr(run.model, "train", lambda: None)
        run.advance(iter(batches))
        gradients.append(torch.cat([p.grad.flatten() for p in run.model.parameters() if p.grad is not None]))
    assert float(torch.cosine_similarity(*gradients, dim=0)) > 0.9999
    assert float(gradients[0].norm()) == pytest.approx(float(gradients[1].norm()), rel=1e-2)  # bfloat16


def test_the_learning_rate_warms_up_and_falls() -> None:
    recipe: Any = Recipe(learning_rate=1.0, warmup_steps=10)
    assert loop.learning_rate(recipe, 0, 0.0) == pytest.approx(0.1)
    assert loop.learning_rate(recipe, 50, 0.5) == pytest.approx(0.5)
    assert loop.learning_rate(recipe, 50, 1.0) == pytest.approx(0.01)
    assert math.isfinite(loop.learning_rate(recipe, 50, 2.0))
