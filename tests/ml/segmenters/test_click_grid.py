"""Objects by a grid of clicks: each once, and memory for the objects, not for a frame each."""

import tracemalloc
from collections.abc import Generator

import numpy as np
import torch
from torch import Tensor

from ml.segmenters.click_grid import click_grid_steps
from ml.segmenters.pieces import finished
from ml.types import Embedding, Grey, Prompt

SETTINGS = {"grid": 8, "min_score": 0.5, "min_stability": 0.5, "min_area_px": 10}


class Discs:
    """Answers a click with the disc of its cell of an 8 × 8 grid, and with a spot in the corner of the frame."""

    def __init__(self, score: float, radius: float) -> None:
        self.score, self.radius = score, radius
        self.scaled_up: list[int] = []

    def encode_steps(self, frame: Grey) -> Generator[float | None, None, Embedding]:
        yield None
        return Embedding(None, *frame.shape, 0)

    def decode_many(self, embedding: Embedding, prompts: list[Prompt]) -> tuple[Tensor, Tensor]:
        # The click's place stands for the logits, all of which are far from 0.
        places = torch.tensor([[[100.0 + x, 100.0 + y]] for prompt in prompts for x, y, _ in prompt.points])
        return places[:, None], torch.full((len(prompts), 1), self.score)

    def full_size(self, logits: Tensor, embedding: Embedding) -> Tensor:
        self.scaled_up.append(len(logits))
        rows, columns = np.ogrid[: embedding.height, : embedding.width]
        x, y = (logits.reshape(-1, 2)[0] - 100).tolist()
        inside = np.hypot(columns + 0.5 - x, rows + 0.5 - y) <= self.radius
        inside[:3, :3] = True
        return torch.where(torch.from_numpy(inside), 1.0, -1.0)[None]


def test_a_large_frame_takes_memory_for_its_objects_and_one_map_at_a_time() -> None:
    network, frame = Discs(0.8, 20), np.zeros((1600, 1600), np.float32)
    tracemalloc.start()
    try:
        found = finished(click_grid_steps(network, frame, SETTINGS, 8))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert network.scaled_up == [1] * 64
    assert held < frame.size  # less than one mask of the frame
    assert len(found) == 64
    assert len({tuple(np.argwhere(each.mask).mean(axis=0).round()) for each in found}) == 64
    for each in found:
        assert each.mask.shape == frame.shape
        assert abs(each.mask.sum() - np.pi * 20**2) < 20


def test_of_objects_that_share_most_of_the_smaller_one_the_better_stays() -> None:
    # Discs of 100 px around clicks that are 40 px apart: neighbours share most.
    found = finished(click_grid_steps(Discs(0.8, 50), np.zeros((320, 320), np.float32), SETTINGS, 8))
    masks = [each.mask for each in found]
    assert 4 <= len(masks) < 64
    for i, one in enumerate(masks):
        for other in masks[:i]:
            assert (one & other).sum() <= 0.5 * min(one.sum(), other.sum())


def test_a_click_inside_a_sure_object_is_not_asked() -> None:
    network = Discs(0.95, 50)
    finished(click_grid_steps(network, np.zeros((320, 320), np.float32), SETTINGS, 1))
    assert len(network.scaled_up) < 64
