"""Which weights move by which rule."""

from torch import nn, optim

from ml.modeling import unets
from ml.training.optimizers import optimizers_of


def test_every_weight_moves_by_one_rule() -> None:
    model = unets.build("vm_unet", "small")
    found = optimizers_of(model, 0.01)
    assert {type(one) for one in found} == {optim.AdamW, optim.Muon}
    moved = [id(p) for one in found for group in one.param_groups for p in group["params"]]
    assert sorted(moved) == sorted(id(p) for p in model.parameters())


def test_what_the_scan_is_made_of_does_not_decay() -> None:
    model = unets.build("vm_unet", "small")
    kept = {id(p) for name, p in model.named_parameters() if any(n in name for n in ("A_logs", "Ds", "dt_projs"))}
    decaying = [
        id(p)
        for one in optimizers_of(model, 0.01)
        for group in one.param_groups
        if group["weight_decay"]
        for p in group["params"]
    ]
    assert kept and not kept & set(decaying)


def test_a_network_without_matrices_has_no_muon() -> None:
    assert [type(one) for one in optimizers_of(nn.Conv2d(1, 1, 3), 0.01)] == [optim.AdamW]
