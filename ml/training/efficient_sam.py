"""The recipe of the bundled EfficientSAM: prompts on synthetic and real frames, from scratch, on one CPU thread.

Crops are placed at random in the 512-px square of the network, with the position embedding and the position codes
of that place, so that what is learned on cheap crops holds on whole frames. Small crops teach the most in a given
time (attention is quadratic in the tokens, and a prompt's decoding linear), so the run goes from many small crops
over a few larger ones to whole frames. It begins without prompts, on dense supervision alone: what holds a network
back that is trained from scratch is its encoder, which sees twice as many tokens in the same time so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from ml.evaluation.frames import LabelledFrame
from ml.evaluation.prompted import prompted_ious
from ml.modeling.efficient_sam import EfficientSam, build
from ml.modeling.efficient_sam.image_encoder import PATCH
from ml.segmenters.efficient_sam import EfficientSamSegmenter
from ml.series import input_range, to_unit
from ml.synthetic import KINDS, synthesise
from ml.training.dense import DenseHead, dense_targets
from ml.training.frames import augment, random_crop, turned
from ml.training.pool import FramePool
from ml.training.prompted_step import Batch, backward, prompts_of
from ml.training.prompts import PromptBatch, sample_prompts
from ml.training.run import Clock, append_row, average_of, averaged, load_state, save_state, seed_everything
from ml.training.score_head import train_scores
from ml.weights import describe, save

SYNTHETIC_VALIDATION_SEED = 20_000_000  # no training seed reaches it
SYNTHETIC_SCALES = (0.7, 1.5)
LOGGED = ("loss", "iou_chosen", "iou_best", "dense")


@dataclass(frozen=True)
class Diet:
    """One kind of training step: how often, the crops' side in px, how many crops, and prompts on each (0: none)."""

    share: float
    crop: int
    crops: int
    prompts: int


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights, but for the data and the machine's speed.

    `diets` holds, for each part of the time budget (up to which fraction of it), the mix of training steps;
    `begin` is where on that schedule the run starts (above 0 to go on from weights); `emphasis` draws some presets of
    the synthetic series more often; `muon_share` is Muon's learning rate in units of the other weights'.
    """

    name: str = "efficient_sam_ti"
    seed: int = 0
    budget_s: float = 7800.0
    image_size: int = 512
    diets: tuple[tuple[float, tuple[Diet, ...]], ...] = (
        (0.25, (Diet(0.8, 128, 24, 0), Diet(0.2, 256, 6, 0))),
        (0.82, (Diet(0.55, 128, 16, 10), Diet(0.45, 256, 3, 20))),
        (1.00, (Diet(0.5, 256, 3, 20), Diet(0.5, 512, 1, 32))),
    )
    begin: float = 0.0
    emphasis: dict[str, float] = field(default_factory=dict)
    real_share: float = 0.25
    learning_rate: float = 6e-4
    optimizer: str = "muon"
    muon_share: float = 3.0
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


def batches(rng: np.random.Generator, recipe: Recipe, real: Sequence[LabelledFrame], clock: Clock) -> Iterator[Batch]:
    """Small crops first, whole frames towards the end."""
    pool = FramePool(rng, recipe.image_size, emphasis=recipe.emphasis)
    pool.renew(24)
    while True:
        pool.renew()
        diet = _diet(rng, recipe, scheduled(recipe, clock))
        made = [_labelled_crop(rng, recipe, real, pool.frames, diet) for _ in range(diet.crops)]
        free = (recipe.image_size - diet.crop) // PATCH
        yield Batch(
            torch.from_numpy(np.stack([image for image, _, _ in made])),
            torch.from_numpy(np.stack([dense_targets(labels) for _, labels, _ in made])),
            [(int(rng.integers(free + 1)), int(rng.integers(free + 1))) for _ in made],
            prompts_of([(labels, prompts) for _, labels, prompts in made if prompts is not None]),
        )


def _diet(rng: np.random.Generator, recipe: Recipe, progress: float) -> Diet:
    mix = next(mix for until, mix in recipe.diets if progress <= until)
    shares = np.array([diet.share for diet in mix])
    return mix[int(rng.choice(len(mix), p=shares / shares.sum()))]


def _labelled_crop(
    rng: np.random.Generator,
    recipe: Recipe,
    real: Sequence[LabelledFrame],
    synthetic: Sequence[LabelledFrame],
    diet: Diet,
) -> tuple[NDArray[np.float32], NDArray[np.int32], PromptBatch | None]:
    while True:
        if real and rng.random() < recipe.real_share:
            image, labels = augment(rng, *random_crop(rng, real, diet.crop))
        else:
            image, labels = random_crop(rng, synthetic, diet.crop, SYNTHETIC_SCALES)
            image, labels = augment(rng, image, labels) if rng.random() < 0.3 else turned(rng, image, labels)
        if diet.prompts == 0:
            return image, labels, None
        batch = sample_prompts(rng, labels, diet.prompts)
        if batch is not None:
            return image, labels, batch


def scheduled(recipe: Recipe, clock: Clock) -> float:
    """Where on the schedule the run is, 0 to 1."""
    return recipe.begin + (1 - recipe.begin) * clock.progress


def learning_rate(recipe: Recipe, step: int, progress: float) -> float:
    """Linear warm-up, then a cosine to a fiftieth by the end of the time budget."""
    cosine = 0.5 * (1 + np.cos(np.pi * progress))
    return float(recipe.learning_rate * min(1.0, (step + 1) / recipe.warmup_steps) * max(cosine, 0.02))


def validation_frames(size: int) -> list[tuple[NDArray[np.float32], NDArray[np.int32]]]:
    """One frame of a series of each preset, from seeds that no training draws."""
    frames = []
    for number, name in enumerate(KINDS):
        series = synthesise(SYNTHETIC_VALIDATION_SEED + number, 1, size, name)
        frames.append((to_unit(series.images[0], *input_range(series.images)), series.labels[0].astype(np.int32)))
    return frames


def scores_of(
    model: EfficientSam, recipe: Recipe, real: Sequence[LabelledFrame], synthetic: bool = True
) -> dict[str, float]:
    """Mean IoU of the best-scored mask, by click and by box, on the validation frames."""
    segmenter = EfficientSamSegmenter(model, name=recipe.name, weights_hash="in training")
    sets = {"real": [(f.image, f.labels) for f in real]}
    if synthetic:
        sets["synthetic"] = validation_frames(recipe.image_size)
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
    head = DenseHead()
    average = average_of(model)
    parts: dict[str, torch.nn.Module] = {"model": model, "head": head, "average": average}
    optimizers = optimizers_of(model, head, recipe)
    step, clock = 0, Clock(recipe.budget_s)
    if resume and (out / "state.pt").exists():
        state = load_state(out / "state.pt")
        for name, part in parts.items():
            part.load_state_dict(state[name])
        for optimizer, saved_state in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved_state)
        step, clock = state["step"], Clock(recipe.budget_s, state["spent_s"])
    rng = np.random.default_rng([recipe.seed, step])
    saved = evaluated = clock.spent_s
    running: dict[str, float] = {}

    def scored() -> dict[str, float]:
        scores = scores_of(average, recipe, validation)
        append_row(out / "scores.csv", {"step": step, "seconds": round(clock.spent_s), **_rounded(scores)})
        return scores

    def save_run() -> None:
        save_state(
            out / "state.pt",
            {
                **{name: part.state_dict() for name, part in parts.items()},
                "optimizers": [optimizer.state_dict() for optimizer in optimizers],
                "step": step,
                "spent_s": clock.spent_s,
                "recipe": asdict(recipe),
            },
        )

    for batch in batches(rng, recipe, training, clock):
        if clock.progress >= 1:
            break
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["share"] * learning_rate(recipe, step, scheduled(recipe, clock))
            optimizer.zero_grad(set_to_none=True)
        shown = backward(model, head, batch)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        step += 1
        averaged(average, model, step)
        running |= {k: 0.98 * running[k] + 0.02 * v if k in running else v for k, v in shown.items()}
        if step % 50 == 0:
            row = {name: running.get(name, float("nan")) for name in LOGGED}
            append_row(out / "log.csv", {"step": step, "seconds": round(clock.spent_s), **_rounded(row)})
        if clock.spent_s - saved > recipe.save_every_s:
            save_run()
            saved = clock.spent_s
        if clock.spent_s - evaluated > recipe.evaluate_every_s:
            scored()
            evaluated = clock.spent_s
    save_run()
    export(average, recipe, step, clock.spent_s, out / f"{recipe.name}.safetensors")
    return {"steps": step, "seconds": clock.spent_s, **scored()}


def finish(
    recipe: Recipe, training: Sequence[LabelledFrame], validation: Sequence[LabelledFrame], out: Path, *, init: Path
) -> dict[str, Any]:
    """The last stage, on the weights of `init`: see `ml.training.score_head`."""
    seed_everything(recipe.seed)
    model = new_model(recipe)
    model.load_state_dict(load_file(init))
    taught = train_scores(model, recipe.seed, recipe.budget_s, training, out)
    before = describe(init).metadata
    seconds = float(before.get("seconds", 0)) + recipe.budget_s
    export(model, recipe, int(before.get("steps", 0)), seconds, out / f"{recipe.name}.safetensors")
    return {**taught, **scores_of(model, recipe, validation)}


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


def optimizers_of(model: EfficientSam, head: DenseHead, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """AdamW, or Muon (Jordan et al. 2024) for the transformers' matrices and AdamW for the rest.

    Matrices decay; norms, biases, embeddings and the head that is thrown away do not.
    """
    named = dict(model.named_parameters())
    matrices = {n: p for n, p in named.items() if p.ndim >= 2 and "embed" not in n and "token" not in n}
    others = [p for n, p in named.items() if n not in matrices] + list(head.parameters())
    inner = [p for n, p in matrices.items() if p.ndim == 2 and ("blocks" in n or "transformer" in n)]
    optimizers: list[torch.optim.Optimizer] = []
    if recipe.optimizer == "muon":
        group = {"params": inner, "weight_decay": recipe.weight_decay, "share": recipe.muon_share}
        optimizers.append(torch.optim.Muon([group], lr=0.0, adjust_lr_fn="match_rms_adamw"))
        chosen = {id(p) for p in inner}
        matrices = {n: p for n, p in matrices.items() if id(p) not in chosen}
    groups = [
        {"params": list(matrices.values()), "weight_decay": recipe.weight_decay, "share": 1.0},
        {"params": others, "weight_decay": 0.0, "share": 1.0},
    ]
    return [*optimizers, torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98), fused=True)]


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {key: round(value, 4) for key, value in values.items()}
