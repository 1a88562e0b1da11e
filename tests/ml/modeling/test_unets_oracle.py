"""Our Swin-Unet, VM-UNet and VM-UNetV2 against records of the official networks (tests/oracles/unets/README.md)."""

import importlib.util
import json
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ml.modeling import swin_unet, vm_unet, vm_unet_v2

ORACLE = Path(__file__).parents[2] / "oracles" / "unets"
RELATIVE = 2e-5  # of the largest value of each tensor
BUILDERS: dict[str, Any] = {
    "swinunet": lambda config: swin_unet.SwinUnet(swin_unet.CONFIGS[config]),
    "vmunet": lambda config: vm_unet.VmUnet(vm_unet.CONFIGS[config]),
    "vmunetv2": lambda config: vm_unet_v2.VmUnetV2(vm_unet_v2.CONFIGS[config]),
}
NETWORKS = sorted(path.stem.removeprefix("keys_") for path in ORACLE.glob("keys_*.json"))
RESOLUTIONS = {"swinunet_stock": 224, "swinunet_small": 448, "swinunet_paper": 448}
LARGE = {"vmunet_paper", "vmunet_small", "vmunetv2_small"}

_spec = importlib.util.spec_from_file_location("unets_oracle_fill", ORACLE / "fill.py")
assert _spec and _spec.loader
fill = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(fill)


def resolution(name: str) -> int:
    return RESOLUTIONS.get(name, 512 if name in LARGE else 256)


def build(name: str) -> nn.Module:
    family, config = name.split("_")
    network: nn.Module = BUILDERS[family](config)
    return network


def filled(name: str) -> nn.Module:
    network: nn.Module = fill.fill(build(name))
    return network


def keys(name: str) -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads((ORACLE / f"keys_{name}.json").read_text())
    return recorded


def image(kind: str, side: int) -> Tensor:
    seed, channels = {"rgb": (1, 3), "gray": (2, 1)}[kind]
    return torch.from_numpy(np.random.RandomState(seed).rand(1, channels, side, side).astype(np.float32))


@pytest.mark.parametrize("name", NETWORKS)
def test_oracle_keys_shapes_counts_and_buffers(name: str) -> None:
    network, recorded = build(name), keys(name)
    state = network.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == {k: shape for k, shape, _ in recorded["keys"]}
    counts = {key: p.numel() for key, p in network.named_parameters()}
    assert sum(counts.values()) == recorded["params_total"]
    assert sum(n for key, n in counts.items() if ".blocks." not in key) == recorded["params_excluding_blocks"]
    for key, crc in recorded["buffer_crc32"].items():
        assert zlib.crc32(state[key].numpy().tobytes()) == crc, key


@pytest.mark.parametrize("name", NETWORKS)
def test_official_key_sets_load_strictly(name: str) -> None:
    recorded = keys(name)["keys"]
    state = {key: torch.zeros(shape, dtype=getattr(torch, kind)) for key, shape, kind in recorded}
    network = build(name)
    network.load_state_dict(state, strict=True)
    state.popitem()
    with pytest.raises(RuntimeError, match="Missing key"):
        network.load_state_dict(state, strict=True)


def sampled(tensor: Tensor, every: int) -> np.ndarray:
    return tensor.detach().contiguous().flatten()[::every].numpy()


@pytest.mark.parametrize("kind", ["rgb", "gray"])
@pytest.mark.parametrize("name", NETWORKS)
def test_oracle_outputs_and_taps(name: str, kind: str) -> None:
    records = np.load(ORACLE / f"io_{name}_{kind}.npz")
    network = filled(name)
    taps: dict[str, Tensor] = {}
    parts = dict(network.named_modules())
    for tap in (key for key in records.files if "@" not in key):
        for prefix in ("", "swin_unet.", "vmunet."):
            if (part := parts.get(prefix + tap)) is not None:
                part.register_forward_hook(lambda _m, _i, result, tap=tap: taps.__setitem__(tap, result))
    with torch.inference_mode():
        logits = network(image(kind, resolution(name)))
    taps["logits"] = logits
    taps["out"] = logits if name.startswith("swin") or name == "vmunet_paper" else logits.sigmoid()
    compared = 0
    for tap in (key for key in records.files if "@" not in key):
        *_, every = records[f"{tap}@shape"].tolist()
        expected, ours = records[tap], sampled(taps[tap], every)
        assert taps[tap].numel() == math.prod(records[f"{tap}@shape"].tolist()[:-1]), tap
        assert np.abs(ours - expected).max() <= RELATIVE * np.abs(expected).max(), tap
        mean, std, largest = records[f"{tap}@stat"]
        whole = taps[tap].double()
        assert float(whole.mean()) == pytest.approx(mean, abs=RELATIVE * largest), tap
        assert float(whole.std()) == pytest.approx(std, abs=RELATIVE * largest), tap
        compared += 1
    assert compared >= (1 if kind == "gray" else 9)


@pytest.mark.parametrize("name", sorted(path.stem.removeprefix("grads_") for path in ORACLE.glob("grads_*.json")))
def test_oracle_gradients(name: str) -> None:
    recorded = json.loads((ORACLE / f"grads_{name}.json").read_text())
    network = filled(name)
    logits = network(image("rgb", recorded["H"]))
    out = logits if name.startswith("swin") else logits.sigmoid()
    weights = np.random.RandomState(7).standard_normal(tuple(out.shape)).astype(np.float32)
    loss = (out * torch.from_numpy(weights)).mean()
    assert loss.item() == pytest.approx(recorded["loss"], rel=2e-4, abs=1e-7)
    loss.backward()
    for key, parameter in network.named_parameters():
        expected = recorded["grads"][key]
        if expected is None:
            assert parameter.grad is None or not parameter.grad.any(), key
            continue
        assert parameter.grad is not None, key
        total, norm = expected
        assert parameter.grad.norm().item() == pytest.approx(norm, rel=2e-4, abs=1e-9), key
        assert parameter.grad.double().sum().item() == pytest.approx(
            total, abs=2e-4 * norm * parameter.numel() ** 0.5 + 1e-9
        ), key
