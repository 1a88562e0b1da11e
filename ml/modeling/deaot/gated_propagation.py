"""The gated propagation module: two streams of tokens, one for appearance and one for identity, that read memories."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ml.modeling.deaot.attention import WINDOW, attend, attend_locally

DIM = 256  # of either stream
KEY = 128
VALUE = 512
Grid = tuple[int, int]


@dataclass(frozen=True)
class Held:
    """What a layer remembers of frames: keys [B, M, 128], values and identity values [B, M, 512].

    `context` [B, M, 256] is what the identity values were made of beside the masks, None in the first layer. Keys and
    values may have a batch of 1 where the groups of objects share them.
    """

    key: Tensor
    value: Tensor
    identity: Tensor
    context: Tensor | None = None

    def parts(self) -> tuple[Tensor, ...]:
        every = self.key, self.value, self.identity, self.context
        return tuple(part for part in every if part is not None)

    def followed_by(self, other: "Held") -> "Held":
        """These frames and then the other ones."""
        return Held(*(torch.cat(pair, dim=1) for pair in zip(self.parts(), other.parts(), strict=True)))

    def apart(self) -> "Held":
        """A copy in memory of its own."""
        return Held(*(part.clone() for part in self.parts()))

    def write(self, place: int, other: "Held") -> None:
        """Write one frame over another, in place."""
        for old, new in zip(self.parts(), other.parts(), strict=True):
            tokens = new.shape[1]
            old[:, place * tokens : (place + 1) * tokens] = new


class Seen(NamedTuple):
    """What a layer makes of the frame before it reads memories; `context` is None in the first layer."""

    key: Tensor
    value: Tensor
    gate: Tensor
    context: Tensor | None


class GatedAttention(nn.Module):
    """What follows the attention's weights: the gate, a depthwise convolution, a projection to both streams."""

    def __init__(self) -> None:
        super().__init__()
        self.dw_conv = DepthwiseConv()
        self.projection = nn.Linear(2 * VALUE, 2 * DIM)

    def finish(self, attended: Tensor, gate: Tensor, grid: Grid) -> Tensor:
        out: Tensor = self.projection(self.dw_conv(attended * gate, grid))
        return out


class DepthwiseConv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2 * VALUE, 2 * VALUE, 5, padding=2, groups=2 * VALUE, bias=False)

    def forward(self, tokens: Tensor, grid: Grid) -> Tensor:
        out: Tensor = self.conv(tokens.unflatten(1, grid).permute(0, 3, 1, 2))
        return out.flatten(2).mT


class LocalAttention(GatedAttention):
    def __init__(self) -> None:
        super().__init__()
        self.relative_emb_k = nn.Conv2d(KEY, WINDOW * WINDOW, 1)

    def bias(self, q: Tensor) -> Tensor:
        """[B, N, 128] → [B, N, 225], of the unscaled queries."""
        return F.linear(q, self.relative_emb_k.weight[:, :, 0, 0], self.relative_emb_k.bias)


class SelfAttention(GatedAttention):
    def __init__(self) -> None:
        super().__init__()
        self.linear_QK = nn.Linear(2 * DIM, KEY)
        self.linear_V1, self.linear_V2 = nn.Linear(DIM, VALUE), nn.Linear(DIM, VALUE)
        self.linear_U1, self.linear_U2 = nn.Linear(DIM, VALUE), nn.Linear(DIM, VALUE)

    def forward(self, x: Tensor, y: Tensor, grid: Grid) -> Tensor:
        key = self.linear_QK(torch.cat([x, y], dim=-1))
        attended = attend(key, key, F.silu(self.linear_V1(x)), F.silu(self.linear_V2(y)))
        return self.finish(attended, F.silu(torch.cat([self.linear_U1(x), self.linear_U2(y)], dim=-1)), grid)


class GatedPropagation(nn.Module):
    """One layer. The first has no identity stream to read yet."""

    def __init__(self, first: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(DIM)
        self.linear_QV = nn.Linear(DIM, KEY + VALUE)
        self.linear_U = nn.Linear(DIM, VALUE)
        self.id_norm1 = None if first else nn.LayerNorm(DIM)
        self.linear_ID_V = nn.Linear(DIM if first else 2 * DIM, VALUE)
        self.linear_ID_U = None if first else nn.Linear(DIM, VALUE)
        self.long_term_attn = GatedAttention()
        self.short_term_attn = LocalAttention()
        self.norm2 = nn.LayerNorm(DIM)
        self.id_norm2 = nn.LayerNorm(DIM)
        self.self_attn = SelfAttention()

    def look(self, v: Tensor, d: Tensor) -> Seen:
        """Keys, values and gates of the frame's tokens."""
        x = self.norm1(v)
        key, value = self.linear_QV(x).split([KEY, VALUE], dim=-1)
        gate = F.silu(self.linear_U(x))
        if self.id_norm1 is None or self.linear_ID_U is None:
            return Seen(key, F.silu(value), torch.cat([gate, torch.ones_like(gate)], dim=-1), None)
        y = self.id_norm1(d)
        return Seen(key, F.silu(value), torch.cat([gate, F.silu(self.linear_ID_U(y))], dim=-1), y)

    def hold(self, seen: Seen, identity: Tensor) -> Held:
        """The frame as a memory: with the embedding [B, N, 256] of whose its pixels are."""
        context = None if seen.context is None else seen.context.to(seen.value.dtype)
        return Held(seen.key, seen.value, self.owned(context, identity), context)

    def owned(self, context: Tensor | None, identity: Tensor) -> Tensor:
        """Identity values [B, M, 512]."""
        known = identity if context is None else torch.cat([context, identity], dim=-1)
        return F.silu(self.linear_ID_V(known))

    def forward(
        self, v: Tensor, d: Tensor, seen: Seen, long: Held, short: Held, *, grid: Grid
    ) -> tuple[Tensor, Tensor]:
        """Both streams [B, N, 256] after reading the long-term memory and the frame before."""
        far = self.long_term_attn.finish(attend(seen.key, long.key, long.value, long.identity), seen.gate, grid)
        local = self.short_term_attn
        bias = local.bias(seen.key)
        near = attend_locally(seen.key, short.key, short.value, short.identity, bias=bias, grid=grid)
        change, id_change = (far + local.finish(near, seen.gate, grid)).chunk(2, dim=-1)
        v, d = v + change, d + id_change
        change, id_change = self.self_attn(self.norm2(v), self.id_norm2(d), grid).chunk(2, dim=-1)
        return v + change, d + id_change


class Propagation(nn.Module):
    """All layers, and the norm before the decoder; returns tokens [B, N, 512] and what each layer saw."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.each = [GatedPropagation(first=index == 0) for index in range(layers)]
        self.layers = nn.ModuleList(self.each)
        self.decoder_norms = nn.ModuleList([StreamNorm()])

    def refer(self, tokens: Tensor, identity: Tensor, grid: Grid) -> tuple[Tensor, list[Seen]]:
        """A frame whose memory is itself."""
        v, d, seen = tokens, torch.zeros_like(tokens), []
        for layer in self.each:
            seen.append(layer.look(v, d))
            held = layer.hold(seen[-1], identity)
            v, d = layer(v, d, seen[-1], held, held, grid=grid)
        return self.decoder_norms[0](torch.cat([v, d], dim=-1)), seen

    def forward(
        self, tokens: Tensor, long: Sequence[Held], short: Sequence[Held], grid: Grid
    ) -> tuple[Tensor, list[Seen]]:
        v, d, seen = tokens, torch.zeros_like(tokens), []
        for layer, far, near in zip(self.each, long, short, strict=True):
            seen.append(layer.look(v, d))
            v, d = layer(v, d, seen[-1], far, near, grid=grid)
        return self.decoder_norms[0](torch.cat([v, d], dim=-1)), seen

    def hold(self, seen: Sequence[Seen], identity: Tensor) -> list[Held]:
        """A frame that was read, as each layer's memory of it."""
        return [layer.hold(each, identity) for layer, each in zip(self.each, seen, strict=True)]

    def owned(self, held: Sequence[Held], identity: Tensor) -> list[Held]:
        """Memories of frames whose pixels turn out to be others'."""
        pairs = zip(self.each, held, strict=True)
        return [replace(each, identity=layer.owned(each.context, identity)) for layer, each in pairs]


class StreamNorm(nn.Module):
    """Normalises each stream of [B, N, 512] over its channels and all tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.gn = nn.GroupNorm(2, 2 * DIM)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.gn(tokens.mT).mT
