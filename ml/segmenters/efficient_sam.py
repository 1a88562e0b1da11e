"""EfficientSAM as a promptable segmenter: encode a frame once, decode prompts in milliseconds."""

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from ml.modeling.efficient_sam import EfficientSam, build
from ml.modeling.efficient_sam.image_encoder import PATCH
from ml.modeling.efficient_sam.model import OFFICIAL_SIZE
from ml.modeling.efficient_sam.prompt_encoder import BOTTOM_RIGHT, PAD, TOP_LEFT
from ml.segmenters.click_grid import click_grid_steps
from ml.segmenters.kept_embedding import as_kept, packed, unpacked
from ml.segmenters.parameters import EFFICIENT_SAM_PARAMETERS, SEMANTIC_PARAMETERS, resolve
from ml.segmenters.pieces import finished
from ml.segmenters.prompted_mask import agrees, distinct, level_for_box, one_object, score_of
from ml.segmenters.refinement import refined, with_inner_points
from ml.segmenters.semantic import MOST_CLASSES, SemanticSegmenter
from ml.types import BoolMask, Embedding, Grey, Instance, Prompt
from ml.weights import check_keys, describe, find

PROMPTS_AT_ONCE = 8  # more do not fit the CPU's cache and are slower


@dataclass(frozen=True)
class Geometry:
    """How a frame lies in the network's square.

    `scale_x`, `scale_y` take frame pixels to network pixels. `rows` and `columns` count the image tokens; a
    frame that is not square fills the upper left of the square and the rest is never computed.
    """

    scale_x: float
    scale_y: float
    rows: int
    columns: int


def fit(height: int, width: int, side: int, *, stretch: bool) -> Geometry:
    """Fit a frame into the square `side`: the aspect ratio kept, or stretched as the official network has it."""
    if stretch:
        return Geometry(side / width, side / height, side // PATCH, side // PATCH)
    scale = side / max(height, width)
    rows = max(1, math.ceil(round(height * scale) / PATCH))
    columns = max(1, math.ceil(round(width * scale) / PATCH))
    return Geometry(scale, scale, rows, columns)


class EfficientSamSegmenter:
    """Answers prompts on grey frames; see `ml.types.PromptableSegmenter`."""

    embedding_format = 1  # count up when encode, pack or unpack changes what is kept

    def __init__(
        self,
        model: EfficientSam,
        *,
        name: str,
        weights_hash: str,
        stretch: bool = False,
        device: str | torch.device = "cpu",
    ) -> None:
        self.name, self.weights_hash, self.stretch = name, weights_hash, stretch
        self.device = torch.device(device)
        self.model = model.to(self.device).eval()
        self.input_size = model.image_size
        self.precision = "autocast" if self.device.type == "cuda" else "float32"
        self.automatic: SemanticSegmenter | None = None  # None: these weights have no automatic mode
        if model.automatic is not None:
            self.automatic = automatic_segmenter(self.model, name, weights_hash, self.device)

    def encode(self, frame: Grey) -> Embedding:
        """The frame's embedding. `frame` is float32 (H, W), input range mapped to 0..1."""
        return finished(self.encode_steps(frame))

    def encode_steps(self, frame: Grey) -> Generator[float | None, None, Embedding]:
        """`encode` in pieces, one block of the network each, so that clicks on other frames go between."""
        height, width = frame.shape
        geometry = fit(height, width, self.input_size, stretch=self.stretch)
        side = self.input_size // PATCH
        with self._inference():
            image = self._image(torch.from_numpy(np.ascontiguousarray(frame)).to(self.device), geometry)
            positions = self.model.image_encoder.positions(side, side)[:, :, : geometry.rows, : geometry.columns]
            steps = self.model.image_encoder.steps(image, positions)
        while True:
            try:
                with self._inference():  # not around the yield: the mode belongs to the thread, not to this generator
                    next(steps)
            except StopIteration as done:
                return self._embedding(as_kept(done.value), height, width)
            yield None

    def _embedding(self, features: Tensor, height: int, width: int) -> Embedding:
        geometry = fit(height, width, self.input_size, stretch=self.stretch)
        return Embedding((features, geometry), height, width, features.numel() * features.element_size())

    def pack(self, embedding: Embedding) -> dict[str, NDArray[Any]]:
        """Its features in half precision (1, 256, h, w) and the frame's (height, width)."""
        return packed(embedding.features[0], embedding)

    def unpack(self, arrays: Mapping[str, NDArray[Any]]) -> Embedding:
        """The same embedding."""
        return self._embedding(*unpacked(arrays, self.device))

    @contextmanager
    def _inference(self) -> Iterator[None]:
        with torch.inference_mode(), torch.autocast(self.device.type, enabled=self.device.type == "cuda"):
            yield

    def _image(self, frame: Tensor, geometry: Geometry) -> Tensor:
        """The frame as the network takes it: resized, padded to whole patches, three channels, normalised."""
        height, width = frame.shape
        size = round(height * geometry.scale_y), round(width * geometry.scale_x)
        image = frame[None, None]
        if size != (height, width):
            shrinks = not self.stretch and size[0] < height
            image = F.interpolate(image, size, mode="bilinear", align_corners=False, antialias=shrinks)
        rows, columns = geometry.rows * PATCH, geometry.columns * PATCH
        image = F.pad(image, (0, columns - size[1], 0, rows - size[0]), mode="replicate").expand(-1, 3, -1, -1)
        return (image - self.model.pixel_mean) / self.model.pixel_std

    @torch.inference_mode()
    def decode(self, embedding: Embedding, prompt: Prompt) -> list[Instance]:
        """Candidate masks of one prompt, the best first, near-identical ones once.

        A box also decides how far each mask reaches, and how well the mask fills the box counts for its score. Masks
        that hold every positive point and no negative one come before the others.

        The network takes no mask. One to refine is told by points inside, its candidates are ordered by how much of
        the mask they leave as it is, and where the best of them is the same object, the mask itself comes first with
        only that changed which the points speak of.
        """
        asked = with_inner_points(prompt)
        logits, scores = self.decode_unsorted(embedding, [asked])
        candidates = zip(self.masks_of(logits[0], embedding, asked), scores[0].tolist(), strict=True)
        found = [Instance(mask, score_of(value, fit)) for (mask, fit), value in candidates]
        if prompt.mask is not None:
            return distinct(refined(found, prompt, prompt.mask))
        return distinct(sorted(found, key=lambda each: (agrees(each.mask, prompt), each.score), reverse=True))

    def segment(self, frame: Grey, parameters: Mapping[str, Any] | None = None) -> Sequence[Instance]:
        """Every object of the frame; see `segment_steps`."""
        return finished(self.segment_steps(frame, parameters))

    def segment_steps(
        self, frame: Grey, parameters: Mapping[str, Any] | None = None
    ) -> Generator[float | None, None, Sequence[Instance]]:
        """`segment` in pieces, so that other work goes between; yields the fraction that is done.

        By the automatic mode, whose probabilities are cut into objects as a semantic network's are, or by a grid of
        clicks, which is all that weights without an automatic mode have.
        """
        settings = resolve(EFFICIENT_SAM_PARAMETERS, parameters or {})
        if settings["method"] == "whole frame" and self.automatic is not None:
            chosen = {parameter.name: settings[parameter.name] for parameter in SEMANTIC_PARAMETERS}
            return (yield from self.automatic.segment_steps(frame, chosen))
        return (yield from click_grid_steps(self, frame, settings, PROMPTS_AT_ONCE))

    def decode_many(self, embedding: Embedding, prompts: list[Prompt]) -> tuple[Tensor, Tensor]:
        """Low-res logits (Q, 4, 4h, 4w) and scores (Q, 4), best score first, for Q prompts."""
        with torch.inference_mode():
            logits, scores = self.decode_unsorted(embedding, prompts)
            order = scores.argsort(dim=1, descending=True)
            return logits.take_along_dim(order[:, :, None, None], 1), scores.take_along_dim(order, 1)

    def decode_unsorted(self, embedding: Embedding, prompts: list[Prompt]) -> tuple[Tensor, Tensor]:
        """The same in the network's own order; gradients flow, unless the caller is in inference mode."""
        features, geometry = embedding.features
        side = self.input_size
        most = max(len(p.points) + 2 * (p.box_xyxy is not None) for p in prompts)
        xy = np.full((len(prompts), most, 2), -0.5 / side, np.float32)
        kinds = np.full((len(prompts), most), PAD, np.int64)
        scale = np.array([geometry.scale_x, geometry.scale_y], np.float32) / side
        for i, prompt in enumerate(prompts):
            corners = _corners(prompt)
            given = [*corners, *prompt.points]
            if not given:
                raise ValueError("The prompt is empty; give at least one point or a box.")
            for j, (x, y, kind) in enumerate(given):
                xy[i, j], kinds[i, j] = np.array([x, y], np.float32) * scale, kind
        tokens = self.model.tokens(torch.from_numpy(xy).to(self.device), torch.from_numpy(kinds).to(self.device))
        window = None
        if (geometry.rows, geometry.columns) != (side // PATCH, side // PATCH):
            part = [0.0, 0.0, geometry.columns * PATCH / side, geometry.rows * PATCH / side]
            window = torch.tensor([part], device=self.device)
        dense = self.model.prompt_encoder.dense(geometry.rows, geometry.columns, window)
        parts = [self._decode(features, dense, part) for part in tokens.split(PROMPTS_AT_ONCE)]
        logits, scores = (torch.cat(part) for part in zip(*parts, strict=True))
        return logits, scores

    def _decode(self, features: Tensor, dense: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(self.device.type, enabled=self.device.type == "cuda"):
            logits, scores = self.model.mask_decoder(features, dense, tokens)
        return logits.float(), scores.float()

    def masks_of(self, logits: Tensor, embedding: Embedding, prompt: Prompt) -> list[tuple[BoolMask, float | None]]:
        """One prompt's low-res logits (N, 4h, 4w) → N masks (H, W), each with how well it fills the box if any."""
        found: list[tuple[BoolMask, float | None]] = []
        for each in logits:  # one after the other: of a large frame each takes gigabytes on the way
            full = self.full_size(each[None], embedding)[0]
            level, fit = (0.0, None) if prompt.box_xyxy is None else level_for_box(full.cpu().numpy(), prompt)
            found.append((one_object((full >= level).cpu().numpy(), prompt), fit))
        return found

    def full_size(self, logits: Tensor, embedding: Embedding) -> Tensor:
        """Low-res logits (N, 4h, 4w) → logits (N, H, W) of the frame."""
        _, geometry = embedding.features
        size = geometry.rows * PATCH, geometry.columns * PATCH
        full = F.interpolate(logits[None], size, mode="bicubic", align_corners=False)
        inner = round(embedding.height * geometry.scale_y), round(embedding.width * geometry.scale_x)
        full = full[:, :, : inner[0], : inner[1]]
        if inner != (embedding.height, embedding.width):
            full = F.interpolate(full, (embedding.height, embedding.width), mode="bilinear", align_corners=False)
        return full[0]

    def in_window(self, logits: Tensor, embedding: Embedding, rows: slice, columns: slice) -> Tensor:
        """Low-res logits (N, 4h, 4w) → logits (N, rows, columns) of a part of the frame, without the rest of it."""
        _, geometry = embedding.features
        # -1 and 1 are the outer edges of the tokens.
        y = (torch.arange(rows.start, rows.stop) + 0.5) * (2 * geometry.scale_y / (geometry.rows * PATCH)) - 1
        x = (torch.arange(columns.start, columns.stop) + 0.5) * (2 * geometry.scale_x / (geometry.columns * PATCH)) - 1
        grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).to(logits.device)
        return F.grid_sample(logits[None], grid[None], "bicubic", "border", align_corners=False)[0]


def _corners(prompt: Prompt) -> list[tuple[float, float, int]]:
    if prompt.box_xyxy is None:
        return []
    x0, y0, x1, y1 = prompt.box_xyxy
    return [(min(x0, x1), min(y0, y1), TOP_LEFT), (max(x0, x1), max(y0, y1), BOTTOM_RIGHT)]


def network_of(metadata: Mapping[str, str]) -> EfficientSam:
    """The network that a checkpoint's metadata speaks of, with random weights.

    `automatic` is the number of classes of its automatic mode; official weights do not have it.
    """
    automatic = int(metadata["automatic"]) if "automatic" in metadata else None
    if automatic is not None and not 1 <= automatic <= MOST_CLASSES:
        raise ValueError(f"automatic is {automatic}; it lies between 1 and {MOST_CLASSES}.")
    return build(metadata["model"], int(metadata.get("image_size", OFFICIAL_SIZE)), automatic)


class _Automatic(nn.Module):
    """The automatic mode as a network of its own: standardised tile → logits."""

    def __init__(self, model: EfficientSam) -> None:
        super().__init__()
        self.model = model

    def forward(self, tile: Tensor) -> Tensor:
        return self.model.automatic_logits(tile)

    def steps(self, tile: Tensor) -> Generator[None, None, Tensor]:
        return self.model.automatic_steps(tile)


def automatic_segmenter(model: EfficientSam, name: str, weights_hash: str, device: torch.device) -> SemanticSegmenter:
    """The automatic mode of a network that has one."""
    if model.automatic is None:
        raise ValueError(f"These weights of {name} have no automatic mode.")
    return SemanticSegmenter(
        _Automatic(model), name=name, weights_hash=weights_hash, input_size=model.image_size,
        classes=model.automatic.classes, device=device,
    )  # fmt: skip


def load_tiny(
    *, device: str = "cpu", weights: Path | None = None, weights_folder: Path | None = None
) -> EfficientSamSegmenter:
    """EfficientSAM tiny from a safetensors file, from the folder of weights, or as bundled."""
    return _load("efficient_sam_ti", device, weights, weights_folder)


def load_small(
    *, device: str = "cpu", weights: Path | None = None, weights_folder: Path | None = None
) -> EfficientSamSegmenter:
    """EfficientSAM small; there is no bundled checkpoint."""
    return _load("efficient_sam_s", device, weights, weights_folder)


def _load(name: str, device: str, weights: Path | None, folder: Path | None) -> EfficientSamSegmenter:
    checkpoint = describe(weights) if weights else find(name, folder)
    model = network_of({**checkpoint.metadata, "model": name})
    state = {key: value.float() for key, value in load_file(checkpoint.path).items()}
    check_keys(checkpoint.path.name, name, state, model.state_dict())
    model.load_state_dict(state)
    stretch = checkpoint.metadata.get("stretch", "1") == "1"
    return EfficientSamSegmenter(model, name=name, weights_hash=checkpoint.sha256, stretch=stretch, device=device)
