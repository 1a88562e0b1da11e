"""DeAOT's local attention: windows at every place of maps of all shapes, and tables that training can use."""

import pytest
import torch

from ml.modeling.deaot.attention import RADIUS, WINDOW, attend_locally, offsets


@pytest.mark.parametrize("grid", [(1, 1), (3, 40), (40, 3), (17, 18), (31, 31)])
def test_each_token_reads_its_window_alone(grid: tuple[int, int]) -> None:
    """Window by window, as the paper has it."""
    rows, columns = grid
    torch.manual_seed(0)
    q, k, v, v_id = (torch.randn(1, rows * columns, width) for width in (8, 8, 4, 4))
    bias = torch.randn(1, rows * columns, WINDOW**2)
    found = attend_locally(q, k, v, v_id, bias=bias, grid=grid)
    for token in {0, rows * columns // 2, rows * columns // 3, rows * columns - 1}:
        row, column = divmod(token, columns)
        keys, scores = [], []
        for number in range(WINDOW**2):
            down, right = row + number // WINDOW - RADIUS, column + number % WINDOW - RADIUS
            if 0 <= down < rows and 0 <= right < columns:
                keys.append(down * columns + right)
                scores.append(q[0, token] @ k[0, keys[-1]] / 8**0.5 + bias[0, token, number])
        weights = torch.stack(scores).softmax(dim=0)
        expected = torch.cat([weights @ v[0, keys], weights @ v_id[0, keys]])
        torch.testing.assert_close(found[0, token], expected)


def test_training_goes_on_after_inference_asked_for_a_table_first() -> None:
    offsets.cache_clear()
    q, k = torch.randn(2, 1, 9, 8)
    bias = torch.randn(1, 9, WINDOW**2, requires_grad=True)
    with torch.inference_mode():
        attend_locally(q, k, k, k, bias=bias, grid=(3, 3))
    attend_locally(q, k, k, k, bias=bias, grid=(3, 3)).sum().backward()
    assert bias.grad is not None
