"""Segment Anything (Kirillov et al. 2023, doi:10.1109/ICCV51070.2023.00371) by its package, encoding in pieces."""

from collections.abc import Generator, Mapping

import torch
import torch.nn.functional as F
from segment_anything import sam_model_registry
from segment_anything.modeling import ImageEncoderViT, Sam
from segment_anything.modeling.image_encoder import Attention, Block, get_rel_pos, window_partition, window_unpartition
from torch import Tensor

NAMES = ("sam_vit_b", "sam_vit_l", "sam_vit_h")
# Multiply-adds between two pauses: 20 to 40 ms of two cores. Pieces of a block cost nothing on a CPU, and its global
# attention, which would hold each pair of 4,096 tokens for each head at once, needs far less memory.
PIECE_OPERATIONS = 1.2e9

PIXEL_MEAN, PIXEL_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # of grey values 0 to 255

Steps = Generator[None, None, Tensor]


def build(name: str) -> Sam:
    """The network with random weights, by its registry name."""
    if name not in NAMES:
        raise ValueError(f"There is no SAM {name!r}; there are {', '.join(NAMES)}.")
    network: Sam = sam_model_registry[name.removeprefix("sam_")]()
    return network


def fill(network: Sam, state: Mapping[str, Tensor]) -> None:
    """Give a network that was built on the device "meta" its weights: ViT-H has 2.5 GB, which are there once so."""
    network.load_state_dict(state, assign=True)
    for name, values in (("pixel_mean", PIXEL_MEAN), ("pixel_std", PIXEL_STD)):  # no part of its state
        network.register_buffer(name, torch.tensor(values).view(-1, 1, 1), persistent=False)


def encode_steps(encoder: ImageEncoderViT, image: Tensor, piece_operations: float = PIECE_OPERATIONS) -> Steps:
    """What `encoder(image)` gives, pausing after about so many multiply-adds.

    `image` (1, 3, side, side), normalised and padded → (1, 256, side / 16, side / 16).
    """
    x = encoder.patch_embed(image)
    if encoder.pos_embed is not None:
        x = x + encoder.pos_embed
    yield
    for block in encoder.blocks:
        x = yield from _block_steps(block, x, piece_operations)
    x = x.permute(0, 3, 1, 2)
    for layer in encoder.neck:
        x = layer(x)
        yield
    return x


def _block_steps(block: Block, x: Tensor, most: float) -> Steps:
    """One block; `x` (1, rows, columns, width)."""
    _, rows, columns, width = x.shape
    normed = block.norm1(x)
    if block.window_size > 0:
        windows, padded = window_partition(normed, block.window_size)
        parts = []
        for some in windows.split(_count(most, block.window_size**2 * 4 * width**2)):
            parts.append(block.attn(some))
            yield
        attended = window_unpartition(torch.cat(parts), block.window_size, padded, (rows, columns))
    else:
        attended = yield from _global_steps(block.attn, normed, most)
    x = x + attended
    parts = []
    for some in x.split(_count(most, columns * 8 * width**2), dim=1):
        parts.append(some + block.mlp(block.norm2(some)))
        yield
    return torch.cat(parts, dim=1)


def _global_steps(attention: Attention, x: Tensor, most: float) -> Steps:
    """Attention of every token to every other with their relative places, some rows of the image at once."""
    _, rows, columns, width = x.shape
    parts = []
    for some in x.split(_count(most, columns * 3 * width**2), dim=1):
        parts.append(attention.qkv(some))
        yield
    qkv = torch.cat(parts, dim=1).view(rows * columns, 3, attention.num_heads, -1)
    q, k, v = qkv.permute(1, 2, 0, 3).unbind()
    down = get_rel_pos(rows, rows, attention.rel_pos_h)
    across = get_rel_pos(columns, columns, attention.rel_pos_w)
    at_once = _count(most, columns * (2 * rows * columns * width + width**2))
    parts = []
    for start in range(0, rows, at_once):
        asking = q[:, start * columns : (start + at_once) * columns]
        places = asking.unflatten(1, (-1, columns))
        by_row = torch.einsum("hrcd,rkd->hrck", places, down[start : start + at_once])
        by_column = torch.einsum("hrcd,ckd->hrck", places, across)
        bias = (by_row[..., :, None] + by_column[..., None, :]).flatten(3).flatten(1, 2)
        attended = F.scaled_dot_product_attention(asking, k, v, attn_mask=bias.to(q.dtype))
        parts.append(attention.proj(attended.transpose(0, 1).reshape(1, -1, columns, width)))
        yield
    return torch.cat(parts, dim=1)


def _count(most: float, each: float) -> int:
    """How many things of `each` multiply-adds make a piece: one at least."""
    return max(1, int(min(most / each, 2**31)))
