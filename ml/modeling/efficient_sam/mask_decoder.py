"""The mask decoder: a two-way transformer, upscaling, hypernetworks and the IoU head."""

import itertools

import torch
from torch import Tensor, nn

from ml.modeling.efficient_sam.attention import attention

MASKS = 4  # one for the single answer, three for the ambiguous one


class Attention(nn.Module):
    """Attention with separate projections into an internal width.

    Inputs are [B·Q, tokens, width], or [B, tokens, width] where Q prompts share an image: those are projected
    once and repeated after, at the internal width.
    """

    def __init__(self, width: int, heads: int, internal: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, internal)
        self.k_proj = nn.Linear(width, internal)
        self.v_proj = nn.Linear(width, internal)
        self.out_proj = nn.Linear(internal, width)

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        batch = max(q.shape[0], k.shape[0])

        def split(x: Tensor) -> Tensor:
            return repeated(x.unflatten(-1, (self.heads, -1)).transpose(1, 2), batch)

        x = attention(split(self.q_proj(q)), split(self.k_proj(k)), split(self.v_proj(v)))
        return self.out_proj(x.transpose(1, 2).flatten(2))


def repeated(x: Tensor, batch: int) -> Tensor:
    """[B, …] → [batch, …], each entry repeated for its prompts; a view where B is 1."""
    if x.shape[0] == batch:
        return x
    return x.expand(batch, *x.shape[1:]) if x.shape[0] == 1 else x.repeat_interleave(batch // x.shape[0], 0)


class Mlp(nn.Module):
    """Linear layers with exact GELU between; hidden ones under `layers.{i}.0`, the last under `fc`."""

    def __init__(self, width: int, hidden: int, out: int, hidden_layers: int) -> None:
        super().__init__()
        widths = [width] + [hidden] * hidden_layers
        self.layers = nn.ModuleList(nn.Sequential(nn.Linear(a, b), nn.GELU()) for a, b in itertools.pairwise(widths))
        self.fc = nn.Linear(widths[-1], out)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.fc(x)


class TwoWayLayer(nn.Module):
    """Tokens attend to themselves, to the image, and the image to them.

    Unlike SAM, the first layer's self-attention has a residual and no position code, and the second adds the
    position code into the stream itself.
    """

    def __init__(self, width: int, heads: int, mlp: int, *, first: bool) -> None:
        super().__init__()
        self.first = first
        self.self_attn = Attention(width, heads, width)
        self.norm1 = nn.LayerNorm(width)
        self.cross_attn_token_to_image = Attention(width, heads, width // 2)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, mlp, width, hidden_layers=1)
        self.norm3 = nn.LayerNorm(width)
        self.norm4 = nn.LayerNorm(width)
        self.cross_attn_image_to_token = Attention(width, heads, width // 2)

    def forward(self, queries: Tensor, keys: Tensor, query_pe: Tensor, key_pe: Tensor) -> tuple[Tensor, Tensor]:
        if not self.first:
            queries = queries + query_pe
        queries = self.norm1(queries + self.self_attn(queries, queries, queries))
        placed = keys + repeated(key_pe, len(keys))
        queries = self.norm2(queries + self.cross_attn_token_to_image(queries + query_pe, placed, keys))
        queries = self.norm3(queries + self.mlp(queries))
        keys = self.norm4(
            repeated(keys, len(queries)) + self.cross_attn_image_to_token(placed, queries + query_pe, queries)
        )
        return queries, keys


class TwoWayTransformer(nn.Module):
    def __init__(self, width: int, heads: int, mlp: int, depth: int = 2) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TwoWayLayer(width, heads, mlp, first=i == 0) for i in range(depth))
        self.final_attn_token_to_image = Attention(width, heads, width // 2)
        self.norm_final_attn = nn.LayerNorm(width)

    def forward(self, tokens: Tensor, image: Tensor, image_pe: Tensor) -> tuple[Tensor, Tensor]:
        queries, keys = tokens, image
        for layer in self.layers:
            queries, keys = layer(queries, keys, tokens, image_pe)
        placed = keys + repeated(image_pe, len(keys))
        attended = self.final_attn_token_to_image(queries + tokens, placed, keys)
        return self.norm_final_attn(queries + attended), keys


class MaskDecoder(nn.Module):
    def __init__(self, width: int = 256, heads: int = 8, mlp: int = 2048) -> None:
        super().__init__()
        self.transformer = TwoWayTransformer(width, heads, mlp)
        self.iou_token = nn.Embedding(1, width)
        self.mask_tokens = nn.Embedding(MASKS, width)
        self.final_output_upscaling_layers = nn.ModuleList(
            [
                nn.Sequential(nn.ConvTranspose2d(width, width // 4, 2, 2), nn.GroupNorm(1, width // 4), nn.GELU()),
                nn.Sequential(nn.ConvTranspose2d(width // 4, width // 8, 2, 2), nn.GELU()),
            ]
        )
        self.output_hypernetworks_mlps = nn.ModuleList(
            Mlp(width, width, width // 8, hidden_layers=2) for _ in range(MASKS)
        )
        self.iou_prediction_head = Mlp(width, width, MASKS, hidden_layers=2)

    def forward(self, image: Tensor, image_pe: Tensor, sparse: Tensor) -> tuple[Tensor, Tensor]:
        """Decode one prompt an entry.

        Parameters
        ----------
        image, image_pe
            [B, C, h, w] and [B or 1, C, h, w].
        sparse
            prompt tokens [B·Q, N, C], the prompts of an image one after another.

        Returns
        -------
        (mask logits [B·Q, 4, 4h, 4w], predicted IoU [B·Q, 4]); mask 0 is the single answer.
        """
        prompts, rows, columns = sparse.shape[0], *image.shape[-2:]
        own = torch.cat([self.iou_token.weight, self.mask_tokens.weight]).expand(prompts, -1, -1)
        tokens, keys = self.transformer(
            torch.cat([own, sparse], dim=1),
            image.flatten(2).transpose(1, 2),
            image_pe.flatten(2).transpose(1, 2),
        )
        upscaled = keys.transpose(1, 2).unflatten(2, (rows, columns))
        for layer in self.final_output_upscaling_layers:
            upscaled = layer(upscaled)
        hyper = torch.stack([mlp(tokens[:, 1 + i]) for i, mlp in enumerate(self.output_hypernetworks_mlps)], dim=1)
        masks = (hyper @ upscaled.flatten(2)).unflatten(2, upscaled.shape[-2:])
        return masks, self.iou_prediction_head(tokens[:, 0])
