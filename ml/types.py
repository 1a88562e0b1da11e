"""The values that segmenters and trackers take and return."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

BoolMask = NDArray[np.bool_]
Grey = NDArray[np.float32]


@dataclass(frozen=True)
class Prompt:
    """What a person pointed at, in pixels of the frame.

    Attributes
    ----------
    points
        (x, y, label) each; label 1 is foreground, 0 background. Pixel centres lie at +0.5.
    box_xyxy
        (x0, y0, x1, y1) or None.
    mask
        bool (height, width), the whole frame: an object that the points and the box correct. None: they ask anew.
    logits
        What a network answered with `mask`, as it gave it with `Instance.logits`; None where that is not known.
    """

    points: tuple[tuple[float, float, int], ...] = ()
    box_xyxy: tuple[float, float, float, float] | None = None
    mask: BoolMask | None = None
    logits: Grey | None = None


@dataclass(frozen=True)
class Embedding:
    """What a promptable segmenter computes once per frame, so that each prompt is cheap."""

    features: Any
    height: int
    width: int
    nbytes: int


@dataclass(frozen=True)
class Instance:
    """One object on one frame.

    Attributes
    ----------
    mask
        bool (height, width), the whole frame.
    score
        0 to 1: the model's estimate of the mask's IoU, or NaN where it has none.
    phase
        index of the phase, 0 where the model knows only one.
    logits
        float32, at the network's own resolution: what the mask was cut from, where a prompt can refine it.
    """

    mask: BoolMask
    score: float
    phase: int = 0
    logits: Grey | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Parameter:
    """A setting of a segmenter that the interface shows as a slider, a switch or a choice."""

    name: str
    label: str
    kind: str  # "float" | "int" | "bool" | "choice"
    default: float | int | bool | str | None  # None: chosen from the image
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    help: str = ""


class Segmenter(Protocol):
    """Finds every object of a frame. `frame` is grey float32 (height, width), input range mapped to 0..1."""

    name: str
    weights_hash: str

    def segment(self, frame: Grey, parameters: Mapping[str, Any] = ...) -> Sequence[Instance]: ...


class PromptableSegmenter(Segmenter, Protocol):
    """Also answers prompts: the slow `encode` once per frame, the quick `decode` once per prompt."""

    input_size: int

    def encode(self, frame: Grey) -> Embedding: ...

    def decode(self, embedding: Embedding, prompt: Prompt) -> list[Instance]:
        """Candidate masks for one prompt, the best first."""
        ...

    def pack(self, embedding: Embedding) -> Mapping[str, NDArray[Any]]:
        """The embedding as arrays, to be kept."""
        ...

    def unpack(self, arrays: Mapping[str, NDArray[Any]]) -> Embedding:
        """The embedding again: what it answers is the same to the bit."""
        ...


Kind = Literal["segmenter", "tracker"]


@dataclass(frozen=True)
class ModelInfo:
    """What the interface shows of a model without loading it."""

    name: str
    title: str
    target: str  # "module:callable", imported on first use
    promptable: bool
    kind: Kind = "segmenter"
    parameters: tuple[Parameter, ...] = field(default=())
    takes_weights: bool = True  # its loader takes `weights`: a checkpoint, or fitted settings
    builds_untrained: bool = False  # its loader takes `untrained`: a network of random weights, as a control
    network: str = ""  # "module:callable": the bare network that a checkpoint's metadata speaks of
    trainable: bool = False  # `python -m ml train` makes versions of it
    configs: tuple[str, ...] = ()  # its sizes, the usual one first
