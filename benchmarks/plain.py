"""The plain ways that ours are measured against."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from unittest.mock import patch

import torch.nn.functional as F
from torch import Tensor

from ml.modeling import vm_unet
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


def plain(name: str) -> AbstractContextManager[object]:
    """`plain attention`, a scan `step by step`, or our own way where the name is empty."""
    if name == "plain attention":
        return plain_attention()
    if name == "step by step":
        return patch.object(vm_unet, "selective_scan", sequential)
    return nullcontext()
