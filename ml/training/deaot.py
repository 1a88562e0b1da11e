"""Training of DeAOT on synthetic clips: the losses of the official recipe, from scratch, by live batch norms.

The first frame's objects are given; each later frame is read by the memory of the first, sometimes of a second one,
and by the frame before, which is remembered by its true masks or by those that were found.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.modeling.deaot import CONFIGS, DeAot, Features, build, initialise
from ml.modeling.deaot.decoder import OBJECTS
from ml.training.loop import Recipe
from ml.types import Grey

HARD = 0.15  # share of the pixels that count for the second half of the cross-entropy
NEVER = -1e4  # the logit of a channel without an object; bfloat16 and half precision hold it
SEEN_PX = 20  # an object with less in view is not scored


@dataclass(frozen=True)
class ClipRecipe(Recipe):
    """`crops` clips of `frames` frames make a step; see `ClipSource` for `sides` and `lanes`."""

    sides: tuple[int, ...] = (193,)
    frames: int = 5
    lanes: int = 1


class DeAotTask:
    """What the training loop asks of DeAOT."""

    phases = 1

    def __init__(self, name: str) -> None:
        if name not in CONFIGS:
            raise ValueError(f"No DeAOT is called {name!r}. There are: {', '.join(CONFIGS)}.")
        self.name = name

    def with_phases(self, _phases: int) -> "DeAotTask":
        return self

    def new(self) -> DeAot:
        network = build(self.name, live=True)
        initialise(network)
        return network

    def loss(self, model: nn.Module, images: Tensor, labels: Tensor, classes: Tensor | None = None) -> Tensor:
        """`images` [B, T, 1, S, S] in 0..1, `labels` int64 [B, T, S, S] in 0..10; phases do not matter."""
        assert isinstance(model, DeAot) and classes is None
        return clip_loss(model, images, labels)

    def metadata(self) -> dict[str, str]:
        return {"model": self.name, "config": self.name, "classes": "1"}


def clip_loss(network: DeAot, images: Tensor, labels: Tensor) -> Tensor:
    """The mean loss over a clip's frames; shapes as `DeAotTask.loss`.

    The better a frame's masks are, the more likely they are remembered in place of the true ones.
    """
    frames = encoded(network, images)
    absent = channels_of(labels[:, :1].flatten(1)).logical_not()
    identity = network.identity(labels[:, 0])
    logits, seen = network.refer(frames[0], identity)
    short = network.hold(seen, identity)
    long, total = short, frame_loss(logits, labels[:, 0], absent)[0]
    kept = int(torch.randint(2 * len(frames), ()))  # beyond the clip as often as not
    for number, (features, truth) in enumerate(zip(frames[1:], labels.unbind(1)[1:], strict=True), start=1):
        logits, seen = network.propagate(features, long, short)
        loss, overlap, found = frame_loss(logits, truth, absent)
        total = total + loss
        fed = torch.rand(len(overlap), device=overlap.device) < overlap
        short = network.hold(seen, network.identity(torch.where(fed[:, None, None], found, truth)))
        if number == kept:
            long = [first.followed_by(second) for first, second in zip(long, short, strict=True)]
    return total / len(frames)


def encoded(network: DeAot, images: Tensor) -> list[Features]:
    """Each frame's features; `images` [B, T, 1, S, S]. All frames are one batch for the batch norms."""
    length = images.shape[1]
    flat = images.transpose(0, 1).flatten(0, 1).expand(-1, 3, -1, -1)
    if flat.is_cuda:
        flat = flat.contiguous(memory_format=torch.channels_last)
    whole = network.encode(flat)
    quarter, eighth, sixteenth, tokens = (each.chunk(length) for each in whole[:4])
    parts = zip(quarter, eighth, sixteenth, tokens, strict=True)
    return [Features(*part, grid=whole.grid) for part in parts]


def channels_of(labels: Tensor) -> Tensor:
    """Which of the eleven channels occur: bool [B, 11], the background always."""
    present = (labels[:, None] == torch.arange(OBJECTS + 1, device=labels.device)[:, None]).any(dim=-1)
    present[:, 0] = True
    return present


def frame_loss(logits: Tensor, truth: Tensor, absent: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Cross-entropy, over all pixels and over the hardest, and soft Jaccard of the objects.

    Returns
    -------
    loss
        of the batch.
    overlap
        [B], the mean soft Jaccard index of the objects.
    found
        int64 [B, H, W], the masks that the logits amount to.
    """
    logits = F.interpolate(logits.float(), truth.shape[-2:], mode="bilinear", align_corners=True)
    logits = logits.masked_fill(absent[:, :, None, None], NEVER)
    each = F.cross_entropy(logits, truth, reduction="none").flatten(1)
    hardest = each.topk(int(HARD * each.shape[1]), dim=1).values
    probability = logits.softmax(dim=1).flatten(2)
    target = (truth.flatten(1)[:, None] == torch.arange(OBJECTS + 1, device=truth.device)[:, None]).float()
    shared = (probability * target).sum(-1)
    union = probability.sum(-1) + target.sum(-1) - shared
    index = ((shared + 1) / (union + 1)).masked_fill(absent, 0)[:, 1:]
    objects = absent[:, 1:].logical_not().sum(1).clamp(min=1)
    overlap = index.sum(1) / objects
    loss = 0.25 * (each.mean() + hardest.mean()) + 0.5 * (1 - overlap).mean()
    return loss, overlap.detach(), logits.argmax(dim=1)


@torch.inference_mode()
def scores(network: DeAot, clips: list[tuple[Grey, NDArray[np.int64]]]) -> dict[str, float]:
    """How well objects are followed from a clip's first frame to its last, all masks fed back.

    Returns
    -------
    iou
        mean over the objects that are still in view, of their masks on the last frame.
    identity
        share of them most of whose pixels are called by their number, of those pixels that are called an object's.
    """
    device = network.pixel_mean.device
    ious, right = [], []
    for images, labels in clips:
        truth = torch.from_numpy(labels).to(device)[None]
        found = followed(network, torch.from_numpy(images).to(device)[None, :, None], truth[:, 0])[-1][0]
        last = truth[0, -1]
        for number in truth[0, 0].unique().tolist():
            mask = last == number
            if number == 0 or mask.sum() < SEEN_PX:
                continue
            called = found == number
            ious.append(float((called & mask).sum() / (called | mask).sum()))
            votes = found[mask].bincount(minlength=OBJECTS + 1)[1:]
            right.append(float(votes.sum() > 0 and votes.argmax() + 1 == number))
    return {"iou": float(np.mean(ious)), "identity": float(np.mean(right))}


def followed(network: DeAot, images: Tensor, first: Tensor) -> list[Tensor]:
    """Masks int64 [B, S, S] of each later frame; `first` [B, S, S] has the objects of the first."""
    frames = encoded(network, images)
    absent = channels_of(first.flatten(1)).logical_not()[:, :, None, None]
    identity = network.identity(first)
    _, seen = network.refer(frames[0], identity)
    long = short = network.hold(seen, identity)
    found = []
    for features in frames[1:]:
        logits, seen = network.propagate(features, long, short)
        logits = F.interpolate(logits.float(), first.shape[-2:], mode="bilinear", align_corners=True)
        found.append(logits.masked_fill(absent, NEVER).argmax(dim=1))
        short = network.hold(seen, network.identity(found[-1]))
    return found
