"""Training of Swin-Unet, VM-UNet and VM-UNetV2: the losses of the official recipes, on crops of labelled frames."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ml.evaluation.frames import LabelledFrame
from ml.evaluation.pixels import mean_over_phases
from ml.modeling import unets
from ml.segmenters.semantic import SemanticSegmenter

HEADS = ("final_conv", "seg_outs.2", "seg_outs.3")  # the last layers of VM-UNet and VM-UNetV2
HEAD_GAIN = 4.0

Loss = Callable[[Tensor, Tensor], Tensor]


def swin_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """0.4 cross-entropy + 0.6 Dice with squared denominators, averaged over the classes (Swin-Unet's recipe).

    `logits` [B, C, H, W]; `truth` int64 [B, H, W], class per pixel. One channel is object against background.
    """
    entropy, probability, target = _compared(logits, truth)
    shared = (probability * target).sum((0, 2, 3))
    squares = probability.square().sum((0, 2, 3)) + target.square().sum((0, 2, 3))
    overlap = 1 - ((2 * shared + 1e-5) / (squares + 1e-5)).mean()
    return 0.4 * entropy + 0.6 * overlap


def vm_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross-entropy + Dice with plain sums and smoothing 1, per image (VM-UNet's recipe); shapes as `swin_loss`."""
    entropy, probability, target = _compared(logits, truth)
    shared = (probability * target).flatten(1).sum(1)
    total = probability.flatten(1).sum(1) + target.flatten(1).sum(1)
    return entropy + (1 - (2 * shared + 1) / (total + 1)).mean()


def _compared(logits: Tensor, truth: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Cross-entropy, and probability and truth of each class [B, C, H, W]."""
    if logits.shape[1] == 1:
        target = (truth > 0).float()[:, None]
        return F.binary_cross_entropy_with_logits(logits, target), logits.sigmoid(), target
    target = F.one_hot(truth, logits.shape[1]).permute(0, 3, 1, 2).float()
    return F.cross_entropy(logits, truth), logits.softmax(dim=1), target


def bold(model: nn.Module) -> nn.Module:
    """The network with logits that tell objects from background from the first steps on.

    VM-UNet's last layer sees eight normalised channels: begun as is usual, its logits need hundreds of steps to grow.
    VM-UNetV2 multiplies what its levels say: begun near 1, the factors' product is at first their sum.
    """
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if any(f"{head}.weight" in name for head in HEADS):
                weight.mul_(HEAD_GAIN)
            if name.startswith("sdi_") and name.endswith(".bias"):
                weight.fill_(1)
    return model


def contacts(labels: Tensor, classes: Tensor) -> Tensor:
    """bool [B, H, W]: pixels of an object beside a pixel of another one of its phase, both sides of the contact.

    `labels` and `classes` [B, H, W], 0 is background.
    """
    found = torch.zeros_like(labels, dtype=torch.bool)
    for axis in (1, 2):
        length = labels.shape[axis] - 1
        first, second = (labels.narrow(axis, start, length) for start in (0, 1))
        same_phase = classes.narrow(axis, 0, length) == classes.narrow(axis, 1, length)
        touch = (first != second) & (first > 0) & (second > 0) & same_phase
        for start in (0, 1):
            found.narrow(axis, start, length).logical_or_(touch)
    return found


def with_gaps(labels: Tensor, classes: Tensor | None) -> Tensor:
    """int64 [B, H, W], class per pixel, background where two objects of a phase touch; `classes` None: one phase."""
    truth = (labels > 0).long() if classes is None else classes.long()
    return truth.masked_fill(contacts(labels, truth), 0)


LOSSES: dict[str, Loss] = {"swin_unet": swin_loss, "vm_unet": vm_loss, "vm_unet_v2": vm_loss}


class SemanticTask:
    """What the training loop asks of a family: a network, its loss on a batch, its scores on frames.

    One phase takes one channel; with more the background has a channel of its own, the first.
    """

    standardised = True
    scales = (1.0, 1.0)  # nothing is resized

    def __init__(self, family: str, config: str, phases: int = 1) -> None:
        self.family, self.config_name, self.phases = family, config, phases
        self.classes = 1 if phases == 1 else phases + 1
        self.config = unets.config_of(family, config, classes=self.classes)

    def with_phases(self, phases: int) -> "SemanticTask":
        return SemanticTask(self.family, self.config_name, phases)

    def new(self) -> nn.Module:
        return bold(unets.build(self.family, self.config_name, classes=self.classes))

    def loss(self, model: nn.Module, images: Tensor, labels: Tensor, classes: Tensor | None = None) -> Tensor:
        """`images` [B, 1, S, S], standardised; `labels` [B, S, S], with several phases `classes` [B, S, S].

        Where two objects touch, of one phase, is a gap.
        """
        return LOSSES[self.family](model(images).float(), with_gaps(labels, classes))

    def scores(self, model: nn.Module, frames: Sequence[LabelledFrame]) -> dict[str, float]:
        """Mean IoU and Dice of the whole frames' objects, of each phase's for itself."""
        device = next(model.parameters()).device
        segmenter = SemanticSegmenter(
            model, name=self.family, weights_hash="in training", input_size=self.config.image_size,
            classes=self.classes, device=device,
        )  # fmt: skip
        return mean_scores(segmenter, frames, self.phases)

    def metadata(self) -> dict[str, str]:
        """What the segmenter needs to know about a checkpoint."""
        return {
            "model": self.family,
            "config": self.config_name,
            "classes": str(self.classes),
            "image_size": str(self.config.image_size),
        }


def mean_scores(segmenter: SemanticSegmenter, frames: Sequence[LabelledFrame], phases: int) -> dict[str, float]:
    """Mean IoU and Dice over frames, on each of each phase's pixels."""
    pairs = []
    for frame in frames:
        found = segmenter.probabilities(frame.image) >= 0.5
        pairs.append(mean_over_phases(list(found), frame.phase_masks(phases)))
    mean_iou, mean_dice = np.mean(pairs, axis=0)
    return {"iou": float(mean_iou), "dice": float(mean_dice)}
