"""The long-term memory: bounded, the first frame and corrections pinned, the rest thinned."""

from itertools import pairwise

import pytest
import torch

from ml.modeling.deaot.gated_propagation import Held
from ml.tracking.memory import Kept, Memory

TOKENS = 6


def held(value: float) -> list[Held]:
    """A frame of one layer, all of whose entries are its number."""
    return [Held(*(torch.full((1, TOKENS, width), value) for width in (3, 5, 5, 2)))]


def filled(frames: int, most: int, pinned: tuple[int, ...] = (0,)) -> Memory:
    memory = Memory(most)
    for frame in range(frames):
        numbers = torch.full((1, 2, 2), frame)
        memory.add(Kept(frame, frame in pinned, numbers), held(float(frame)))
    return memory


def frames_of(memory: Memory) -> list[int]:
    return sorted(each.frame for each in memory.kept)


def test_memory_is_bounded_for_any_length() -> None:
    memory = filled(2000, 10)
    assert len(memory.kept) == 10
    assert [part.shape[1] for part in memory.layers[0].parts()] == [10 * TOKENS] * 4


def test_the_first_frame_and_pinned_ones_stay() -> None:
    assert {0, 40, 700} <= set(frames_of(filled(2000, 10, pinned=(0, 40, 700))))


def test_what_is_kept_lies_denser_the_more_recent_it_is() -> None:
    frames = frames_of(filled(2000, 10))
    gaps = [later - earlier for earlier, later in pairwise(frames)]
    assert frames[-1] == 1999
    assert gaps[-1] < 40 < gaps[0]
    assert max(gaps) < 1500


def test_tokens_are_those_of_the_frames_that_are_kept() -> None:
    memory = filled(300, 5)
    for part in memory.layers[0].parts():
        numbers = part.view(1, 5, TOKENS, -1)
        assert (numbers == numbers[:, :, :1, :1]).all()
        assert numbers[0, :, 0, 0].tolist() == [each.frame for each in memory.kept]


def test_more_corrections_than_places_push_out_corrections_but_never_the_first_frame() -> None:
    memory = filled(50, 4, pinned=tuple(range(50)))
    frames = frames_of(memory)
    assert frames[0] == 0 and frames[-1] == 49 and len(frames) == 4


def test_a_memory_of_the_first_frame_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs 2 or more"):
        Memory(1)
