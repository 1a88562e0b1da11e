"""The last stage of EfficientSAM's recipe: its IoU head alone learns which of the four masks a person should see first.

Until then the head learned from masks that were still changing, at the network's own resolution. Here masks stand
still, and what is predicted is what is scored: the IoU of the whole-frame mask after its clean-up.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ml.evaluation.frames import LabelledFrame
from ml.evaluation.pixels import iou
from ml.modeling.efficient_sam import EfficientSam
from ml.modeling.efficient_sam.prompt_encoder import BOTTOM_RIGHT, NEGATIVE, POSITIVE, TOP_LEFT
from ml.segmenters.efficient_sam import EfficientSamSegmenter
from ml.training.frames import augment, random_crop, turned
from ml.training.pool import FramePool
from ml.training.prompts import PromptBatch, sample_prompts
from ml.training.run import Clock, append_row
from ml.types import Prompt

PROMPTS = 24
LEAST_AREA_PX = 60
LEARNING_RATE = 5e-4
REAL_SHARE = 0.45
TEMPERATURE = 0.02  # of the choice: IoU differences of this size matter


def train_scores(
    model: EfficientSam, seed: int, budget_s: float, training: Sequence[LabelledFrame], out: Path
) -> dict[str, float]:
    """Train `model`'s IoU head in place for `budget_s`; `out` gets scores_log.csv."""
    model.requires_grad_(False).eval()
    head = model.mask_decoder.iou_prediction_head.requires_grad_(True)
    optimizer = torch.optim.AdamW(head.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    segmenter = EfficientSamSegmenter(model, name="efficient_sam_ti", weights_hash="in training")
    rng, clock, step = np.random.default_rng([seed, 1]), Clock(budget_s), 0
    pool = FramePool(rng, model.image_size)
    pool.renew(24)
    running: dict[str, float] = {}
    while clock.progress < 1:
        pool.renew()
        real = bool(training) and rng.random() < REAL_SHARE
        image, labels = random_crop(rng, training if real else pool.frames, model.image_size, (0.7, 1.5))
        image, labels = augment(rng, image, labels) if rng.random() < 0.3 else turned(rng, image, labels)
        prompts = sample_prompts(rng, labels, PROMPTS, LEAST_AREA_PX)
        if prompts is None:
            continue
        with torch.no_grad():
            embedding = segmenter.encode(image)
        logits, scores = segmenter.decode_unsorted(embedding, [as_prompt(prompts, i) for i in range(PROMPTS)])
        ious = torch.from_numpy(
            np.array(
                [
                    [
                        iou(mask, labels == prompts.ids[i])
                        for mask, _ in segmenter.masks_of(each, embedding, as_prompt(prompts, i))
                    ]
                    for i, each in enumerate(logits.detach())
                ],
                np.float32,
            )
        )
        loss, shown = score_loss(scores, ious)
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * max(1 - clock.progress, 0.02)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        running |= {k: 0.98 * running[k] + 0.02 * v if k in running else v for k, v in shown.items()}
        if step % 25 == 0:
            row = {"step": step, "seconds": round(clock.spent_s), **{k: round(v, 4) for k, v in running.items()}}
            append_row(out / "scores_log.csv", row)
    return {"score_steps": step, **running}


def score_loss(scores: Tensor, ious: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Squared error of the value, and the IoU that is lost by the choice; both (Q, 4)."""
    value = F.mse_loss(scores, ious)
    lost = (ious.max(dim=1).values - ((scores / TEMPERATURE).softmax(dim=1) * ious).sum(dim=1)).mean()
    chosen = ious.gather(1, scores.argmax(dim=1, keepdim=True)).mean()
    return value + lost, {
        "value": float(value.detach()),
        "iou_chosen": float(chosen),
        "iou_mean": float(ious.mean()),
        "iou_best": float(ious.max(dim=1).values.mean()),
    }


def as_prompt(batch: PromptBatch, index: int) -> Prompt:
    """One prompt of a batch as a person gives it."""
    given: list[Any] = list(zip(batch.xy[index].tolist(), batch.labels[index].tolist(), strict=True))
    points = tuple((x, y, int(kind == POSITIVE)) for (x, y), kind in given if kind in (POSITIVE, NEGATIVE))
    corners = [xy for xy, kind in given if kind in (TOP_LEFT, BOTTOM_RIGHT)]
    return Prompt(points, (*corners[0], *corners[1]) if corners else None)
