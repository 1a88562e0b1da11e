"""The selective scan of Mamba (Gu and Dao 2023, doi 10.48550/arXiv.2312.00752), for any device and differentiable.

Per channel and state: x_t = exp(δ_t A) x_{t-1} + δ_t B_t u_t and y_t = Σ C_t x_t + D u_t. Ways to compute it:
`sequential` is the recurrence as written, `chunked` is plain PyTorch that advances all chunks of time together, and
in float32 compiled kernels do the work: ours on CPUs, on CUDA those of mamba-ssm where it is installed, else ours.
`selective_scan` takes the best one that can.
"""

import contextlib
import functools
import importlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import torch
from torch import Tensor

from ml.modeling import scan_kernels

CHUNK = 128
SLICE_BYTES = 1 << 27  # of the states that a backward pass of `chunked` holds at once


def selective_scan(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """y (P, D, L).

    Parameters
    ----------
    u, delta
        (P, D, L): P independent scans of D channels and L steps; `delta` >= 0.
    a
        (P, D, N), <= 0: the decay of N states.
    b, c
        (P, N, L), shared by the channels of a scan.
    d
        (P, D), the skip.
    """
    if u.dtype != torch.float32:
        return chunked(u, delta, a, b, c, d)
    return _way(u.device.type)(u, delta, a, b, c, d)


Scan = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


@functools.cache
def _way(device: str) -> Scan:
    """The fastest way in float32 that this machine has for the kind of device."""
    if device == "cpu":
        return cast(Scan, _Compiled.apply)
    if device == "cuda":
        with contextlib.suppress(ImportError):
            return _of_mamba(importlib.import_module("mamba_ssm.ops.selective_scan_interface").selective_scan_fn)
        with contextlib.suppress(ImportError):
            return cast(Scan, importlib.import_module("ml.modeling.scan_triton").TritonScan.apply)
    return chunked


def _of_mamba(scan: Callable[..., Tensor]) -> Scan:
    """mamba-ssm's kernel, for which our scans are groups of the channels of a single one."""

    def ours(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
        joined = (value.flatten(0, 1)[None] for value in (u, delta))
        return scan(*joined, a.flatten(0, 1), b[None], c[None], d.flatten()).view_as(u)

    return ours


def sequential(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """The recurrence step by step: what the others are measured against."""
    x = u.new_zeros(a.shape)
    steps = []
    for t in range(u.shape[-1]):
        drive = (delta[..., t] * u[..., t])[..., None] * b[:, None, :, t]
        x = torch.exp(delta[..., t, None] * a) * x + drive
        steps.append((x * c[:, None, :, t]).sum(-1))
    return torch.stack(steps, dim=-1) + d[..., None] * u


def chunked(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor, chunk: int = CHUNK) -> Tensor:
    """The same in 2·chunk + L/chunk steps; its memory in training does not grow with the number of states."""
    result: Tensor = _Chunked.apply(u, delta, a, b, c, d, chunk)
    return result


class _Compiled(torch.autograd.Function):
    """`ml.modeling.scan_kernels` on float32 tensors of the CPU."""

    @staticmethod
    def forward(ctx: Any, *inputs: Tensor) -> Tensor:
        u, delta, a, b, c, d = inputs
        ctx.save_for_backward(*inputs)
        y = torch.empty_like(u, memory_format=torch.contiguous_format)
        _each_scan(scan_kernels.scan_forward, u, delta, a, b.mT, c.mT, d, y)
        return y

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> Any:
        u, delta, a, b, c, d = ctx.saved_tensors
        gu, gdelta, ga, gd = (torch.empty_like(v, memory_format=torch.contiguous_format) for v in (u, delta, a, d))
        gb, gc = torch.zeros_like(b.mT.contiguous()), torch.zeros_like(c.mT.contiguous())
        results = gu, gdelta, ga, gb, gc, gd
        _each_scan(scan_kernels.scan_backward, u, delta, a, b.mT, c.mT, d, grad[0], *results)
        return gu, gdelta, ga, gb.mT, gc.mT, gd


def _each_scan(kernel: Callable[..., None], *tensors: Tensor) -> None:
    """Run a kernel on every scan; what it writes to must be contiguous already."""
    arrays = [tensor.detach().contiguous().numpy() for tensor in tensors]
    threads = torch.get_num_threads()
    scans = range(len(arrays[0]))
    if threads == 1:
        for scan in scans:
            kernel(scan, *arrays)
    else:
        list(_threads(threads).map(lambda scan: kernel(scan, *arrays), scans))


@functools.cache
def _threads(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix="selective-scan")


class _Chunked(torch.autograd.Function):
    """All chunks advance together from zero; then what each inherits from the one before is carried over and added.

    The decay over steps s to t is exp(A Σδ), since A does not depend on time, so every exponent is <= 0.
    """

    @staticmethod
    def forward(ctx: Any, u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor, chunk: int) -> Tensor:
        ctx.save_for_backward(u, delta, a, b, c, d)
        ctx.chunk = chunk
        parts = [_forward_slice(u[:, i], delta[:, i], a[:, i], b, c, chunk) for i in _slices(u, a)]
        return torch.cat(parts, dim=1) + d[..., None] * u

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> Any:
        u, delta, a, b, c, d = ctx.saved_tensors
        (gy,) = grad
        gu, gdelta, ga = d[..., None] * gy, torch.empty_like(delta), torch.empty_like(a)
        gb, gc = torch.zeros_like(b), torch.zeros_like(c)
        for i in _slices(u, a):
            part = _backward_slice(u[:, i], delta[:, i], a[:, i], b, c, gy[:, i], ctx.chunk)
            gu[:, i] += part[0]
            gdelta[:, i], ga[:, i] = part[1], part[2]
            gb += part[3]
            gc += part[4]
        return gu, gdelta, ga, gb, gc, (gy * u).sum(-1), None


def _slices(u: Tensor, a: Tensor) -> list[slice]:
    """Slices of the channels whose states over all of time fit `SLICE_BYTES`."""
    scans, channels, length = u.shape
    width = max(1, SLICE_BYTES // (scans * length * a.shape[-1] * u.element_size()))
    return [slice(start, min(start + width, channels)) for start in range(0, channels, width)]


def _in_chunks(value: Tensor, chunk: int) -> Tensor:
    """(…, L) → (chunk, …, G), padded with zeros at the end."""
    length = value.shape[-1]
    padded = torch.nn.functional.pad(value, (0, -length % chunk))
    return padded.unflatten(-1, (-1, chunk)).movedim(-1, 0).contiguous()


def _together(value: Tensor, length: int) -> Tensor:
    """(chunk, …, G) → (…, L)."""
    return value.movedim(0, -1).flatten(-2)[..., :length]


def _chunks_of(u: Tensor, delta: Tensor, b: Tensor, c: Tensor, chunk: int) -> tuple[Tensor, ...]:
    """u, delta as (chunk, P, D, G, 1), b, c as (chunk, P, 1, G, N)."""
    channels = (_in_chunks(value, chunk)[..., None] for value in (u, delta))
    states = (_in_chunks(value, chunk).mT[:, :, None] for value in (b, c))
    return (*channels, *states)


def _forward_slice(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, chunk: int) -> Tensor:
    length, a = u.shape[-1], a[:, :, None]
    u, delta, b, c = _chunks_of(u, delta, b, c, chunk)
    x = torch.zeros_like(delta[0] * a)
    y = []
    for t in range(len(u)):
        x = torch.exp(delta[t] * a) * x + delta[t] * u[t] * b[t]
        y.append((x * c[t]).sum(-1))
    since = delta.cumsum(0)
    start = _starts(x, torch.exp(since[-1] * a))
    for t in range(len(u)):
        y[t] = y[t] + (c[t] * torch.exp(since[t] * a) * start).sum(-1)
    return _together(torch.stack(y), length)


def _starts(end: Tensor, decay: Tensor) -> Tensor:
    """What each chunk (P, D, G, N) starts from, where `end` is where it ends from zero and `decay` what it keeps."""
    start = [torch.zeros_like(end[:, :, 0])]
    for g in range(end.shape[2] - 1):
        start.append(end[:, :, g] + decay[:, :, g] * start[-1])
    return torch.stack(start, dim=2)


def _backward_slice(
    u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, gy: Tensor, chunk: int
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    length, a = u.shape[-1], a[:, :, None]
    gy = _in_chunks(gy, chunk)[..., None]
    u, delta, b, c = _chunks_of(u, delta, b, c, chunk)
    steps, since = range(len(u)), delta.cumsum(0)
    decay = torch.exp(since[-1] * a)
    x = torch.zeros_like(decay)
    arriving = torch.zeros_like(decay)  # gradient with respect to the state that a chunk starts from, from its own y
    for t in steps:
        x = torch.exp(delta[t] * a) * x + delta[t] * u[t] * b[t]
        arriving = arriving + torch.exp(since[t] * a) * c[t] * gy[t]
    states = [_starts(x, decay)]
    for t in steps:
        states.append(torch.exp(delta[t] * a) * states[-1] + delta[t] * u[t] * b[t])
    # The gradient flows from the last chunk to the first as the state flows from the first to the last.
    gx = _starts(arriving.flip(2), decay.flip(2)).flip(2)
    gu, gdelta, gb, gc = ([torch.empty(0)] * len(u) for _ in range(4))
    ga = torch.zeros_like(a)
    for t in reversed(steps):
        at = gx + c[t] * gy[t]
        gc[t] = (gy[t] * states[t + 1]).sum(1)
        gb[t] = (at * delta[t] * u[t]).sum(1)
        gdrive = (at * b[t]).sum(-1, keepdim=True)
        gx = at * torch.exp(delta[t] * a)
        gexponent = gx * states[t]
        ga = ga + (gexponent * delta[t]).sum(2, keepdim=True)
        gu[t] = (gdrive * delta[t])[..., 0]
        gdelta[t] = ((gexponent * a).sum(-1, keepdim=True) + gdrive * u[t])[..., 0]
    shared = (_together(torch.stack(value).mT, length) for value in (gb, gc))
    own = (_together(torch.stack(value), length) for value in (gu, gdelta))
    gu_all, gdelta_all = own
    gb_all, gc_all = shared
    return gu_all, gdelta_all, ga[:, :, 0], gb_all, gc_all
