"""What every training run needs."""

import pytest
import torch
from torch import nn

from ml.training.run import average_of, averaged


def test_what_batch_norms_count_is_averaged_with_the_weights() -> None:
    model = nn.BatchNorm1d(2)
    average = average_of(model)
    with torch.no_grad():
        model.weight.fill_(3.0)
        model.running_mean.fill_(10.0)
        model.num_batches_tracked.fill_(7)
    averaged(average, model, step=1000, decay=0.9)
    assert average.weight.tolist() == pytest.approx([1.2, 1.2])
    assert average.running_mean.tolist() == pytest.approx([1.0, 1.0])
    assert int(average.num_batches_tracked) == 7


def test_the_first_steps_count_more() -> None:
    model = nn.Linear(1, 1, bias=False)
    average = average_of(model)
    with torch.no_grad():
        model.weight.add_(1.0)
    before = float(average.weight)
    averaged(average, model, step=0, decay=0.999)
    assert float(average.weight) - before == pytest.approx(0.9)
