"""EfficientSAM assembled: preprocessing, prompts in frame pixels, masks out."""

from collections.abc import Generator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ml.modeling.efficient_sam.automatic import AutomaticHead, as_recorded
from ml.modeling.efficient_sam.image_encoder import PATCH, ImageEncoder
from ml.modeling.efficient_sam.mask_decoder import MaskDecoder
from ml.modeling.efficient_sam.prompt_encoder import FEWEST_TOKENS, PAD, PromptEncoder

OFFICIAL_SIZE = 1024


@dataclass(frozen=True)
class Config:
    width: int
    heads: int


CONFIGS = {"efficient_sam_ti": Config(192, 3), "efficient_sam_s": Config(384, 6)}


def build(name: str, image_size: int = OFFICIAL_SIZE, automatic: int | None = None) -> "EfficientSam":
    """An untrained network by its registry name; `automatic`: classes of its automatic mode, None without one."""
    return EfficientSam(CONFIGS[name], image_size, automatic)


class EfficientSam(nn.Module):
    """Promptable segmenter.

    Parameters
    ----------
    image_size
        side in pixels of the square that every frame is resized to; a multiple of 16. The official weights
        were made for 1024; at another size the position embedding is interpolated.
    automatic
        classes of the automatic mode, None for the official network, which has none.
    """

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(self, config: Config, image_size: int = OFFICIAL_SIZE, automatic: int | None = None) -> None:
        super().__init__()
        if image_size <= 0 or image_size % PATCH:
            raise ValueError(f"image_size is {image_size}; it must be a positive multiple of {PATCH}.")
        self.image_size = image_size
        self.image_encoder = ImageEncoder(config.width, config.heads)
        self.prompt_encoder = PromptEncoder()
        self.mask_decoder = MaskDecoder()
        self.automatic = AutomaticHead(automatic) if automatic else None
        mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        self.register_buffer("pixel_mean", mean.view(1, 3, 1, 1), persistent=False)
        self.register_buffer("pixel_std", std.view(1, 3, 1, 1), persistent=False)

    def preprocess(self, image: Tensor) -> Tensor:
        """RGB [B, 3, H, W] in 0..1 → the network's square, normalised. The aspect ratio is not kept."""
        if image.shape[-2:] != (self.image_size, self.image_size):
            image = F.interpolate(image, (self.image_size, self.image_size), mode="bilinear", align_corners=False)
        return (image - self.pixel_mean) / self.pixel_std

    def encode(self, image: Tensor) -> Tensor:
        """RGB [B, 3, H, W] in 0..1 → embedding [B, 256, s/16, s/16]."""
        return self.image_encoder(self.preprocess(image))

    def automatic_logits(self, tile: Tensor) -> Tensor:
        """Standardised tile [B, 1, H, W], sides multiples of 16 → logits [B, classes, H, W]; the encoder is frozen."""
        automatic = self._automatic()
        with torch.no_grad():
            embedding = self.image_encoder(*self._recorded(tile))
        return automatic(embedding, tile)

    def automatic_steps(self, tile: Tensor) -> Generator[None, None, Tensor]:
        """`automatic_logits` of a network that does not learn, pausing between its parts."""
        automatic = self._automatic()
        embedding = yield from self.image_encoder.steps(*self._recorded(tile))
        yield
        return (yield from automatic.steps(embedding, tile))

    def _automatic(self) -> AutomaticHead:
        if self.automatic is None:
            raise ValueError("These weights have no automatic mode; use a grid of clicks.")
        return self.automatic

    def _recorded(self, tile: Tensor) -> tuple[Tensor, Tensor]:
        """The tile as the encoder knows images, and the positions of its patches."""
        rows, columns = (length // PATCH for length in tile.shape[-2:])
        side = self.image_size // PATCH
        place = self.image_encoder.positions(max(side, rows), max(side, columns))[:, :, :rows, :columns]
        return (as_recorded(tile) - self.pixel_mean) / self.pixel_std, place

    def prompt_tokens(self, points: Tensor, labels: Tensor, height: int, width: int, most: int | None = None) -> Tensor:
        """Points in frame pixels [..., N, 2] as (x, y), labels [..., N] → tokens [..., max(N, 6), 256].

        `most` cuts the prompt to its first points; the official network cuts at 6, we never do.
        """
        scale = points.new_tensor([self.image_size / width, self.image_size / height])
        points = torch.where(points >= 0, points * scale, torch.full_like(points, -1))
        return self.tokens((points[..., :most, :] + 0.5) / self.image_size, labels[..., :most])

    def tokens(self, xy: Tensor, labels: Tensor) -> Tensor:
        """Coordinates in 0..1 of the network's square [..., N, 2] and labels → tokens, padded to at least 6."""
        missing = FEWEST_TOKENS - xy.shape[-2]
        if missing > 0:
            xy = F.pad(xy, (0, 0, 0, missing), value=-0.5 / self.image_size)
            labels = F.pad(labels, (0, missing), value=PAD)
        return self.prompt_encoder(xy, labels)

    def forward(
        self,
        image: Tensor,
        points: Tensor,
        labels: Tensor,
        *,
        multimask: bool = True,
        most_points: int | None = None,
        full_size: bool = True,
    ) -> tuple[Tensor, Tensor]:
        """Official call: image [B, 3, H, W], points [B, Q, N, 2], labels [B, Q, N].

        Returns
        -------
        (mask logits [B, Q, 3 or 1, H, W] (or the low-res ones), predicted IoU [B, Q, 3 or 1]), not sorted.
        """
        batch, queries = points.shape[:2]
        height, width = image.shape[-2:]
        embedding = self.encode(image)
        tokens = self.prompt_tokens(points, labels, height, width, most_points).flatten(0, 1)
        masks, iou = self.mask_decoder(embedding, self.prompt_encoder.dense(*embedding.shape[-2:]), tokens)
        chosen = slice(1, None) if multimask else slice(0, 1)
        masks, iou = masks[:, chosen], iou[:, chosen]
        if full_size:
            masks = F.interpolate(masks, (height, width), mode="bicubic", align_corners=False)
        return masks.unflatten(0, (batch, queries)), iou.unflatten(0, (batch, queries))
