"""YOLOv8n-seg as a segmenter: boxes, classes and masks of all objects of a frame in one pass of the network."""

import hashlib
import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
import yaml
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ml.modeling.yolo import IMAGE_SIZE, PROTOTYPE_STRIDE, STRIDE, architecture, build, classes_of, library, steps
from ml.segmenters.instances import Boxed, BoxedInstances
from ml.segmenters.parameters import YOLO_PARAMETERS, resolve
from ml.segmenters.pieces import finished
from ml.types import BoolMask, Grey, Instance
from ml.weights import WeightsError, check_keys, describe, find

MASKS_PER_PIECE = 64
_UNTRAINED_SEED = 0


@dataclass(frozen=True)
class Geometry:
    """How a frame lies in the upper left of the network's image.

    `scale_x`, `scale_y` take px of the frame to px of the image: the same but for the rounding of its size.
    """

    height: int
    width: int
    scale_x: float
    scale_y: float


class YoloSegmenter:
    """Finds every object; see `ml.types.Segmenter`. Settings: `ml.segmenters.parameters.YOLO_PARAMETERS`."""

    def __init__(
        self,
        model: nn.Module,
        *,
        name: str,
        weights_hash: str,
        input_size: int = IMAGE_SIZE,
        device: str | torch.device = "cpu",
    ) -> None:
        self.name, self.weights_hash, self.input_size = name, weights_hash, input_size
        self.device = torch.device(device)
        self.model = model.to(self.device).eval()

    def segment(self, frame: Grey, parameters: Mapping[str, Any] | None = None) -> Sequence[Instance]:
        """Find the objects of a frame.

        Parameters
        ----------
        frame
            float32 (height, width), input range mapped to 0..1.
        parameters
            Settings by name.

        Returns
        -------
        Instances, best score first; a score is the probability of the class. Their masks may overlap.

        Raises
        ------
        ParameterError
            An unknown name or a value out of range.
        """
        return finished(self.segment_steps(frame, parameters))

    def segment_steps(
        self, frame: Grey, parameters: Mapping[str, Any] | None = None
    ) -> Generator[float | None, None, Sequence[Instance]]:
        """`segment` in pieces, a layer of the network or some masks each, between which the engine answers clicks."""
        given = resolve(YOLO_PARAMETERS, parameters or {})
        if frame.ndim != 2:
            raise ValueError(f"A frame has the shape (height, width); this one has {frame.shape}. Give one channel.")
        height, width = frame.shape
        if height == 0 or width == 0:
            return []
        with self._inference():
            grey = torch.from_numpy(np.ascontiguousarray(frame, np.float32)).to(self.device)
            image, geometry = self._image(grey)
        network = steps(self.model, image)
        while True:
            try:
                with self._inference():  # not around the yield: the mode belongs to the thread, not to this generator
                    next(network)
            except StopIteration as done:
                output = done.value
                break
            yield None
        with self._inference():
            # One object has one phase: of two boxes of different phases at one place the better one stays.
            (kept,) = library().non_max_suppression(
                output.predictions,
                conf_thres=given["min_score"],
                iou_thres=given["nms_iou"],
                agnostic=True,
                max_det=given["max_objects"],
                nc=classes_of(self.model),
            )
        # A mask is cut from the prototypes within its box: too little work for a device to be worth the calls.
        detections, prototypes = kept.cpu().numpy(), output.prototypes.cpu().numpy()
        found = []
        for number, detection in enumerate(detections):
            if number % MASKS_PER_PIECE == 0:
                yield number / len(detections)
            place, mask = mask_in_box(detection[6:], prototypes, detection[:4], geometry)
            if np.count_nonzero(mask) >= max(given["min_area_px"], 1):
                found.append(Boxed(place, mask, float(detection[4]), int(detection[5])))
        return BoxedInstances((height, width), found)

    @contextmanager
    def _inference(self) -> Iterator[None]:
        # Not inference_mode: the network keeps its grid between calls, and training may go on with it.
        with torch.no_grad(), torch.autocast(self.device.type, enabled=self.device.type == "cuda"):
            yield

    def _image(self, frame: Tensor) -> tuple[Tensor, Geometry]:
        """The frame as the network takes it: the longer side as the input size, whole strides, three channels."""
        height, width = frame.shape
        scale = self.input_size / max(height, width)
        size = max(1, round(height * scale)), max(1, round(width * scale))
        image = frame[None, None]
        if size != (height, width):
            image = F.interpolate(image, size, mode="bilinear", align_corners=False, antialias=scale < 1)
        below, beside = -size[0] % STRIDE, -size[1] % STRIDE
        image = F.pad(image, (0, beside, 0, below), mode="replicate").expand(-1, 3, -1, -1)
        return image, Geometry(height, width, size[1] / width, size[0] / height)


def mask_in_box(
    coefficients: NDArray[np.float32],
    prototypes: NDArray[np.float32],
    box_xyxy: NDArray[np.float32],
    geometry: Geometry,
) -> tuple[tuple[slice, slice], BoolMask]:
    """One object's mask at the frame's resolution, within its box: the pixels whose centres lie in it.

    Parameters
    ----------
    coefficients
        (32,), of the prototypes.
    prototypes
        (32, h, w), a quarter of the network's image in size.
    box_xyxy
        px of the network's image.

    Returns
    -------
    Rows and columns of the frame, and the mask there: where the mixed prototypes, interpolated between their pixels'
    centres, are positive. Both are empty for a box outside the frame.
    """
    x0, y0, x1, y1 = (float(value) for value in box_xyxy)
    columns = _pixels(x0 / geometry.scale_x, x1 / geometry.scale_x, geometry.width)
    rows = _pixels(y0 / geometry.scale_y, y1 / geometry.scale_y, geometry.height)
    if rows.stop == rows.start or columns.stop == columns.start:
        return (rows, columns), np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.bool_)
    top, bottom, down = _neighbours(rows, geometry.scale_y, prototypes.shape[1])
    left, right, across = _neighbours(columns, geometry.scale_x, prototypes.shape[2])
    part = prototypes[:, top[0] : bottom[-1] + 1, left[0] : right[-1] + 1]
    logits = np.tensordot(coefficients, part, 1)
    lines = logits[top - top[0]] * (1 - down)[:, None] + logits[bottom - top[0]] * down[:, None]
    values = lines[:, left - left[0]] * (1 - across) + lines[:, right - left[0]] * across
    return (rows, columns), values > 0


def _pixels(start: float, stop: float, length: int) -> slice:
    """The pixels of a side of the frame whose centres lie from `start` to below `stop`."""
    first = min(max(math.ceil(start - 0.5), 0), length)
    return slice(first, min(max(math.ceil(stop - 0.5), first), length))


def _neighbours(
    pixels: slice, scale: float, length: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """For each pixel of the frame the two prototype pixels that it lies between, and how near it is to the second."""
    centres = (np.arange(pixels.start, pixels.stop) + 0.5) * (scale / PROTOTYPE_STRIDE) - 0.5
    centres = np.clip(centres, 0, length - 1)
    first = np.floor(centres).astype(np.intp)
    return first, np.minimum(first + 1, length - 1), (centres - first).astype(np.float32)


def load(
    *,
    device: str = "cpu",
    weights: Path | None = None,
    weights_folder: Path | None = None,
    untrained: bool = False,
) -> YoloSegmenter:
    """From a safetensors file, or from the folder of weights; `untrained`: random weights, as a control.

    Raises
    ------
    WeightsError
        where there is no checkpoint, or it is damaged or of another network.
    """
    if untrained:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_UNTRAINED_SEED)
            model = build(1)
        fingerprint = hashlib.sha256(f"yolo untrained {_UNTRAINED_SEED}".encode()).hexdigest()
        return YoloSegmenter(model, name="yolo", weights_hash=fingerprint, device=device)
    if weights is not None:
        _check_readable(weights)
    checkpoint = describe(weights) if weights else find("yolo", weights_folder)
    file = checkpoint.path.name
    classes, image_size = _network_of(file, checkpoint.metadata)
    try:
        state = load_file(checkpoint.path)
    except SafetensorError as error:
        raise WeightsError(f"{file} is damaged: {error}. Copy it again from where it was trained.") from error
    model = build(classes)
    wanted = model.state_dict()
    check_keys(file, f"yolo with {classes} classes", state, wanted)
    model.load_state_dict({key: value.to(wanted[key].dtype) for key, value in state.items()})
    return YoloSegmenter(model, name="yolo", weights_hash=checkpoint.sha256, input_size=image_size, device=device)


def network_of(metadata: Mapping[str, str]) -> nn.Module:
    """The network that a checkpoint's metadata speaks of, with random weights; KeyError or ValueError if it cannot."""
    classes, _ = _network_of("The checkpoint", metadata)
    # The library runs the network once to learn its strides, so it is built of real numbers wherever it is asked for.
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        return build(classes)


def _check_readable(path: Path) -> None:
    if path.suffix in (".pt", ".pth"):
        raise WeightsError(
            f"{path.name} is a pickle, which may run code when it is read; give a .safetensors file trained here."
        )
    if not path.is_file():
        raise WeightsError(f"{path} is no file; give the .safetensors file of a training run.")


def _network_of(file: str, metadata: Mapping[str, str]) -> tuple[int, int]:
    """Classes and input size of the checkpoint's network; its yaml has to be ours, as the library runs parts of it."""
    if metadata.get("model") != "yolo":
        raise WeightsError(f"{file} holds {metadata.get('model', 'no named model')}, not yolo.")
    try:
        classes, image_size = int(metadata["classes"]), int(metadata.get("image_size", IMAGE_SIZE))
        known = architecture(classes)
        given = yaml.safe_load(metadata["yaml"])
    except (KeyError, ValueError, yaml.YAMLError) as error:
        raise WeightsError(f"{file} does not say what network it is of: {error}.") from error
    if given != known:
        raise WeightsError(f"{file} is of another network than YOLOv8n-seg: its yaml differs from ours.")
    if image_size <= 0 or image_size % STRIDE:
        raise WeightsError(f"{file} says image_size {image_size}; it has to be a multiple of {STRIDE}.")
    return classes, image_size
