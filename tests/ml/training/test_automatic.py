"""The automatic mode is taught on a frozen network, which answers prompts as before."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ml.evaluation.frames import LabelledFrame
from ml.segmenters.efficient_sam import load_tiny
from ml.synthetic import sample_frame
from ml.training.automatic import AutomaticTask
from ml.training.loop import Recipe
from ml.training.on_frames import train

CPU = torch.device("cpu")
QUICK = Recipe(epochs=1, epoch_steps=20, crop=64, crops=2, synthetic_share=0.0, warmup_steps=2, learning_rate=3e-3)


@pytest.fixture(scope="module")
def frames() -> list[LabelledFrame]:
    rng = np.random.default_rng(5)
    return [LabelledFrame(str(i), *sample_frame(rng, 96)[:2]) for i in range(3)]


def test_only_the_head_learns_and_the_checkpoint_segments(frames: list[LabelledFrame], tmp_path: Path) -> None:
    task = AutomaticTask()
    before = task.new().state_dict()
    out = tmp_path / "efficient_sam_ti.safetensors"
    train(task, replace(QUICK, average_decay=0.5), frames, frames, out, device=CPU)
    after = load_file(out.with_suffix(".last.safetensors"))
    moved = {key for key, value in after.items() if not torch.equal(value, before[key].half())}
    assert moved and all(key.startswith("automatic.") for key in moved)
    segmenter = load_tiny(weights=out)
    whole = segmenter.segment(frames[0].image, {"min_area_px": 0})
    assert all(instance.mask.shape == frames[0].image.shape for instance in whole)


def test_it_learns_what_the_pixels_of_a_frame_are(frames: list[LabelledFrame]) -> None:
    from ml.training.crops import CropSource
    from ml.training.loop import Run

    task = AutomaticTask()
    run = Run(task, replace(QUICK, average_decay=0.5), CPU)
    source = CropSource(0, tuple(frames), 64, 2, 0.0, standardised=True)
    unseen = [source[step] for step in range(1000, 1004)]

    def loss() -> float:
        with torch.inference_mode():
            return sum(float(task.loss(run.average, batch.images, batch.labels)) for batch in unseen)

    before = loss()
    for step in range(20):
        run.advance(iter([source[step]]))
    assert loss() < 0.8 * before


def test_more_phases_begin_with_a_head_of_their_own() -> None:
    task = AutomaticTask(phases=2)
    model = task.new()
    assert model.state_dict()["automatic.out.bias"].shape == (12,)
    tile = torch.zeros(1, 1, 32, 48)
    assert model.automatic_logits(tile).shape == (1, 3, 32, 48)


def test_weights_without_an_automatic_mode_click_on_a_grid(frames: list[LabelledFrame], tmp_path: Path) -> None:
    from safetensors.torch import save_file

    task = AutomaticTask()
    state = {key: value for key, value in load_file(task.base.path).items() if not key.startswith("automatic.")}
    path = tmp_path / "official.safetensors"
    save_file(state, path, {key: value for key, value in task.base.metadata.items() if key != "automatic"})
    segmenter = load_tiny(weights=path)
    settings = {"grid": 8, "min_score": 0.0, "min_stability": 0.0}
    by_default = segmenter.segment(frames[0].image, settings)
    by_clicks = segmenter.segment(frames[0].image, {**settings, "method": "grid of clicks"})
    assert len(by_default) == len(by_clicks) > 0
    with pytest.raises(ValueError, match="no automatic mode"):
        segmenter.model.automatic_logits(torch.zeros(1, 1, 32, 32))
