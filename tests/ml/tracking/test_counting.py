"""Votes: whose each pixel is, and whose each segmented object, over all groups."""

import numpy as np
import pytest
import torch

from ml.tracking.counting import count, probabilities

SIZE = (33, 33)


def logits(groups: int, seed: int = 0) -> list[torch.Tensor]:
    return list(3 * torch.randn(groups, 11, 9, 9, generator=torch.Generator().manual_seed(seed)))


@pytest.mark.parametrize("groups", [1, 2, 5])
def test_probabilities_of_all_groups_add_up_to_one(groups: int) -> None:
    background, others = probabilities(logits(groups), SIZE)
    total = background + sum(group.sum(dim=0) for group in others())
    torch.testing.assert_close(total, torch.ones(SIZE))


def test_pixels_and_segments_go_to_the_track_with_the_best_odds() -> None:
    first, second = torch.full((2, 11, 9, 9), -4.0)
    first[0] = second[0] = 4.0
    first[3, :, :4] = 9.0  # the left: channel 2 of the first group
    second[1, :, 6:] = 9.0  # the right: channel 0 of the second
    segmented = np.zeros(SIZE, np.uint32)
    segmented[5:12, 2:8], segmented[5:12, 27:32], segmented[20:24, 15:18] = 7, 70_000, 9
    votes = count([first, second], [{2: 4_000_000_000}, {0: 12}], SIZE, segmented)
    assert set(np.unique(votes.labels)) == {0, 12, 4_000_000_000}
    assert (votes.labels[:, :8] == 4_000_000_000).all() and (votes.labels[:, 28:] == 12).all()
    assert votes.segments[7][4_000_000_000] > 0.9
    assert votes.segments[70_000][12] > 0.9
    assert votes.segments[9][0] > 0.9
    assert all(sum(shares.values()) == pytest.approx(1, abs=1e-3) for shares in votes.segments.values())


def test_confidence_is_the_mean_probability_of_a_tracks_own_pixels() -> None:
    group = torch.zeros(11, 9, 9)
    group[2:] = -1e10
    group[1, :, 5:] = np.log(3)  # there 0.75 of channel 0, elsewhere as much as the background
    group[0, :, :5] = 5.0
    votes = count([group], [{0: 5, 7: 6}], SIZE)
    right = votes.labels == 5
    assert votes.confidence == {5: pytest.approx(0.75, abs=0.03), 6: 0.0}
    assert right[:, -8:].all() and not right[:, :12].any()


def test_without_anything_to_follow_all_is_background() -> None:
    segmented = np.zeros(SIZE, np.uint32)
    segmented[3:5] = 2
    votes = count([], [], SIZE, segmented)
    assert not votes.labels.any() and votes.confidence == {} and votes.segments == {2: {0: 1.0}}
