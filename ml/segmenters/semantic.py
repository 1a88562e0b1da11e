"""Swin-Unet, VM-UNet and VM-UNetV2 as segmenters: a probability per pixel and phase, cut into objects."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from scipy import ndimage
from torch import Tensor, nn

from ml.modeling import unets
from ml.segmenters.box_tiles import spans
from ml.segmenters.grey_levels import standardised
from ml.segmenters.instances import Boxed, BoxedInstances, Labels, split_touching, without_small
from ml.segmenters.parameters import SEMANTIC_PARAMETERS, resolve
from ml.segmenters.pieces import finished
from ml.types import Grey, Instance
from ml.weights import WeightsError, check_keys, describe, find

MULTIPLE = 32  # of which the networks' sides are
OVERLAP_PX = 64  # of neighbouring tiles
MOST_CLASSES = 64


class SemanticSegmenter:
    """Frames up to `input_size` pass the network whole, larger ones in overlapping tiles; nothing is resized."""

    def __init__(
        self,
        model: nn.Module,
        *,
        name: str,
        weights_hash: str,
        input_size: int,
        classes: int,
        device: str | torch.device = "cpu",
    ) -> None:
        self.name, self.weights_hash, self.input_size, self.classes = name, weights_hash, input_size, classes
        self.device = torch.device(device)
        self.model = model.to(self.device).eval()

    def segment(self, frame: Grey, parameters: Mapping[str, Any] | None = None) -> Sequence[Instance]:
        """Every object of the frame; `parameters` are `SEMANTIC_PARAMETERS`."""
        return finished(self.segment_steps(frame, parameters))

    def segment_steps(
        self, frame: Grey, parameters: Mapping[str, Any] | None = None
    ) -> Generator[float | None, None, Sequence[Instance]]:
        """`segment` in pieces, so that clicks go between; yields the fraction that is done after each tile."""
        settings = resolve(SEMANTIC_PARAMETERS, parameters or {})
        probabilities = yield from self.probability_steps(frame)
        found: list[Boxed] = []
        for phase, probability in enumerate(probabilities):
            mask = probability >= settings["threshold"]
            for other, rival in enumerate(probabilities):
                if other != phase:  # the first of equals
                    mask &= probability > rival if other < phase else probability >= rival
            labels = split_touching(mask, settings["split_depth"]) if settings["split"] else _components(mask)
            yield None
            found += _objects(without_small(labels, settings["min_area_px"]), probability, phase)
            yield None
        height, width = frame.shape
        return BoxedInstances((height, width), sorted(found, key=lambda each: each.score, reverse=True))

    def probabilities(self, frame: Grey) -> NDArray[np.float32]:
        """float32 (phases, H, W), 0 to 1; the background is what is left."""
        return finished(self.probability_steps(frame))

    def probability_steps(self, frame: Grey) -> Generator[float | None, None, NDArray[np.float32]]:
        """`probabilities` tile by tile, and of a network with `steps` in their pieces."""
        image = torch.from_numpy(standardised(np.ascontiguousarray(frame, np.float32))).to(self.device)
        height, width = image.shape
        total = torch.zeros(max(self.classes - 1, 1), height, width, device=self.device)
        weight = torch.zeros(height, width, device=self.device)
        tiles = list(_tiles(height, width, self.input_size))
        for done, (rows, columns) in enumerate(tiles, start=1):
            part = image[rows, columns]
            ramp = _ramp(rows, height)[:, None] * _ramp(columns, width)[None]
            answer = yield from self._answer_steps(part)
            total[:, rows, columns] += answer * ramp.to(self.device)
            weight[rows, columns] += ramp.to(self.device)
            yield done / len(tiles)
        result: NDArray[np.float32] = (total / weight).cpu().numpy()
        return result

    def _answer_steps(self, part: Tensor) -> Generator[None, None, Tensor]:
        height, width = part.shape
        down, across = -height % MULTIPLE, -width % MULTIPLE
        if self.name == "vm_unet_v2":  # square only
            side = max(height + down, width + across)
            down, across = side - height, side - width
        padded = F.pad(part[None, None], (0, across, 0, down), mode="replicate")
        pieces: Any = getattr(self.model, "steps", self._at_once)
        steps = pieces(padded)
        while True:
            # Not around the yield: the mode belongs to the thread, not to this generator.
            with torch.inference_mode(), torch.autocast(self.device.type, enabled=self.device.type == "cuda"):
                try:
                    next(steps)
                except StopIteration as done:
                    return phases_of(done.value.float())[0, :, :height, :width]
            yield

    def _at_once(self, padded: Tensor) -> Generator[None, None, Tensor]:
        yield
        answer: Tensor = self.model(padded)
        return answer


def phases_of(logits: Tensor) -> Tensor:
    """[B, classes, H, W] logits → [B, phases, H, W] probabilities."""
    return logits.sigmoid() if logits.shape[1] == 1 else logits.softmax(dim=1)[:, 1:]


def _tiles(height: int, width: int, side: int) -> Iterator[tuple[slice, slice]]:
    for rows in spans(height, side, OVERLAP_PX):
        for columns in spans(width, side, OVERLAP_PX):
            yield rows, columns


def _ramp(span: slice, length: int) -> Tensor:
    """Weights along a tile's side: falling towards neighbours, never to 0."""
    place = torch.arange(span.stop - span.start) + 0.5
    weight = torch.ones(len(place))
    if span.start > 0:
        weight = torch.minimum(weight, place / OVERLAP_PX)
    if span.stop < length:
        weight = torch.minimum(weight, place.flip(0) / OVERLAP_PX)
    return weight


def _components(mask: NDArray[np.bool_]) -> Labels:
    return np.asarray(ndimage.label(mask)[0], np.int32)


def _objects(labels: Labels, probability: NDArray[np.float32], phase: int) -> list[Boxed]:
    """The labelled objects, numbered from 1 without gaps, scored by their mean probability."""
    found = []
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        mask = labels[place] == number
        found.append(Boxed(place, mask, float(probability[place][mask].mean(dtype=np.float64)), phase))
    return found


def network_of(metadata: Mapping[str, str]) -> nn.Module:
    """The network that a checkpoint's metadata speaks of, with random weights; KeyError or ValueError if it cannot."""
    classes = int(metadata["classes"])
    if not 1 <= classes <= MOST_CLASSES:
        raise ValueError(f"classes is {classes}; it lies between 1 and {MOST_CLASSES}.")
    return unets.build(metadata["model"], metadata["config"], classes)


def load_swin_unet(**options: Any) -> SemanticSegmenter:
    return _load("swin_unet", **options)


def load_vm_unet(**options: Any) -> SemanticSegmenter:
    return _load("vm_unet", **options)


def load_vm_unet_v2(**options: Any) -> SemanticSegmenter:
    return _load("vm_unet_v2", **options)


def _load(
    name: str,
    *,
    device: str = "cpu",
    weights: Path | None = None,
    weights_folder: Path | None = None,
    untrained: bool = False,
) -> SemanticSegmenter:
    """From a safetensors file, the folder of weights, or as bundled; `untrained`: random weights, as a control."""
    if untrained:
        torch.manual_seed(0)
        config = unets.config_of(name, "small")
        return SemanticSegmenter(
            unets.build(name, "small"),
            name=name,
            weights_hash="untrained",
            input_size=config.image_size,
            classes=config.classes,
            device=device,
        )
    checkpoint = describe(weights) if weights else find(name, weights_folder)
    metadata = checkpoint.metadata
    if metadata.get("model") != name:
        raise WeightsError(f"{checkpoint.path.name} holds {metadata.get('model', 'no named model')}, not {name}.")
    try:
        classes, input_size = int(metadata["classes"]), int(metadata["image_size"])
        model = network_of(metadata)
    except (KeyError, ValueError) as error:
        raise WeightsError(f"{checkpoint.path.name} does not say what network it is of: {error}.") from error
    state = load_file(checkpoint.path)
    check_keys(checkpoint.path.name, name, state, model.state_dict())
    model.load_state_dict(state)
    return SemanticSegmenter(
        model,
        name=name,
        weights_hash=checkpoint.sha256,
        input_size=input_size,
        classes=classes,
        device=device,
    )
