"""The recipe of the bundled EfficientSAM: prompts on synthetic and real frames, from scratch, on one CPU thread.

Crops of 256 px are placed at random in the 512-px square of the network, with the position embedding and the
position codes of that place, so that what is learned on cheap crops holds on whole frames; the last part of the
budget trains on whole frames.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from ml.evaluation.prompted import prompted_ious
from ml.modeling.efficient_sam import EfficientSam, build
from ml.modeling.efficient_sam.image_encoder import PATCH
from ml.segmenters.efficient_sam import EfficientSamSegmenter
from ml.synthetic import sample_frame
from ml.training.frames import LabelledFrame, augment, random_crop
from ml.training.prompts import PromptBatch, sample_prompts
from ml.training.run import Clock, append_row, average_of, averaged, load_state, save_state, seed_everything
from ml.weights import save

SYNTHETIC_VALIDATION_SEED = 20_000_000  # far from any training seed


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights, but for the data and the machine's speed."""

    name: str = "efficient_sam_ti"
    seed: int = 0
    budget_s: float = 7800.0
    image_size: int = 512
    crop: int = 256
    crops: int = 3
    prompts: int = 8
    whole_frames_from: float = 0.78
    whole_frame_prompts: int = 24
    real_share: float = 0.5
    learning_rate: float = 6e-4
    weight_decay: float = 0.02
    warmup_steps: int = 200
    evaluate_every_s: float = 1500.0
    save_every_s: float = 240.0


def new_model(recipe: Recipe) -> EfficientSam:
    """An untrained network whose position code spans the scales of particles.

    The official code's Gaussian matrix (standard deviation 1) tells places apart that are a tenth of the frame
    away; particles are smaller, so its columns are scaled log-uniformly from 0.5 to 8.
    """
    model = build(recipe.name, recipe.image_size)
    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.trunc_normal_(module.weight, std=(2 / sum(module.weight.shape)) ** 0.5)
            torch.nn.init.zeros_(module.bias)
    torch.nn.init.trunc_normal_(model.image_encoder.pos_embed, std=0.02)
    matrix = model.prompt_encoder.pe_layer.positional_encoding_gaussian_matrix
    matrix.mul_(torch.logspace(np.log10(0.5), np.log10(8.0), matrix.shape[1]))
    return model


@dataclass(frozen=True)
class Batch:
    """B crops with Q prompts each: images (B, s, s), targets (B, Q, s, s), prompts, place in the square in tokens."""

    images: Tensor
    targets: Tensor
    xy: Tensor
    labels: Tensor
    place: list[tuple[int, int]]


def batches(rng: np.random.Generator, recipe: Recipe, real: Sequence[LabelledFrame], clock: Clock) -> Iterator[Batch]:
    """Crops first, whole frames towards the end."""
    while True:
        whole = clock.progress >= recipe.whole_frames_from
        size, crops = (recipe.image_size, 1) if whole else (recipe.crop, recipe.crops)
        prompts = recipe.whole_frame_prompts if whole else recipe.prompts
        made = [_labelled_crop(rng, recipe, real, size, prompts) for _ in range(crops)]
        free = (recipe.image_size - size) // PATCH
        yield Batch(
            torch.from_numpy(np.stack([image for image, _, _ in made])),
            torch.from_numpy(np.stack([labels[None] == p.ids[:, None, None] for _, labels, p in made])),
            torch.from_numpy(np.stack([p.xy for _, _, p in made])),
            torch.from_numpy(np.stack([p.labels for _, _, p in made])),
            [(int(rng.integers(free + 1)), int(rng.integers(free + 1))) for _ in made],
        )


def _labelled_crop(
    rng: np.random.Generator, recipe: Recipe, real: Sequence[LabelledFrame], size: int, prompts: int
) -> tuple[NDArray[np.float32], NDArray[np.int32], PromptBatch]:
    while True:
        if real and rng.random() < recipe.real_share:
            image, labels = augment(rng, *random_crop(rng, real, size))
        else:
            image, labels, _ = sample_frame(rng, size)
        batch = sample_prompts(rng, labels, prompts)
        if batch is not None:
            return image, labels, batch


def predict(model: EfficientSam, batch: Batch) -> tuple[Tensor, Tensor]:
    """Low-res logits (B·Q, 4, s/4, s/4) and predicted IoU (B·Q, 4)."""
    side, tokens = model.image_size // PATCH, batch.images.shape[-1] // PATCH
    images = (batch.images[:, None].expand(-1, 3, -1, -1) - model.pixel_mean) / model.pixel_std
    grid = model.image_encoder.positions(side, side)
    positions = torch.cat([grid[:, :, y : y + tokens, x : x + tokens] for x, y in batch.place])
    embedding = model.image_encoder(images, positions)
    place = torch.tensor(batch.place, dtype=torch.float32) / side
    dense = model.prompt_encoder.dense(tokens, tokens, torch.cat([place, place + tokens / side], dim=1))
    xy = batch.xy / model.image_size + place[:, None, None]
    xy = torch.where(batch.labels[..., None] < 0, torch.full_like(xy, -0.5 / model.image_size), xy)
    sparse = model.tokens(xy, batch.labels).flatten(0, 1)
    decoded: tuple[Tensor, Tensor] = model.mask_decoder(embedding, dense, sparse)
    return decoded


def loss_of(logits: Tensor, scores: Tensor, targets: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Focal and Dice on every mask, and an IoU head that learns both the value and the choice.

    Mask 0 answers the prompt. Of masks 1 to 3 the best weighs 0.7 and their mean 0.3: alone, the best would
    leave the other two untrained and the choice among them a lottery.
    """
    truth = F.avg_pool2d(targets.flatten(0, 1).float()[:, None], targets.shape[-1] // logits.shape[-1])
    probability = logits.sigmoid()
    entropy = F.softplus(logits) - logits * truth
    focal = ((probability - truth).square() * entropy).mean((-1, -2))
    overlap = (probability * truth).sum((-1, -2))
    dice = 1 - (2 * overlap + 1) / (probability.sum((-1, -2)) + truth.sum((-1, -2)) + 1)
    each = 20 * focal + dice
    ambiguous = 0.7 * each[:, 1:].min(dim=1).values + 0.3 * each[:, 1:].mean(dim=1)
    with torch.no_grad():
        mask, sure = logits > 0, truth > 0.5
        iou = (mask & sure).sum((-1, -2)) / (mask | sure).sum((-1, -2)).clamp(min=1)
    value = F.mse_loss(scores, iou)
    choice = F.cross_entropy(scores / 0.1, (iou / 0.03).softmax(dim=1))
    chosen = iou.gather(1, scores.argmax(dim=1, keepdim=True)).mean()
    total = each[:, 0].mean() + ambiguous.mean() + 2 * value + 0.1 * choice
    return total, {
        "loss": float(total.detach()),
        "iou_chosen": float(chosen),
        "iou_best": float(iou.max(dim=1).values.mean()),
    }


def learning_rate(recipe: Recipe, step: int, progress: float) -> float:
    """Linear warm-up, then a cosine to a fiftieth by the end of the time budget."""
    cosine = 0.5 * (1 + np.cos(np.pi * progress))
    return float(recipe.learning_rate * min(1.0, (step + 1) / recipe.warmup_steps) * max(cosine, 0.02))


def validation_frames(count: int = 4, size: int = 256) -> list[tuple[NDArray[np.float32], NDArray[np.int32]]]:
    """Synthetic frames that no training seed draws."""
    frames = (sample_frame(np.random.default_rng(SYNTHETIC_VALIDATION_SEED + i), size) for i in range(count))
    return [(image, labels) for image, labels, _ in frames]


def scores_of(
    model: EfficientSam, recipe: Recipe, real: Sequence[LabelledFrame], synthetic: bool = True
) -> dict[str, float]:
    """Mean IoU of the best-scored mask, by click and by box, on the validation frames."""
    segmenter = EfficientSamSegmenter(model, name=recipe.name, weights_hash="in training")
    sets = {"real": [(f.image, f.labels) for f in real]}
    if synthetic:
        sets["synthetic"] = validation_frames(size=recipe.image_size)
    return {
        f"{name}_{kind}": float(prompted_ious(segmenter, frames, kind).mean())
        for name, frames in sets.items()
        if frames
        for kind in ("point", "box")
    }


def train(
    recipe: Recipe,
    training: Sequence[LabelledFrame],
    validation: Sequence[LabelledFrame],
    out: Path,
    *,
    resume: bool,
    init: Path | None = None,
) -> dict[str, Any]:
    """Train until the budget is spent; `out` holds state.pt, log.csv, scores.csv and, at the end, the weights.

    `init` is a safetensors file to start from instead of random weights.
    """
    seed_everything(recipe.seed)
    model = new_model(recipe)
    if init is not None:
        model.load_state_dict(load_file(init))
    average = average_of(model)
    optimizer = torch.optim.AdamW(_groups(model, recipe), lr=0.0, betas=(0.9, 0.98), fused=True)
    step, clock = 0, Clock(recipe.budget_s)
    if resume and (out / "state.pt").exists():
        state = load_state(out / "state.pt")
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, clock = state["step"], Clock(recipe.budget_s, state["spent_s"])
    rng = np.random.default_rng([recipe.seed, step])
    saved = evaluated = clock.spent_s
    running: dict[str, float] = {}
    scores: dict[str, float] = {}

    def save_run() -> None:
        save_state(
            out / "state.pt",
            {
                "model": model.state_dict(),
                "average": average.state_dict(),
                "optimizer": optimizer.state_dict(),
                "step": step,
                "spent_s": clock.spent_s,
                "recipe": asdict(recipe),
            },
        )

    for batch in batches(rng, recipe, training, clock):
        if clock.progress >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, step, clock.progress)
        loss, shown = loss_of(*predict(model, batch), batch.targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        averaged(average, model, step)
        running = {k: 0.98 * running.get(k, v) + 0.02 * v for k, v in shown.items()}
        if step % 50 == 0:
            append_row(out / "log.csv", {"step": step, "seconds": round(clock.spent_s), **_rounded(running)})
        if clock.spent_s - saved > recipe.save_every_s:
            save_run()
            saved = clock.spent_s
        if clock.spent_s - evaluated > recipe.evaluate_every_s:
            scores = scores_of(average, recipe, validation)
            append_row(out / "scores.csv", {"step": step, "seconds": round(clock.spent_s), **_rounded(scores)})
            evaluated = clock.spent_s
    save_run()
    export(average, recipe, step, clock.spent_s, out / f"{recipe.name}.safetensors")
    scores = scores_of(average, recipe, validation)
    append_row(out / "scores.csv", {"step": step, "seconds": round(clock.spent_s), **_rounded(scores)})
    return {"steps": step, "seconds": clock.spent_s, **scores}


def export(model: EfficientSam, recipe: Recipe, steps: int, seconds: float, path: Path) -> None:
    """Write the weights as the segmenter loads them: half precision, with what it needs to know about them."""
    metadata = {
        "model": recipe.name,
        "image_size": str(recipe.image_size),
        "stretch": "0",
        "recipe": f"python -m ml train efficient_sam --seed {recipe.seed}",
        "steps": str(steps),
        "seconds": str(round(seconds)),
    }
    save(path, {key: value.half() for key, value in model.state_dict().items()}, metadata)


def _groups(model: EfficientSam, recipe: Recipe) -> list[dict[str, Any]]:
    """Matrices decay; norms, biases and embeddings do not."""
    decayed = [p for n, p in model.named_parameters() if p.ndim >= 2 and "embed" not in n and "token" not in n]
    chosen = {id(p) for p in decayed}
    others = [p for p in model.parameters() if id(p) not in chosen]
    return [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {key: round(value, 4) for key, value in values.items()}
