"""Segment Anything as a promptable segmenter: the package's networks behind our interface.

Sizes, padding, prompts and masks are those of the package's `SamPredictor`. Only where a place lies differs by less
than a pixel of the network: ours are continuous (pixel centres at +0.5), the package's are indices of pixels.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from segment_anything.modeling import Sam
from segment_anything.utils.transforms import ResizeLongestSide
from torch import Tensor

from ml.modeling.sam import PIECE_OPERATIONS, build, encode_steps, fill
from ml.segmenters.click_grid import click_grid_steps
from ml.segmenters.kept_embedding import as_kept, packed, unpacked
from ml.segmenters.parameters import SAM_PARAMETERS, resolve
from ml.segmenters.pieces import finished
from ml.segmenters.prompted_mask import agrees, distinct, one_object, score_of
from ml.segmenters.refinement import logits_of, with_inner_points
from ml.types import Embedding, Grey, Instance, Prompt
from ml.weights import check_keys, describe, find

SINGLE = 0  # the mask that the network gives where a prompt leaves no doubt
PROMPTS_AT_ONCE, ON_A_GPU = 1, 32  # one keeps the cores of a CPU busy, and clicks go between


@dataclass(frozen=True)
class Fit:
    """How a frame lies in the upper left of the network's square: its size there, and network px per px of it."""

    size: tuple[int, int]
    scale_x: float
    scale_y: float


class SamSegmenter:
    """Answers prompts on grey frames; see `ml.types.PromptableSegmenter`."""

    embedding_format = 1  # count up when encode, pack or unpack changes what is kept

    def __init__(self, model: Sam, *, name: str, weights_hash: str, device: str | torch.device = "cpu") -> None:
        self.name, self.weights_hash = name, weights_hash
        self.device = torch.device(device)
        self.model = model.to(self.device).eval()
        self.input_size: int = model.image_encoder.img_size
        self.precision = "autocast" if self.device.type == "cuda" else "float32"
        self.prompts_at_once = ON_A_GPU if self.device.type == "cuda" else PROMPTS_AT_ONCE

    def encode(self, frame: Grey) -> Embedding:
        """The frame's embedding. `frame` is float32 (H, W), input range mapped to 0..1."""
        return finished(self.encode_steps(frame))

    def encode_steps(self, frame: Grey) -> Generator[float | None, None, Embedding]:
        """`encode` in pieces, parts of a block on a CPU and all but at once on a GPU."""
        height, width = frame.shape
        most = PIECE_OPERATIONS if self.device.type == "cpu" else float("inf")
        with self._inference():
            image = self._image(torch.from_numpy(np.ascontiguousarray(frame)).to(self.device))
            steps = encode_steps(self.model.image_encoder, image, most)
        while True:
            try:
                with self._inference():  # not around the yield: the mode belongs to the thread, not to this generator
                    next(steps)
            except StopIteration as done:
                return self._embedding(as_kept(done.value), height, width)
            yield None

    @contextmanager
    def _inference(self) -> Iterator[None]:
        with torch.inference_mode(), torch.autocast(self.device.type, enabled=self.device.type == "cuda"):
            yield

    def _image(self, frame: Tensor) -> Tensor:
        """The frame as the network takes it: resized, three channels, normalised, padded."""
        size = self._fit(*frame.shape).size
        image = 255 * frame[None, None]
        if size != frame.shape:
            image = F.interpolate(image, size, mode="bilinear", align_corners=False, antialias=True)
        padded: Tensor = self.model.preprocess(image.expand(-1, 3, -1, -1))
        return padded

    def _fit(self, height: int, width: int) -> Fit:
        down, across = ResizeLongestSide.get_preprocess_shape(height, width, self.input_size)
        return Fit((down, across), across / width, down / height)

    def _embedding(self, features: Tensor, height: int, width: int) -> Embedding:
        place = self._fit(height, width)
        return Embedding((features, place), height, width, features.numel() * features.element_size())

    def pack(self, embedding: Embedding) -> dict[str, NDArray[Any]]:
        """Its features in half precision (1, 256, h, w) and the frame's (height, width)."""
        return packed(embedding.features[0], embedding)

    def unpack(self, arrays: Mapping[str, NDArray[Any]]) -> Embedding:
        """The same embedding."""
        return self._embedding(*unpacked(arrays, self.device))

    @torch.inference_mode()
    def decode(self, embedding: Embedding, prompt: Prompt) -> list[Instance]:
        """Candidate masks of one prompt, the best first, near-identical ones once.

        A single click may mean a part or the whole: it gets the network's three masks for that. Any other prompt also
        gets the mask that the network gives where there is no doubt, before the three. Masks that hold every positive
        point and no negative one come before the others.
        """
        logits, scores = (each[0] for each in self.decode_unsorted(embedding, [prompt]))
        doubtful = len(prompt.points) == 1 and prompt.box_xyxy is None and prompt.mask is None
        # One after the other: of a large frame each takes gigabytes on the way.
        masks = [
            (self.full_size(each[None], embedding)[0] > self.model.mask_threshold).cpu().numpy() for each in logits
        ]
        pointed = with_inner_points(prompt)
        low_res = logits.cpu().numpy()
        found = [
            (
                Instance(one_object(mask, pointed), score_of(score), logits=each),
                number == SINGLE,
            )
            for number, (mask, score, each) in enumerate(zip(masks, scores.tolist(), low_res, strict=True))
            if not (doubtful and number == SINGLE)
        ]
        found.sort(key=lambda each: (agrees(each[0].mask, prompt), each[1], each[0].score), reverse=True)
        return distinct([instance for instance, _ in found])

    def segment(self, frame: Grey, parameters: Mapping[str, Any] | None = None) -> Sequence[Instance]:
        """Every object of the frame; see `segment_steps`."""
        return finished(self.segment_steps(frame, parameters))

    def segment_steps(
        self, frame: Grey, parameters: Mapping[str, Any] | None = None
    ) -> Generator[float | None, None, Sequence[Instance]]:
        """`segment` in pieces, by a grid of clicks; yields the fraction that is done."""
        settings = resolve(SAM_PARAMETERS, parameters or {})
        return (yield from click_grid_steps(self, frame, settings, self.prompts_at_once))

    def decode_many(self, embedding: Embedding, prompts: list[Prompt]) -> tuple[Tensor, Tensor]:
        """Low-res logits (Q, 3, 4h, 4w) and scores (Q, 3) of the masks for prompts in doubt, best score first."""
        with torch.inference_mode():
            logits, scores = (each[:, SINGLE + 1 :] for each in self.decode_unsorted(embedding, prompts))
            order = scores.argsort(dim=1, descending=True)
            return logits.take_along_dim(order[:, :, None, None], 1), scores.take_along_dim(order, 1)

    def decode_unsorted(self, embedding: Embedding, prompts: Sequence[Prompt]) -> tuple[Tensor, Tensor]:
        """Logits (Q, 4, 4h, 4w) and scores (Q, 4) in the network's own order, the mask without doubt first."""
        parts = []
        for _, alike in groupby(prompts, key=_form):
            group = list(alike)
            for start in range(0, len(group), self.prompts_at_once):
                parts.append(self._decode(embedding, group[start : start + self.prompts_at_once]))
        logits, scores = (torch.cat(part) for part in zip(*parts, strict=True))
        return logits, scores

    def _decode(self, embedding: Embedding, prompts: Sequence[Prompt]) -> tuple[Tensor, Tensor]:
        """Of prompts that have as many points each, and all of them a box or a mask or none."""
        features, place = embedding.features
        if not prompts[0].points and prompts[0].box_xyxy is None:
            raise ValueError("The prompt is empty; give at least one point or a box.")
        points = boxes = masks = None
        if prompts[0].points:
            given = torch.tensor([prompt.points for prompt in prompts], dtype=torch.float32, device=self.device)
            points = self._placed(given[..., :2], place), given[..., 2]
        if prompts[0].box_xyxy is not None:
            corners = np.array([prompt.box_xyxy for prompt in prompts], np.float32).reshape(-1, 2, 2)
            corners.sort(axis=1)
            boxes = self._placed(torch.from_numpy(corners).to(self.device), place).flatten(1)
        if prompts[0].mask is not None:
            masks = torch.stack([self._mask_input(prompt, place) for prompt in prompts])
        sparse, dense = self.model.prompt_encoder(points=points, boxes=boxes, masks=masks)
        places = self.model.prompt_encoder.get_dense_pe()
        # Not around the codes of places: half precision would blur them.
        with torch.autocast(self.device.type, enabled=self.device.type == "cuda"):
            logits, scores = self.model.mask_decoder.predict_masks(
                image_embeddings=features,
                image_pe=places,
                sparse_prompt_embeddings=sparse,
                dense_prompt_embeddings=dense,
            )
        return logits.float(), scores.float()

    def _placed(self, xy: Tensor, place: Fit) -> Tensor:
        """Places in the frame → in the network's square; the prompt encoder adds half a pixel, which ours have."""
        return xy * xy.new_tensor([place.scale_x, place.scale_y]) - 0.5

    def _mask_input(self, prompt: Prompt, place: Fit) -> Tensor:
        """The mask to refine as logits (1, 4h, 4w): the network's own where they are known."""
        assert prompt.mask is not None
        if prompt.logits is not None:
            return torch.from_numpy(prompt.logits)[None].to(self.device)
        side = self.model.prompt_encoder.mask_input_size[0]
        return logits_of(torch.from_numpy(prompt.mask).to(self.device), place.size, self.input_size, side)

    def full_size(self, logits: Tensor, embedding: Embedding) -> Tensor:
        """Low-res logits (N, 4h, 4w) → logits (N, H, W) of the frame."""
        _, place = embedding.features
        full: Tensor = self.model.postprocess_masks(logits[None], place.size, (embedding.height, embedding.width))
        return full[0]


def _form(prompt: Prompt) -> tuple[int, bool, bool]:
    return len(prompt.points), prompt.box_xyxy is not None, prompt.mask is not None


def network_of(metadata: Mapping[str, str]) -> Sam:
    """The network that a checkpoint's metadata speaks of, with random weights."""
    return build(metadata["model"])


def load_vit_b(*, device: str = "cpu", weights: Path | None = None, weights_folder: Path | None = None) -> SamSegmenter:
    """SAM with the ViT-B encoder from a safetensors file or from the folder of weights."""
    return _load("sam_vit_b", device, weights, weights_folder)


def load_vit_l(*, device: str = "cpu", weights: Path | None = None, weights_folder: Path | None = None) -> SamSegmenter:
    """SAM with the ViT-L encoder."""
    return _load("sam_vit_l", device, weights, weights_folder)


def load_vit_h(*, device: str = "cpu", weights: Path | None = None, weights_folder: Path | None = None) -> SamSegmenter:
    """SAM with the ViT-H encoder."""
    return _load("sam_vit_h", device, weights, weights_folder)


def _load(name: str, device: str, weights: Path | None, folder: Path | None) -> SamSegmenter:
    checkpoint = describe(weights) if weights else find(name, folder)
    with torch.device("meta"):
        model = build(name)
    state = {key: value.float() for key, value in load_file(checkpoint.path).items()}
    check_keys(checkpoint.path.name, name, state, model.state_dict())
    fill(model, state)
    return SamSegmenter(model, name=name, weights_hash=checkpoint.sha256, device=device)
