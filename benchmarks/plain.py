"""The plain ways that ours are measured against."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.modeling import vm_unet
from ml.modeling.deaot import gated_propagation
from ml.modeling.deaot.attention import RADIUS, WINDOW
from ml.modeling.selective_scan import sequential


@contextmanager
def plain_attention() -> Iterator[None]:
    """Attention as the official code writes it: the whole matrix, what is added to it, softmax, product."""

    def attend(q: Tensor, k: Tensor, v: Tensor, added: Tensor | None = None) -> Tensor:
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
        weights: Tensor = (scores if added is None else scores + added).softmax(dim=-1)
        return weights @ v

    with patch.object(F, "scaled_dot_product_attention", attend):
        yield


@contextmanager
def plain_propagation() -> Iterator[None]:
    """DeAOT's attention as its official code writes it for a CPU.

    Over the memory the whole matrix at once; locally windows of the keys are unfolded, and the weights are scattered
    into a matrix over the padded map, which multiplies all values.
    """

    def attend(q: Tensor, k: Tensor, v: Tensor, v_id: Tensor) -> Tensor:
        weights = ((q * q.shape[-1] ** -0.5) @ k.mT).softmax(dim=-1)
        mixed: Tensor = weights @ values(v, v_id)
        return mixed

    def attend_locally(q: Tensor, k: Tensor, v: Tensor, v_id: Tensor, *, bias: Tensor, grid: tuple[int, int]) -> Tensor:
        (rows, columns), pad = grid, RADIUS

        def as_map(tokens: Tensor) -> Tensor:
            return tokens.mT.reshape(len(tokens), -1, rows, columns)

        windows = F.unfold(as_map(k), WINDOW, padding=pad).view(len(k), k.shape[-1], WINDOW**2, -1)
        scores = ((q * q.shape[-1] ** -0.5).mT[:, :, None] * windows).sum(dim=1) + bias.mT
        inside = F.unfold(torch.ones(1, 1, *grid), WINDOW, padding=pad) > 0
        weights = scores.masked_fill(~inside, -1e8).softmax(dim=1).mT
        wide, token, offset = columns + 2 * pad, torch.arange(rows * columns), torch.arange(WINDOW**2)
        place = (token // columns * wide + token % columns)[:, None] + offset // WINDOW * wide + offset % WINDOW
        whole = weights.new_zeros(*weights.shape[:2], (rows + 2 * pad) * wide)
        whole.scatter_(2, place.expand(len(weights), -1, -1), weights)
        mixed: Tensor = whole @ F.pad(as_map(values(v, v_id)), (pad, pad, pad, pad)).flatten(2).mT
        return mixed

    def values(v: Tensor, v_id: Tensor) -> Tensor:
        return torch.cat([v.expand(len(v_id), -1, -1), v_id], dim=-1)

    with (
        patch.object(gated_propagation, "attend", attend),
        patch.object(gated_propagation, "attend_locally", attend_locally),
    ):
        yield


def plain(name: str) -> AbstractContextManager[object]:
    """`plain attention`, a scan `step by step`, `plain propagation`, or our own way where the name is empty."""
    if name == "plain attention":
        return plain_attention()
    if name == "step by step":
        return patch.object(vm_unet, "selective_scan", sequential)
    if name == "plain propagation":
        return plain_propagation()
    return nullcontext()
