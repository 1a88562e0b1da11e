"""What the semantic networks are taught."""

import torch

from ml.training.semantic import contacts


def test_both_sides_of_a_contact_are_a_gap_and_nothing_else() -> None:
    labels = torch.tensor([[[0, 1, 1, 2], [0, 1, 0, 2], [0, 0, 0, 0], [3, 3, 3, 3]]])
    assert contacts(labels).long().tolist() == [[[0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]]
