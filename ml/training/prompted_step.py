"""What one training step of EfficientSAM does: prompts on crops, the masks that they ask for, and the losses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ml.modeling.efficient_sam import EfficientSam
from ml.modeling.efficient_sam.image_encoder import PATCH
from ml.training.dense import DenseHead, dense_loss
from ml.training.device import half_precision
from ml.training.prompts import PromptBatch

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Prompts:
    """Q prompts on each of B crops: points `xy` (B, Q, 6, 2) in crop pixels, `labels`, and `targets` (B, Q, s, s)."""

    xy: Tensor
    labels: Tensor
    targets: Tensor


@dataclass(frozen=True)
class Batch:
    """B crops: `images` (B, s, s), `dense` targets, `place` of each in the square in tokens, and maybe prompts."""

    images: Tensor
    dense: Tensor
    place: list[tuple[int, int]]
    prompts: Prompts | None


def prompts_of(drawn: Sequence[tuple[NDArray[np.int32], PromptBatch]]) -> Prompts | None:
    """The prompts drawn on each crop with the masks that they ask for."""
    if not drawn:
        return None
    return Prompts(
        torch.from_numpy(np.stack([p.xy for _, p in drawn])),
        torch.from_numpy(np.stack([p.labels for _, p in drawn])),
        torch.from_numpy(np.stack([labels[None] == p.ids[:, None, None] for labels, p in drawn])),
    )


def encode(model: EfficientSam, batch: Batch) -> Tensor:
    """The crops' embedding (B, 256, s/16, s/16)."""
    side, tokens = model.image_size // PATCH, batch.images.shape[-1] // PATCH
    images = (batch.images[:, None].expand(-1, 3, -1, -1) - model.pixel_mean) / model.pixel_std
    grid = model.image_encoder.positions(side, side)
    positions = torch.cat([grid[:, :, y : y + tokens, x : x + tokens] for x, y in batch.place])
    embedding: Tensor = model.image_encoder(images, positions)
    return embedding


def decode(model: EfficientSam, embedding: Tensor, batch: Batch, prompts: Prompts) -> tuple[Tensor, Tensor]:
    """Low-res logits (B·Q, 4, s/4, s/4) and predicted IoU (B·Q, 4)."""
    side, tokens = model.image_size // PATCH, embedding.shape[-1]
    place = torch.tensor(batch.place, dtype=torch.float32) / side
    dense = model.prompt_encoder.dense(tokens, tokens, torch.cat([place, place + tokens / side], dim=1))
    xy = prompts.xy / model.image_size + place[:, None, None]
    xy = torch.where(prompts.labels[..., None] < 0, torch.full_like(xy, -0.5 / model.image_size), xy)
    sparse = model.tokens(xy, prompts.labels).flatten(0, 1)
    decoded: tuple[Tensor, Tensor] = model.mask_decoder(embedding, dense, sparse)
    return decoded


def loss_of(logits: Tensor, scores: Tensor, targets: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Focal and Dice on every mask, and an IoU head that learns both the value and the choice.

    Mask 0 answers the prompt. Of masks 1 to 3 the best weighs 0.7 and their mean 0.3: alone, the best would
    leave the other two untrained and the choice among them a lottery.
    """
    logits = F.interpolate(logits, scale_factor=2, mode="bilinear", align_corners=False)
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
    total = each[:, 0].mean() + ambiguous.mean() + 5 * value + 0.3 * choice
    return total, {
        "loss": float(total.detach()),
        "iou_chosen": float(chosen),
        "iou_best": float(iou.max(dim=1).values.mean()),
    }


def backward(model: EfficientSam, head: DenseHead, batch: Batch) -> dict[str, float]:
    """Gradients of one batch; returns what `LOGGED` names."""
    with half_precision(CPU):
        embedding = encode(model, batch)
        answer = head(embedding)
    loss = dense_loss(answer.float(), batch.dense)
    shown = {"dense": float(loss.detach())}
    if batch.prompts is not None:
        with half_precision(CPU):
            logits, scores = decode(model, embedding, batch, batch.prompts)
        prompted, figures = loss_of(logits.float(), scores.float(), batch.prompts.targets)
        loss = loss + prompted
        shown |= figures
    loss.backward()
    return shown
