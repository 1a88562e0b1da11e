"""DeAOT over a series: groups of ten, channels that are given away again, memory in half precision."""

import pytest
import torch
from torch import Tensor

from ml.modeling.deaot import DeAot, Features
from ml.tracking.follower import GROUPS_AT_ONCE, Follower
from tests.ml.tracking.networks import filled

SIDE = 65


@pytest.fixture(scope="module")
def network() -> DeAot:
    return filled("deaot_t")


def image(seed: int) -> Tensor:
    return torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def squares(numbers: range | list[int]) -> Tensor:
    """Each number a square of 8 px, in rows of eight."""
    labels = torch.zeros(SIDE, SIDE, dtype=torch.int64)
    for place, number in enumerate(numbers):
        row, column = divmod(place, 8)
        labels[row * 8 : row * 8 + 8, column * 8 : column * 8 + 8] = number
    return labels


@pytest.fixture
def features(network: DeAot) -> list[Features]:
    with torch.inference_mode():
        return [network.encode(image(seed)) for seed in range(4)]


@torch.inference_mode()
def test_objects_are_followed_in_groups_of_ten_and_some_groups_at_a_time(
    network: DeAot, features: list[Features]
) -> None:
    follower = Follower(network)
    follower.refer(features[0], squares(range(1, 46)), range(1, 46))
    assert [cohort.groups for cohort in follower.cohorts] == [GROUPS_AT_ONCE, 1]
    logits = follower.propagate(features[1])
    assert [group.shape for group in logits] == [(11, 17, 17)] * 5
    silent = [(group.amax((1, 2)) < -1e9).tolist() for group in logits]
    assert silent == [[False] * 11] * 4 + [[False] * 6 + [True] * 5]
    assert follower.tracks()[4] == {0: 41, 1: 42, 2: 43, 3: 44, 4: 45}


@torch.inference_mode()
def test_a_group_is_the_same_beside_others_and_alone(network: DeAot, features: list[Features]) -> None:
    together, alone = Follower(network), Follower(network)
    labels = squares(range(1, 31))
    together.refer(features[0], labels, range(1, 31))
    alone.refer(features[0], torch.where((labels > 10) & (labels < 21), labels, 0), range(11, 21))
    torch.testing.assert_close(together.propagate(features[1])[1], alone.propagate(features[1])[0])


@torch.inference_mode()
def test_a_new_object_takes_a_place_that_nothing_in_memory_has(network: DeAot, features: list[Features]) -> None:
    follower = Follower(network)
    follower.refer(features[0], squares([1, 2]), [1, 2])
    follower.forget([1])
    follower.refer(features[1], squares([3, 2]), [2, 3])
    assert follower.tracks() == [{1: 2, 2: 3}]


@torch.inference_mode()
def test_a_place_that_is_given_away_again_is_taken_out_of_the_memory(network: DeAot, features: list[Features]) -> None:
    """The new object must not be sought where the one before it was."""
    used, clean = Follower(network, gap=1), Follower(network, gap=1)
    ten = squares(range(1, 11))
    for follower, labels in ((used, ten), (clean, torch.where(ten == 4, 0, ten))):
        follower.refer(features[0], labels, range(1, 11))
        follower.propagate(features[1])
        follower.remember(labels)
        follower.forget([4])
    before = [held.identity.clone() for held in used.cohorts[0].memory.layers]
    new = squares([1, 2, 3, 11, 5, 6, 7, 8, 9, 10])
    logits = []
    for follower in (used, clean):
        follower.refer(features[2], new, [11])
        assert follower.tracks()[0][3] == 11
        logits.append(follower.propagate(features[3])[0])
    rewritten = used.cohorts[0].memory.layers[0].identity
    assert (rewritten[:, : before[0].shape[1]] - before[0]).abs().max() > 1e-3
    torch.testing.assert_close(logits[0], logits[1])


@torch.inference_mode()
def test_the_other_cohorts_do_not_look_again_when_an_object_is_added(network: DeAot, features: list[Features]) -> None:
    follower = Follower(network)
    follower.refer(features[0], squares(range(1, 41)), range(1, 41))
    follower.propagate(features[1])
    labels = squares(range(1, 42))
    follower.refer(features[1], labels, range(1, 42), everyone=False)
    assert [len(cohort.memory.kept) for cohort in follower.cohorts] == [1, 1]
    undisturbed = Follower(network)
    undisturbed.refer(features[0], squares(range(1, 41)), range(1, 41))
    undisturbed.propagate(features[1])
    undisturbed.remember(labels)
    torch.testing.assert_close(follower.propagate(features[2])[:4], undisturbed.propagate(features[2]))


@torch.inference_mode()
def test_nothing_is_left_of_objects_that_are_all_gone(network: DeAot, features: list[Features]) -> None:
    follower = Follower(network)
    follower.refer(features[0], squares([5]), [5])
    follower.forget([5])
    assert follower.propagate(features[1]) == [] and follower.objects == set()


@torch.inference_mode()
@pytest.mark.parametrize("name", ["deaot_t", "deaot_l"])
def test_memory_does_not_grow_with_the_series(name: str) -> None:
    network = filled(name)
    follower = Follower(network, gap=1, most_frames=4)
    labels = squares(range(1, 4))
    held = network.encode(image(0))
    follower.refer(held, labels, range(1, 4))
    sizes = []
    for _ in range(12):
        follower.propagate(held)
        follower.remember(labels)
        layers = [*follower.cohorts[0].memory.layers, *follower.cohorts[0].short]
        sizes.append(sum(part.nbytes for layer in layers for part in layer.parts()))
    assert sizes[0] < sizes[3] == sizes[-1]


@torch.inference_mode()
@pytest.mark.parametrize("name", ["deaot_t", "deaot_l"])
def test_half_precision_changes_the_logits_by_a_fiftieth(name: str) -> None:
    network, labels, found = filled(name), squares(range(1, 11)), []
    for half in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            features = [network.encode(image(seed)) for seed in range(3)]
            follower = Follower(network, gap=1)
            follower.refer(features[0], labels, range(1, 11))
            follower.propagate(features[1])
            follower.remember(labels)
            follower.forget([4])
            follower.refer(features[1], labels, range(1, 12))
            found.append(follower.propagate(features[2])[0].float())
        values = {part.dtype for layer in follower.cohorts[0].memory.layers for part in layer.parts()}
        assert values == {torch.bfloat16 if half else torch.float32}
    assert 0 < (found[1] - found[0]).abs().mean() < 0.04 * found[0].std()
