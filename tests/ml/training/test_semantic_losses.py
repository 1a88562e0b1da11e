"""What the semantic networks are taught."""

import copy

import pytest
import torch
from torch import nn

from ml.modeling import unets
from ml.training.semantic import bold, contacts


def test_both_sides_of_a_contact_are_a_gap_and_nothing_else() -> None:
    labels = torch.tensor([[[0, 1, 1, 2], [0, 1, 0, 2], [0, 0, 0, 0], [3, 3, 3, 3]]])
    found = contacts(labels, (labels > 0).long())
    assert found.long().tolist() == [[[0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]]


def test_a_core_and_its_shell_have_no_gap() -> None:
    labels = torch.tensor([[[1, 1, 2, 3]]])
    assert contacts(labels, torch.tensor([[[1, 1, 2, 2]]])).long().tolist() == [[[0, 0, 1, 1]]]


@pytest.mark.parametrize("family", ["vm_unet", "vm_unet_v2"])
def test_a_network_that_was_just_begun_answers_boldly(family: str) -> None:
    """With the usual start its logits hardly differ from pixel to pixel, and need hundreds of steps to grow."""

    def spread(network: nn.Module) -> float:
        image = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
        with torch.inference_mode():
            return float(network.eval()(image).std())

    torch.manual_seed(0)
    usual = unets.build(family, "small")
    begun = bold(copy.deepcopy(usual))
    assert spread(begun) > 2 * spread(usual)
