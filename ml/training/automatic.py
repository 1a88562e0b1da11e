"""Training of EfficientSAM's automatic mode: its head alone, on an encoder that answers prompts as before."""

from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor, nn

from ml.evaluation.frames import LabelledFrame
from ml.modeling.efficient_sam import EfficientSam, build
from ml.modeling.efficient_sam.model import OFFICIAL_SIZE
from ml.segmenters.efficient_sam import automatic_segmenter
from ml.training.semantic import mean_scores, vm_loss, with_gaps
from ml.weights import Checkpoint, check_keys, describe, find

NAME = "efficient_sam_ti"


class AutomaticTask:
    """What the training loop asks of the automatic mode; `weights` are those whose encoder it reads."""

    standardised = True
    scales = (1.0, 1.0)  # nothing is resized

    def __init__(self, phases: int = 1, weights: Path | None = None) -> None:
        self.phases = phases
        self.classes = 1 if phases == 1 else phases + 1
        self.base: Checkpoint = describe(weights) if weights else find(NAME, None)
        self.image_size = int(self.base.metadata.get("image_size", OFFICIAL_SIZE))

    def with_phases(self, phases: int) -> "AutomaticTask":
        return AutomaticTask(phases, self.base.path)

    def new(self) -> nn.Module:
        """The base with a new head; a head that the base has already for as many classes is gone on with."""
        model = build(NAME, self.image_size, self.classes)
        own = model.state_dict()
        state = {key: value.float() for key, value in load_file(self.base.path).items()}
        for key, value in own.items():
            if key.startswith("automatic.") and (key not in state or state[key].shape != value.shape):
                state[key] = value
        check_keys(self.base.path.name, NAME, state, own)
        model.load_state_dict(state)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.startswith("automatic."))
        return model

    def loss(self, model: nn.Module, images: Tensor, labels: Tensor, classes: Tensor | None = None) -> Tensor:
        """`images` [B, 1, S, S], standardised; `labels` [B, S, S], with several phases `classes` [B, S, S]."""
        assert isinstance(model, EfficientSam)
        return vm_loss(model.automatic_logits(images).float(), with_gaps(labels, classes))

    def scores(self, model: nn.Module, frames: Sequence[LabelledFrame]) -> dict[str, float]:
        """Mean IoU and Dice of the whole frames' objects, of each phase's for itself."""
        assert isinstance(model, EfficientSam)
        device = next(model.parameters()).device
        return mean_scores(automatic_segmenter(model, NAME, "in training", device), frames, self.phases)

    def metadata(self) -> dict[str, str]:
        classes = str(self.classes)
        return {
            "model": NAME,
            "config": "small",
            "image_size": str(self.image_size),
            "stretch": self.base.metadata.get("stretch", "1"),
            "classes": classes,
            "automatic": classes,
            "base": self.base.sha256,
        }
