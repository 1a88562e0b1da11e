"""Attention with one head whose values are two streams: what things look like, and whose they are.

Tokens are [B, N, C], rows of the map one after the other. The queries, keys and first values may have a batch of 1
where the second values have more: groups of objects then share the weights.
"""

import functools
import math

import torch
from torch import Tensor

RADIUS = 7  # of the local window, in tokens
WINDOW = 2 * RADIUS + 1
QUERIES_AT_ONCE = 256  # more queries' weights do not fit a CPU's cache


def attend(q: Tensor, k: Tensor, v: Tensor, v_id: Tensor) -> Tensor:
    """Global attention: q [B, N, D], k [B, M, D], v and v_id [B, M, C] → [B, N, 2C]."""
    q = q * q.shape[-1] ** -0.5
    return torch.cat([_mixed(part @ k.mT, v, v_id) for part in q.split(QUERIES_AT_ONCE, dim=1)], dim=1)


def attend_locally(q: Tensor, k: Tensor, v: Tensor, v_id: Tensor, *, bias: Tensor, grid: tuple[int, int]) -> Tensor:
    """Attention within a window of 15 × 15 tokens around each query; shapes as `attend`, M = N.

    `bias` [B, N, 225] is added to the scores: an entry per offset, row by row from the upper left. Rows of the map are
    taken some at a time, with the rows that their windows reach.
    """
    rows, columns = grid
    q = q * q.shape[-1] ** -0.5
    bias = torch.cat([bias, bias.new_full((*bias.shape[:2], 1), -math.inf)], dim=-1)
    found = []
    at_once = max(1, QUERIES_AT_ONCE // columns)
    for first in range(0, rows, at_once):
        here = range(first, min(first + at_once, rows))
        around = range(max(0, here.start - RADIUS), min(rows, here.stop + RADIUS))
        queries, keys = (slice(part.start * columns, part.stop * columns) for part in (here, around))
        index = offsets(here, around, columns, bias.device).expand(len(bias), -1, -1)
        scores = q[:, queries] @ k[:, keys].mT + bias[:, queries].gather(-1, index)
        found.append(_mixed(scores, v[:, keys], v_id[:, keys]))
    return torch.cat(found, dim=1)


def _mixed(scores: Tensor, v: Tensor, v_id: Tensor) -> Tensor:
    weights = scores.softmax(dim=-1).to(v.dtype)
    seen, owned = weights @ v, weights @ v_id
    return torch.cat([seen.expand(len(owned), -1, -1), owned], dim=-1)


@functools.lru_cache(maxsize=256)
def offsets(here: range, around: range, columns: int, device: torch.device) -> Tensor:
    """The offset's number of each pair of a query in the rows `here` and a key in the rows `around`.

    int64 [1, queries, keys]; 225 where the key is out of the window. It is kept, so it must be of use in training too,
    even where inference asks for it first.
    """
    with torch.inference_mode(False):
        return _offsets(here, around, columns).to(device)


def _offsets(here: range, around: range, columns: int) -> Tensor:
    rows, keys, across = (torch.tensor(part) for part in (here, around, range(columns)))
    down = keys[None, :] - rows[:, None] + RADIUS
    right = across[None, :] - across[:, None] + RADIUS
    down, right = down[:, None, :, None], right[None, :, None, :]
    inside = (down >= 0) & (down < WINDOW) & (right >= 0) & (right < WINDOW)
    number = torch.where(inside, down * WINDOW + right, WINDOW * WINDOW)
    return number.flatten(2).flatten(0, 1)[None]
