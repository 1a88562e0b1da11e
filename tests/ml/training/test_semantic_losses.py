"""What the semantic networks are taught."""

import torch

from ml.training.semantic import contacts


def test_both_sides_of_a_contact_are_a_gap_and_nothing_else() -> None:
    labels = torch.tensor([[[0, 1, 1, 2], [0, 1, 0, 2], [0, 0, 0, 0], [3, 3, 3, 3]]])
    found = contacts(labels, (labels > 0).long())
    assert found.long().tolist() == [[[0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]]


def test_a_core_and_its_shell_have_no_gap() -> None:
    labels = torch.tensor([[[1, 1, 2, 3]]])
    assert contacts(labels, torch.tensor([[[1, 1, 2, 2]]])).long().tolist() == [[[0, 0, 1, 1]]]
