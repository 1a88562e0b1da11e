"""What moves the weights: Muon for the linear maps inside a network, convolutions among them, AdamW for the rest."""

from typing import Any

import torch
from torch import Tensor, nn, optim

MUON_SHARE = 3.0  # its learning rate in units of AdamW's
# Tables that are no linear maps of features: what the scan is made of, and biases by position.
_NO_MAPS = ("A_logs", "Ds", "dt_projs", "relative_position")


def optimizers_of(model: nn.Module, weight_decay: float) -> list[optim.Optimizer]:
    """Muon (Jordan et al. 2024) for linear layers and dense convolutions, AdamW for the rest.

    Norms, biases and tables do not decay. `share` of a group is its learning rate in units of the recipe's.
    """
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    maps = {name: p for name, p in named.items() if p.ndim >= 2 and not any(part in name for part in _NO_MAPS)}
    moved = [p for p in maps.values() if p.ndim in (2, 4) and len(p) > 1 and p.shape[1] > 1]  # no depthwise ones
    chosen = {id(p) for p in moved}
    groups = [
        {"params": [p for p in maps.values() if id(p) not in chosen], "weight_decay": weight_decay, "share": 1.0},
        {"params": [p for name, p in named.items() if name not in maps], "weight_decay": 0.0, "share": 1.0},
    ]
    found: list[optim.Optimizer] = [optim.AdamW(groups, lr=0.0)]
    if moved:
        found.append(FlatMuon(moved, weight_decay=weight_decay, share=MUON_SHARE))
    return found


class FlatMuon(optim.Muon):
    """Muon on weights of any rank, each as the matrix [out, all else] that shares its memory."""

    def __init__(self, weights: list[nn.Parameter], *, weight_decay: float, share: float) -> None:
        self._weights = weights
        self._flat = [nn.Parameter(weight.data.view(len(weight), -1)) for weight in weights]  # never a copy
        group = {"params": self._flat, "weight_decay": weight_decay, "share": share}
        super().__init__([group], lr=0.0, adjust_lr_fn="match_rms_adamw")

    @torch.no_grad()
    def step(self, closure: Any = None) -> Tensor | None:  # type: ignore[override]
        for weight, flat in zip(self._weights, self._flat, strict=True):
            flat.grad = None if weight.grad is None else weight.grad.flatten(1)
        return super().step(closure)
