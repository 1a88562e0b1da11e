"""Which weights move by which rule."""

import torch
from torch import nn, optim

from ml.modeling import unets
from ml.training.optimizers import optimizers_of


def test_every_weight_moves_by_one_rule() -> None:
    model = unets.build("vm_unet", "small")
    found = optimizers_of(model, 0.01)
    assert [isinstance(one, optim.Muon) for one in found] == [False, True]
    moved = [p.data_ptr() for one in found for group in one.param_groups for p in group["params"]]
    assert sorted(moved) == sorted(p.data_ptr() for p in model.parameters())


def test_a_convolution_moves_by_the_matrix_that_shares_its_memory() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.GELU(), nn.Conv2d(8, 4, 3))
    image, before = torch.randn(4, 3, 16, 16), model[0].weight.detach().clone()
    found = optimizers_of(model, 0.0)
    losses = []
    for _ in range(60):
        model.zero_grad()
        loss = (model(image) - 1).square().mean()
        loss.backward()
        for optimizer in found:
            for group in optimizer.param_groups:
                group["lr"] = 1e-2 * group["share"]
            optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.1 * losses[0]
    assert not torch.equal(model[0].weight, before)


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
    assert [type(one) for one in optimizers_of(nn.LayerNorm(4), 0.01)] == [optim.AdamW]
