"""The prompt encoder: points and box corners to tokens, and the dense position code of the image tokens."""

import math

import torch
from torch import Tensor, nn

PAD, NEGATIVE, POSITIVE, TOP_LEFT, BOTTOM_RIGHT = -1, 0, 1, 2, 3
FEWEST_TOKENS = 6  # every prompt is padded to at least as many as the official network always sees


class RandomFourierCode(nn.Module):
    """Position code of coordinates in 0..1 by a fixed Gaussian matrix (Tancik et al. 2020)."""

    positional_encoding_gaussian_matrix: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.randn(2, features))

    def forward(self, xy: Tensor) -> Tensor:
        matrix = self.positional_encoding_gaussian_matrix
        with torch.autocast(xy.device.type, enabled=False):  # half precision would blur places by pixels
            angles = 2 * math.pi * ((2 * xy - 1).to(matrix.dtype) @ matrix)
            return torch.cat([angles.sin(), angles.cos()], dim=-1)


class PromptEncoder(nn.Module):
    def __init__(self, width: int = 256) -> None:
        super().__init__()
        self.pe_layer = RandomFourierCode(width // 2)
        self.invalid_points = nn.Embedding(1, width)
        self.point_embeddings = nn.Embedding(1, width)
        self.bbox_top_left_embeddings = nn.Embedding(1, width)
        self.bbox_bottom_right_embeddings = nn.Embedding(1, width)

    def dense(self, rows: int, columns: int, window: Tensor | None = None) -> Tensor:
        """Code of each image token's centre, [B or 1, width, rows, columns].

        `window` [B, 4] as (x0, y0, x1, y1) in 0..1 places the tokens on a part of a larger frame.
        """
        device = self.pe_layer.positional_encoding_gaussian_matrix.device
        y = (torch.arange(rows, device=device, dtype=torch.float32) + 0.5) / rows
        x = (torch.arange(columns, device=device, dtype=torch.float32) + 0.5) / columns
        xy = torch.stack([x.expand(rows, columns), y[:, None].expand(rows, columns)], dim=-1)[None]
        if window is not None:
            low, high = window[:, None, None, :2], window[:, None, None, 2:]
            xy = low + xy * (high - low)
        return self.pe_layer(xy).permute(0, 3, 1, 2)

    def forward(self, xy: Tensor, labels: Tensor) -> Tensor:
        """[..., N, 2] in 0..1 and labels [..., N] → tokens [..., N, width].

        A negative point (label 0) carries its position alone, and padding keeps its position code, as the
        official network has it.
        """
        code = self.pe_layer(xy)
        for label, embedding in (
            (PAD, self.invalid_points),
            (POSITIVE, self.point_embeddings),
            (TOP_LEFT, self.bbox_top_left_embeddings),
            (BOTTOM_RIGHT, self.bbox_bottom_right_embeddings),
        ):
            code = code + (labels == label).unsqueeze(-1) * embedding.weight[0]
        return code
