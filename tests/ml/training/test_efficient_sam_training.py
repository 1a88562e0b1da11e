"""The recipe: prompts lie where they should, the loss teaches, a stopped run goes on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ml.evaluation.frames import LabelledFrame
from ml.modeling.efficient_sam.prompt_encoder import BOTTOM_RIGHT, NEGATIVE, PAD, POSITIVE, TOP_LEFT
from ml.training import efficient_sam as recipe_module
from ml.training.dense import DenseHead, dense_loss, dense_targets
from ml.training.efficient_sam import Diet, Recipe, new_model, optimizers_of, scheduled, train
from ml.training.frames import augment, random_crop
from ml.training.pool import FramePool
from ml.training.prompted_step import Batch, backward, loss_of, prompts_of
from ml.training.prompts import PromptBatch, sample_prompts
from ml.training.run import Clock, load_state
from ml.training.score_head import as_prompt, score_loss, train_scores
from ml.types import Prompt


def discs(size: int = 64) -> np.ndarray:
    y, x = np.mgrid[:size, :size] + 0.5
    labels = np.zeros((size, size), np.int32)
    for i, (cx, cy, radius) in enumerate([(16, 18, 9), (45, 20, 7), (30, 48, 11)], start=1):
        labels[(x - cx) ** 2 + (y - cy) ** 2 <= radius**2] = i
    return labels


def test_prompts_lie_on_the_object_they_ask_for() -> None:
    labels = discs()
    rng = np.random.default_rng(1)
    for _ in range(40):
        batch = sample_prompts(rng, labels, 8)
        assert batch is not None
        for xy, kinds, object_id in zip(batch.xy, batch.labels, batch.ids, strict=True):
            for (x, y), kind in zip(xy, kinds, strict=True):
                if kind == POSITIVE:
                    assert labels[int(y), int(x)] == object_id
                if kind == NEGATIVE:
                    assert labels[int(y), int(x)] != object_id
                if kind == PAD:
                    assert (x, y) == (-1, -1)
            corners = xy[(kinds == TOP_LEFT) | (kinds == BOTTOM_RIGHT)]
            if len(corners):
                rows, columns = np.nonzero(labels == object_id)
                assert np.abs(corners - [[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]]).max() < 6


def test_no_object_gives_no_prompt() -> None:
    assert sample_prompts(np.random.default_rng(0), np.zeros((32, 32), np.int32), 4) is None


def test_crops_and_augmentation_keep_image_and_labels_together() -> None:
    labels = discs(128)
    frame = LabelledFrame("a", (labels > 0).astype(np.float32), labels)
    rng = np.random.default_rng(2)
    for _ in range(20):
        image, truth = augment(rng, *random_crop(rng, [frame], 64))
        assert image.shape == truth.shape == (64, 64)
        assert image.dtype == np.float32
        assert 0 <= image.min() <= image.max() <= 1
        inside, outside = image[truth > 0], image[truth == 0]
        if len(inside) > 100 and len(outside) > 100:  # dark on bright or the reverse, but never mixed up
            assert abs(np.median(inside) - np.median(outside)) > 0.1


def test_dense_targets_point_from_each_cell_to_its_objects_centre() -> None:
    targets = dense_targets(discs())
    assert targets.shape == (5, 16, 16)
    inside = targets[0, 4, 4]  # around (18, 18), inside the disc at (16, 18) of radius 9
    assert inside == 1
    assert 18 + 16 * targets[2, 4, 4] == pytest.approx(16 - 0.5, abs=0.1)  # pixel indices, not edges
    assert 18 + 16 * targets[3, 4, 4] == pytest.approx(18 - 0.5, abs=0.1)
    assert 16 * np.exp(targets[4, 4, 4]) == pytest.approx(18, rel=0.02)
    assert not targets[:, 0, 0].any()


def test_the_dense_loss_is_least_where_the_head_answers_the_targets() -> None:
    targets = torch.from_numpy(dense_targets(discs()))[None]
    right = torch.cat([targets[:, :2].clamp(0.001, 0.999).logit(), targets[:, 2:]], dim=1)
    assert dense_loss(right, targets) < dense_loss(torch.zeros_like(right), targets)
    assert DenseHead()(torch.zeros(1, 256, 4, 4)).shape == targets.shape


def test_the_pool_is_renewed_and_never_grows_beyond_its_capacity() -> None:
    pool = FramePool(np.random.default_rng(3), 64, capacity=4)
    pool.renew(4)
    assert {frame.name for frame in pool.frames} > {"sample"}  # half single frames, half of a preset's series
    first = [frame.image for frame in pool.frames]
    pool.renew(3)
    assert len(pool.frames) == 4
    assert not all(a is b.image for a, b in zip(first, pool.frames, strict=True))


def test_the_pool_draws_an_emphasised_preset_more_often() -> None:
    pool = FramePool(np.random.default_rng(4), 64, capacity=80, emphasis={"core_shell": 1e6})
    pool.renew(24)  # two series
    assert {frame.name for frame in pool.frames} == {"sample", "core_shell"}


def test_a_run_that_begins_late_leaves_the_first_part_of_the_schedule_out() -> None:
    recipe, clock = Recipe(begin=0.6, budget_s=100), CountedClock(100, 49)  # the clock shows 50 when it is read
    assert scheduled(recipe, clock) == pytest.approx(0.8)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_every_weight_is_optimised_once(optimizer: str) -> None:
    recipe = Recipe(image_size=64, optimizer=optimizer)
    model, head = new_model(recipe), DenseHead()
    optimised = [id(p) for o in optimizers_of(model, head, recipe) for group in o.param_groups for p in group["params"]]
    assert sorted(optimised) == sorted(id(p) for p in (*model.parameters(), *head.parameters()))


def test_the_right_mask_costs_less_than_a_wrong_one() -> None:
    target = torch.from_numpy(discs() == 1)[None, None]
    right = torch.nn.functional.avg_pool2d(target[0].float(), 4)[None].expand(1, 4, -1, -1) * 16 - 8
    scores = torch.ones(1, 4)
    assert loss_of(right, scores, target)[0] < loss_of(-right, scores, target)[0]


def test_a_few_steps_lower_the_loss() -> None:
    torch.manual_seed(0)
    model = new_model(Recipe(image_size=64))
    labels = discs()
    rng = np.random.default_rng(0)
    prompts = sample_prompts(rng, labels, 6)
    assert prompts is not None
    batch = Batch(
        torch.from_numpy((labels > 0).astype(np.float32))[None],
        torch.from_numpy(dense_targets(labels))[None],
        [(0, 0)],
        prompts_of([(labels, prompts)]),
    )
    head = DenseHead()
    optimizer = torch.optim.AdamW([*model.parameters(), *head.parameters()], lr=3e-4)
    shown = []
    for _ in range(25):
        optimizer.zero_grad()
        shown.append(backward(model, head, batch))
        optimizer.step()
    for name in ("loss", "dense"):
        assert shown[-1][name] < 0.7 * shown[0][name], name


def test_a_batch_without_prompts_teaches_the_encoder_alone() -> None:
    model, head = new_model(Recipe(image_size=64)), DenseHead()
    labels = discs()
    image = torch.from_numpy((labels > 0).astype(np.float32))[None]
    backward(model, head, Batch(image, torch.from_numpy(dense_targets(labels))[None], [(0, 0)], None))
    assert all(p.grad is not None for p in model.image_encoder.parameters())
    assert all(p.grad is None for p in model.mask_decoder.parameters())


class CountedClock(Clock):
    """A second passes whenever somebody looks."""

    def __init__(self, budget_s: float, spent_s: float = 0.0) -> None:
        self.budget_s, self.seconds = budget_s, spent_s

    @property
    def spent_s(self) -> float:
        self.seconds += 1
        return self.seconds


def test_a_stopped_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe(budget_s=30, image_size=64, diets=((1.0, (Diet(1.0, 64, 1, 2),)),), save_every_s=5)
    monkeypatch.setattr(recipe_module, "scores_of", lambda *_: {"real_point": 0.0})
    monkeypatch.setattr(recipe_module, "Clock", CountedClock)
    first = train(replace(recipe, budget_s=15), [], [], tmp_path, resume=False)
    state = load_state(tmp_path / "state.pt")
    assert state["step"] == first["steps"] > 0
    second = train(recipe, [], [], tmp_path, resume=True)
    assert second["steps"] > first["steps"]
    assert second["seconds"] >= 30


def test_the_last_stage_changes_the_scores_and_nothing_else(tmp_path: Path) -> None:
    model = new_model(Recipe(image_size=64))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    labels = discs()
    frame = LabelledFrame("a", (labels > 0).astype(np.float32), labels)
    train_scores(model, 0, 3, [frame], tmp_path)
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("mask_decoder.iou_prediction_head.") for name in changed)


def test_choosing_the_best_mask_costs_least() -> None:
    ious = torch.tensor([[0.5, 0.9, 0.7, 0.6]])
    right, _ = score_loss(ious, ious)
    wrong, shown = score_loss(torch.tensor([[0.9, 0.5, 0.7, 0.6]]), ious)
    assert right < wrong
    assert (shown["iou_chosen"], shown["iou_best"]) == (pytest.approx(0.5), pytest.approx(0.9))


def test_a_drawn_prompt_becomes_what_a_person_gives() -> None:
    batch = PromptBatch(
        np.array([[[3, 4], [9, 8], [5, 6], [7, 1], [-1, -1], [-1, -1]]], np.float32),
        np.array([[TOP_LEFT, BOTTOM_RIGHT, POSITIVE, NEGATIVE, PAD, PAD]]),
        np.array([1]),
    )
    assert as_prompt(batch, 0) == Prompt(((5.0, 6.0, 1), (7.0, 1.0, 0)), (3.0, 4.0, 9.0, 8.0))
