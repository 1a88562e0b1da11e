"""The selective scan on GPUs: blocks of time one after another, the steps of a block by an associative scan.

Imported only where Triton is installed, which comes with PyTorch's CUDA builds. All tensors are float32 and contiguous,
states come last: b, c and what is kept of the states are [P, L, N].
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

STEPS = 32  # of a block of time
CHANNELS = 4  # of a program; they share b and c


class TritonScan(torch.autograd.Function):
    """`selective_scan` of u, delta [P, D, L], a [P, D, N], b, c [P, N, L], d [P, D]; N is a power of two."""

    @staticmethod
    def forward(ctx: Any, *inputs: Tensor) -> Tensor:
        u, delta, a, b, c, d = (value.contiguous() for value in inputs)
        b, c = b.mT.contiguous(), c.mT.contiguous()
        starts = u.new_empty(*a.shape[:2], triton.cdiv(u.shape[-1], STEPS), a.shape[-1])
        y = torch.empty_like(u)
        _forward[_grid(u)](u, delta, a, b, c, d, starts, y, *u.shape[1:], a.shape[-1], STEPS, CHANNELS)
        ctx.save_for_backward(u, delta, a, b, c, d, starts)
        return y

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> Any:
        u, delta, a, b, c, d, starts = ctx.saved_tensors
        gy = grad[0].contiguous()
        gu, gdelta, ga = torch.empty_like(u), torch.empty_like(delta), torch.empty_like(a)
        # Each program writes what its channels give; adding that up afterwards keeps the result the same every time.
        shared = (len(u), triton.cdiv(u.shape[1], CHANNELS), *b.shape[1:])
        gb, gc = u.new_empty(shared), u.new_empty(shared)
        _backward[_grid(u)](
            u, delta, a, b, c, d, starts, gy, gu, gdelta, ga, gb, gc, *u.shape[1:], a.shape[-1], STEPS, CHANNELS
        )  # fmt: skip
        return gu, gdelta, ga, gb.sum(1).mT, gc.sum(1).mT, (gy * u).sum(-1)


def _grid(u: Tensor) -> tuple[int, int]:
    return triton.cdiv(u.shape[1], CHANNELS), len(u)


@triton.jit
def _after(kept, state, then_kept, then_state):  # type: ignore[no-untyped-def]
    """Two stretches of time as one: what is kept of the state before, and what is added."""
    return kept * then_kept, then_kept * state + then_state


@triton.jit
def _forward(  # type: ignore[no-untyped-def]
    u, delta, a, b, c, d, starts, y, channels, length,
    state_count: tl.constexpr, step_count: tl.constexpr, channel_count: tl.constexpr,
):  # fmt: skip
    scan, own = tl.program_id(1).to(tl.int64), tl.program_id(0) * channel_count + tl.arange(0, channel_count)
    states, blocks = tl.arange(0, state_count), tl.cdiv(length, step_count)
    there, rows = own < channels, scan * channels + own
    decay = tl.load(a + rows[:, None] * state_count + states[None, :], there[:, None], 0.0)
    skip = tl.load(d + rows, there, 0.0)
    x = tl.zeros((channel_count, state_count), tl.float32)
    for block in range(blocks):
        tl.store(starts + (rows[:, None] * blocks + block) * state_count + states[None, :], x, there[:, None])
        t = block * step_count + tl.arange(0, step_count)
        at, inside = rows[:, None] * length + t[None, :], there[:, None] & (t < length)[None, :]
        of_states = (scan * length + t[:, None]) * state_count + states[None, :]
        step, drive = tl.load(delta + at, inside, 0.0), tl.load(u + at, inside, 0.0)
        bs = tl.load(b + of_states, (t < length)[:, None], 0.0)
        cs = tl.load(c + of_states, (t < length)[:, None], 0.0)
        kept, xs = tl.associative_scan(
            (tl.exp(step[:, :, None] * decay[:, None, :]), (step * drive)[:, :, None] * bs[None, :, :]), 1, _after
        )
        xs += kept * x[:, None, :]
        tl.store(y + at, tl.sum(xs * cs[None, :, :], 2) + skip[:, None] * drive, inside)
        x = tl.sum(tl.where((tl.arange(0, step_count) == step_count - 1)[None, :, None], xs, 0.0), 1)


@triton.jit
def _backward(  # type: ignore[no-untyped-def]
    u, delta, a, b, c, d, starts, gy, gu, gdelta, ga, gb, gc, channels, length,
    state_count: tl.constexpr, step_count: tl.constexpr, channel_count: tl.constexpr,
):  # fmt: skip
    scan, group = tl.program_id(1).to(tl.int64), tl.program_id(0)
    own = group * channel_count + tl.arange(0, channel_count)
    states, blocks = tl.arange(0, state_count), tl.cdiv(length, step_count)
    there, rows = own < channels, scan * channels + own
    decay = tl.load(a + rows[:, None] * state_count + states[None, :], there[:, None], 0.0)
    skip = tl.load(d + rows, there, 0.0)
    later = tl.zeros((channel_count, state_count), tl.float32)  # gradient of the next block's first state
    gdecay = tl.zeros((channel_count, state_count), tl.float32)
    for back in range(blocks):
        block = blocks - 1 - back
        t = block * step_count + tl.arange(0, step_count)
        at, inside = rows[:, None] * length + t[None, :], there[:, None] & (t < length)[None, :]
        of_states = (scan * length + t[:, None]) * state_count + states[None, :]
        step, drive = tl.load(delta + at, inside, 0.0), tl.load(u + at, inside, 0.0)
        gys = tl.load(gy + at, inside, 0.0)
        bs = tl.load(b + of_states, (t < length)[:, None], 0.0)
        cs = tl.load(c + of_states, (t < length)[:, None], 0.0)
        added = (step * drive)[:, :, None] * bs[None, :, :]
        kept, xs = tl.associative_scan((tl.exp(step[:, :, None] * decay[:, None, :]), added), 1, _after)
        start = tl.load(starts + (rows[:, None] * blocks + block) * state_count + states[None, :], there[:, None], 0.0)
        xs += kept * start[:, None, :]
        following = tl.load(delta + at + 1, inside & (t + 1 < length)[None, :], 0.0)
        kept, gx = tl.associative_scan(
            (tl.exp(following[:, :, None] * decay[:, None, :]), gys[:, :, None] * cs[None, :, :]),
            1, _after, reverse=True,
        )  # fmt: skip
        gx += kept * later[:, None, :]
        later = tl.sum(tl.where((tl.arange(0, step_count) == 0)[None, :, None], gx, 0.0), 1)
        gexponent = gx * (xs - added)
        gdecay += tl.sum(gexponent * step[:, :, None], 1)
        gdrive = tl.sum(gx * bs[None, :, :], 2)
        tl.store(gdelta + at, tl.sum(gexponent * decay[:, None, :], 2) + gdrive * drive, inside)
        tl.store(gu + at, gdrive * step + skip[:, None] * gys, inside)
        shared = ((scan * tl.num_programs(0) + group) * length + t[:, None]) * state_count + states[None, :]
        tl.store(gb + shared, tl.sum(gx * (step * drive)[:, :, None], 0), (t < length)[:, None])
        tl.store(gc + shared, tl.sum(gys[:, :, None] * xs, 0), (t < length)[:, None])
    tl.store(ga + rows[:, None] * state_count + states[None, :], gdecay, there[:, None])
