"""The selective scan on CPUs, compiled: one channel after the other through all of its time, its states in cache.

Plain PyTorch writes every state of every step to memory and reads it back; here only what is asked for is written.
The scans of a call run in threads of Python's, as many as PyTorch uses: numba's own would change PyTorch's number.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

_LOG2E = np.float32(1.4426950408889634)
# 2**f on [-0.5, 0.5]: Taylor, error below 2e-8.
_C1, _C2, _C3 = np.float32(0.6931471805599453), np.float32(0.2402265069591007), np.float32(0.0555041086648216)
_C4, _C5, _C6 = np.float32(0.0096181291076285), np.float32(0.0013333558146428), np.float32(0.00015403530393382)
_ONE, _HALF, _LEAST = np.float32(1), np.float32(0.5), np.float32(-126)
_FAST = {"contract", "reassoc", "nsz", "arcp"}  # not nnan and ninf: a NaN must stay one


def _compiled(**options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """numba's decorator; what is compiled is kept on disk where a folder for it can be written to."""
    compiler = partial(numba.njit, nogil=True, error_model="numpy", fastmath=_FAST, **options)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            kept: Callable[..., Any] = compiler(cache=True)(function)
        except RuntimeError:  # no such folder
            return compiler()(function)
        return kept

    return decorate


@_compiled(inline="always")
def _exp(x):  # type: ignore[no-untyped-def]
    """exp of x <= 0 to 1e-7, in steps that the compiler turns into vector instructions."""
    t = max(x * _LOG2E, _LEAST)
    whole = np.floor(t + _HALF)
    f = t - whole
    power = _ONE + f * (_C1 + f * (_C2 + f * (_C3 + f * (_C4 + f * (_C5 + f * _C6)))))
    return power * np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)


@_compiled()
def scan_forward(p: int, u: Float, delta: Float, a: Float, b: Float, c: Float, d: Float, y: Float) -> None:
    """Scan `p` of `ml.modeling.selective_scan`: u, delta, y (P, D, L); b, c (P, L, N); a (P, D, N); d (P, D)."""
    _, channels, length = u.shape
    states = a.shape[2]
    x = np.empty(states, np.float32)
    for i in range(channels):
        x[:] = 0
        decay = a[p, i]
        for t in range(length):
            step = delta[p, i, t]
            drive = step * u[p, i, t]
            total = np.float32(0)
            for n in range(states):
                x[n] = _exp(step * decay[n]) * x[n] + drive * b[p, t, n]
                total += x[n] * c[p, t, n]
            y[p, i, t] = total + d[p, i] * u[p, i, t]


@_compiled()
def scan_backward(
    p: int, u: Float, delta: Float, a: Float, b: Float, c: Float, d: Float, gy: Float,
    gu: Float, gdelta: Float, ga: Float, gb: Float, gc: Float, gd: Float,
) -> None:  # fmt: skip
    """Gradients of `scan_forward`, where `gb` and `gc` come as zeros. It holds one channel's states at a time."""
    _, channels, length = u.shape
    states = a.shape[2]
    x = np.zeros((length + 1, states), np.float32)
    kept = np.empty((length, states), np.float32)
    gx = np.empty(states, np.float32)
    gdecay = np.empty(states, np.float32)
    for i in range(channels):
        decay = a[p, i]
        for t in range(length):
            step = delta[p, i, t]
            drive = step * u[p, i, t]
            for n in range(states):
                kept[t, n] = _exp(step * decay[n])
                x[t + 1, n] = kept[t, n] * x[t, n] + drive * b[p, t, n]
        gx[:] = 0
        gdecay[:] = 0
        skip = np.float32(0)
        for back in range(length):
            t = length - 1 - back
            step, value, g = delta[p, i, t], u[p, i, t], gy[p, i, t]
            drive = step * value
            gdrive, gstep = np.float32(0), np.float32(0)
            for n in range(states):
                at = gx[n] + g * c[p, t, n]
                gc[p, t, n] += g * x[t + 1, n]
                gb[p, t, n] += at * drive
                gdrive += at * b[p, t, n]
                through = at * kept[t, n]
                gexponent = through * x[t, n]
                gstep += gexponent * decay[n]
                gdecay[n] += gexponent * step
                gx[n] = through
            gu[p, i, t] = d[p, i] * g + gdrive * step
            gdelta[p, i, t] = gstep + gdrive * value
            skip += g * value
        ga[p, i] = gdecay
        gd[p, i] = skip
