"""What moves the weights: Muon for the matrices inside a network, AdamW for the rest."""

from torch import nn, optim

MUON_SHARE = 3.0  # its learning rate in units of AdamW's
# Matrices that are no linear maps of features: what the scan is made of, and biases by position.
_NO_MAPS = ("A_logs", "Ds", "dt_projs", "relative_position")


def optimizers_of(model: nn.Module, weight_decay: float) -> list[optim.Optimizer]:
    """Muon (Jordan et al. 2024) for linear layers, AdamW for the rest; norms, biases and tables do not decay.

    `share` of a group is its learning rate in units of the recipe's. Convolutions stay with AdamW: Muon takes
    matrices only, and a network without any has no Muon.
    """
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    maps = {name: p for name, p in named.items() if p.ndim >= 2 and not any(part in name for part in _NO_MAPS)}
    matrices = [p for p in maps.values() if p.ndim == 2]
    groups = [
        {"params": [p for p in maps.values() if p.ndim > 2], "weight_decay": weight_decay, "share": 1.0},
        {"params": [p for name, p in named.items() if name not in maps], "weight_decay": 0.0, "share": 1.0},
    ]
    found: list[optim.Optimizer] = [optim.AdamW(groups, lr=0.0)]
    if matrices:
        group = {"params": matrices, "weight_decay": weight_decay, "share": MUON_SHARE}
        found.append(optim.Muon([group], lr=0.0, adjust_lr_fn="match_rms_adamw"))
    return found
