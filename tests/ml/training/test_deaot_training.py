"""Training of DeAOT: it learns to follow, goes on as if it had not been stopped, and leaves official keys behind."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ml.__main__ import main
from ml.modeling.deaot import build
from ml.training.batch import Batch
from ml.training.deaot import ClipRecipe, DeAotTask, clip_loss, frame_loss, scores
from ml.training.loop import Run

CPU = torch.device("cpu")
QUICK = ClipRecipe(epochs=1, warmup_steps=4, average_decay=0.5, learning_rate=2e-3)
ORACLE = Path(__file__).parents[2] / "oracles" / "deaot"


def discs(seed: int, frames: int = 3, side: int = 65) -> tuple[np.ndarray, np.ndarray]:
    """Two bright discs on a dark ground, of which one is an object, that drift over a clip."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    start, step = rng.uniform(16, side - 16, (2, 2)), rng.uniform(-3, 3, (2, 2))
    start[1] = (side - start[0]) % side
    inside = [
        [np.hypot(x - (a + t * u), y - (b + t * v)) < 9 for (a, b), (u, v) in zip(start, step, strict=True)]
        for t in range(frames)
    ]
    masks = np.array(inside)
    images = np.where(masks[:, 0], 0.9, np.where(masks[:, 1], 0.7, 0.2)) + rng.normal(0, 0.02, (frames, side, side))
    return images.astype(np.float32), np.where(masks[:, 0], int(rng.integers(1, 11)), 0).astype(np.int64)


def batch(step: int, clips: int = 4) -> Batch:
    images, labels = (np.stack(part) for part in zip(*(discs(100 * step + i) for i in range(clips)), strict=True))
    return Batch(torch.from_numpy(images)[:, :, None], torch.from_numpy(labels))


@pytest.mark.slow
def test_a_short_training_learns_to_follow() -> None:
    run = Run(DeAotTask("deaot_t"), replace(QUICK, epoch_steps=60), CPU)
    unseen = [discs(50_000 + i, frames=5) for i in range(8)]
    before = scores(run.average, unseen)["iou"]
    for step in range(60):
        run.advance(iter([batch(step)]))
    after = scores(run.average, unseen)
    assert before < 0.2
    assert after["iou"] > 0.4 and after["identity"] > 0.8


def test_the_loss_knows_perfect_masks_and_wrong_numbers() -> None:
    truth = torch.zeros(2, 33, 33, dtype=torch.int64)
    truth[0, 4:12, 4:12], truth[1, 20:30, 5:9] = 3, 8
    absent = torch.ones(2, 11, dtype=torch.bool)
    absent[:, 0] = absent[0, 3] = absent[0, 4] = absent[1, 8] = absent[1, 9] = False

    def logits(labels: torch.Tensor) -> torch.Tensor:
        return 20 * torch.nn.functional.one_hot(labels, 11).permute(0, 3, 1, 2).float()

    perfect, overlap, found = frame_loss(logits(truth), truth, absent)
    assert perfect < 0.26 and torch.equal(found, truth)  # the object that is nowhere is missed by the smoothing alone
    wrong, none, _ = frame_loss(logits(torch.where(truth > 0, truth + 1, 0)), truth, absent)
    assert wrong > perfect + 0.5
    assert (none < overlap).all()
    *_, silent = frame_loss(logits(torch.full_like(truth, 10)), truth, absent)
    assert not (silent == 10).any()


def test_every_weight_is_learned() -> None:
    task = DeAotTask("deaot_s")
    torch.manual_seed(0)
    network = task.new().train()
    clip_loss(network, *((b := batch(0, clips=2)).images, b.labels)).backward()
    unmoved = [name for name, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert unmoved == []


def arguments(out: Path, *more: str) -> list[str]:
    short = ["--sides", "65", "--crops", "1", "--frames", "2", "--epoch-steps", "1", "--threads", "1"]
    return ["train", "deaot_t", "--out", str(out), *short, "--json", *more]


@pytest.fixture
def few_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.training.deaot_run.validation_clips", lambda *_: [discs(7)])


@pytest.mark.usefixtures("few_clips")
def test_a_stopped_run_goes_on_as_if_it_had_not_been(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole, broken = tmp_path / "whole.safetensors", tmp_path / "broken.safetensors"
    assert main(arguments(whole, "--epochs", "2")) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["step"] == 2 and {"loss", "iou", "identity"} <= said.keys()
    stop = tmp_path / "stop"
    stop.touch()
    assert main(arguments(broken, "--epochs", "2", "--stop-file", str(stop))) == 0
    stop.unlink()
    assert json.loads(capsys.readouterr().out)["step"] == 1
    assert main(arguments(broken, "--epochs", "2", "--resume")) == 0
    one, two = (load_file(each.with_suffix(".last.safetensors")) for each in (whole, broken))
    assert all(torch.equal(one[key], two[key]) for key in one)
    rows = [path.with_suffix(".csv").read_text().splitlines() for path in (whole, broken)]
    assert [len(each) for each in rows] == [3, 3]


@pytest.mark.usefixtures("few_clips")
def test_a_checkpoint_has_the_official_keys_and_starts_another_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deaot_t.safetensors"
    assert main(arguments(out, "--epochs", "1")) == 0
    assert "seeds 1,000,000 to 10,000,000" in out.with_suffix(".md").read_text(encoding="utf-8")
    state = load_file(out)
    recorded = json.loads((ORACLE / "keys.json").read_text())["deaott"]["keys"]
    assert {key: list(value.shape) for key, value in state.items()} == {key: shape for key, shape, *_ in recorded}
    build("deaot_t").load_state_dict({key: value.float() for key, value in state.items()}, strict=True)
    assert main(arguments(tmp_path / "next.safetensors", "--epochs", "1", "--init", str(out))) == 0
    capsys.readouterr()
    other = ["train", "deaot_s", *arguments(tmp_path / "other.safetensors", "--epochs", "1", "--init", str(out))[2:]]
    assert main(other) == 2
    assert "has the model deaot_t, but deaot_s is to be trained" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--sides", "64", "--epochs", "1"], "--sides has 64; clips have sides of 16k"),
        ([], "has no end"),
    ],
)
def test_options_that_cannot_be_are_refused(
    more: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(tmp_path / "x.safetensors", *more)) == 2
    assert told in capsys.readouterr().err
