"""All ways to compute the selective scan give one result, in the values and in the gradients."""

import math
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numba
import pytest
import torch
from torch import Tensor

from ml.modeling import scan_kernels
from ml.modeling import selective_scan as scan

WAYS = {"chunked": scan.chunked, "selective_scan": scan.selective_scan}


def inputs(length: int, kind: torch.dtype, scans: int = 3, channels: int = 5, states: int = 4) -> list[Tensor]:
    source = torch.Generator().manual_seed(1)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=source, dtype=torch.float64)

    decay = torch.arange(1, states + 1) * torch.exp(0.1 * draw(scans, channels, states))
    delta = torch.nn.functional.softplus(draw(scans, channels, length) - 1)
    given = [draw(scans, channels, length), delta, -decay]
    given += [draw(scans, states, length), draw(scans, states, length), draw(scans, channels)]
    return [value.to(kind).requires_grad_() for value in given]


def results(way: Callable[..., Tensor], given: list[Tensor]) -> list[Tensor]:
    """y and the gradients of a fixed weighting of it."""
    y = way(*given)
    weights = torch.randn(y.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64).to(y)
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), given)]


@pytest.mark.parametrize(("kind", "tolerance"), [(torch.float32, 2e-6), (torch.float64, 2e-14)])
@pytest.mark.parametrize("length", [1, 127, 128, 300])
@pytest.mark.parametrize("way", WAYS)
def test_it_equals_the_recurrence(way: str, length: int, kind: torch.dtype, tolerance: float) -> None:
    expected = results(scan.sequential, inputs(length, kind))
    for ours, reference in zip(results(WAYS[way], inputs(length, kind)), expected, strict=True):
        assert (ours - reference).abs().max() <= tolerance * max(float(reference.abs().max()), 1.0)


def test_slices_of_the_channels_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = results(scan.chunked, inputs(300, torch.float64))
    monkeypatch.setattr(scan, "SLICE_BYTES", 2 * 3 * 300 * 4 * 8)
    for ours, reference in zip(results(scan.chunked, inputs(300, torch.float64)), whole, strict=True):
        assert torch.allclose(ours, reference, rtol=1e-12, atol=1e-13)


def test_large_steps_neither_overflow_nor_give_nan() -> None:
    given = inputs(256, torch.float32)
    with torch.no_grad():
        given[1] *= 1000
    for way in WAYS.values():
        assert all(value.isfinite().all() for value in results(way, given))


@pytest.mark.parametrize("states", [4, 16])  # 16 fill a vector of the processor
@pytest.mark.parametrize("at", ["u", "delta", "a", "b", "c", "d"])
@pytest.mark.parametrize("way", WAYS)
def test_a_nan_stays_one_from_its_place_on_and_in_its_own_channels(way: str, at: str, states: int) -> None:
    given = inputs(200, torch.float32, states=states)
    place = {"a": (1, 2, 3), "d": (1, 2)}.get(at, (1, 2, 50))
    with torch.no_grad():
        given[("u", "delta", "a", "b", "c", "d").index(at)][place] = math.nan
    y, expected = WAYS[way](*given), scan.sequential(*given)
    assert y.isnan().any()
    assert torch.equal(y.isnan(), expected.isnan())
    torch.testing.assert_close(y, expected, rtol=1e-5, atol=2e-5, equal_nan=True)
    if at in ("u", "delta"):
        assert torch.equal(y.isnan().nonzero(), torch.tensor([[1, 2, t] for t in range(50, 200)]))
    for ours, reference in zip(results(WAYS[way], given)[1:], results(scan.sequential, given)[1:], strict=True):
        # In chunks the last step's gradient also passes through the decay that follows it, which nothing comes of.
        lost = reference.isnan() & ~ours.isnan()
        assert not lost.any() if way == "chunked" else torch.equal(ours.isnan(), reference.isnan())


def test_several_threads_give_what_one_gives() -> None:
    before = torch.get_num_threads()
    given = inputs(200, torch.float32)
    try:
        torch.set_num_threads(1)
        alone = results(scan.selective_scan, given)
        torch.set_num_threads(2)
        together = results(scan.selective_scan, given)
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


def test_without_a_folder_for_compiled_code_it_compiles_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = numba.njit

    def njit(*, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return compiler(**options)

    monkeypatch.setattr(scan_kernels.numba, "njit", njit)
    assert scan_kernels._compiled()(lambda x: x + 1)(2) == 3


def mamba_kernel(*given: Tensor) -> Tensor:
    """What mamba-ssm's kernel computes, in its shapes: u, delta [B, G·D, L], a [G·D, N], b, c [B, G, N, L], d [G·D]."""
    u, delta, a, b, c, d = given
    groups = b.shape[1]
    parts = zip(*(value.chunk(groups) for value in (u[0], delta[0], a, d)), b[0], c[0], strict=True)
    one = [scan.sequential(*(v[None] for v in (u, delta, a, b, c, d))) for u, delta, a, d, b, c in parts]
    return torch.cat(one, dim=1)


def test_mamba_ssm_is_used_on_cuda_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    interface = ModuleType("mamba_ssm.ops.selective_scan_interface")
    interface.selective_scan_fn = mamba_kernel  # type: ignore[attr-defined]
    for name in ("mamba_ssm", "mamba_ssm.ops"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    way = scan._way.__wrapped__("cuda")
    expected = results(scan.sequential, inputs(50, torch.float64))
    for ours, reference in zip(results(way, inputs(50, torch.float64)), expected, strict=True):
        assert torch.allclose(ours, reference, rtol=1e-12, atol=1e-13)


# Triton decides when it is imported whether it interprets its kernels, which needs no GPU.
INTERPRETED = """
import torch
from ml.modeling import selective_scan as scan
from tests.ml.modeling.test_selective_scan import inputs, results
for length in (1, 32, 33, 100):
    expected = results(scan.sequential, inputs(length, torch.float32))
    for ours, reference in zip(results(scan._way("cuda"), inputs(length, torch.float32)), expected, strict=True):
        error = (ours - reference).abs().max() / max(float(reference.abs().max()), 1.0)
        assert error <= 2e-6, (length, float(error))
print(scan._way("cuda").__self__.__name__)
"""


@pytest.mark.skipif(find_spec("triton") is None, reason="Triton is not to be had on this machine.")
def test_the_kernels_for_gpus_equal_the_recurrence() -> None:
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    done = subprocess.run(
        [sys.executable, "-c", INTERPRETED], env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["TritonScan"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="There is no CUDA device.")
@pytest.mark.parametrize("length", [1, 300, 4096])
def test_it_equals_the_recurrence_on_a_gpu(length: int) -> None:
    given = [value.detach().cuda().requires_grad_() for value in inputs(length, torch.float32)]
    expected = results(scan.sequential, inputs(length, torch.float32))
    for ours, reference in zip(results(scan.selective_scan, given), expected, strict=True):
        assert (ours.cpu() - reference).abs().max() <= 1e-5 * max(float(reference.abs().max()), 1.0)
