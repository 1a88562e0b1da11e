"""A promptable segmenter without a network: a disc around the click. It keeps the tests of everything else quick."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.segmenters.parameters import resolve
from ml.types import BoolMask, Embedding, Grey, Instance, Prompt

RADII_PX = (12.0, 8.0, 18.0)
SCORES = (0.9, 0.8, 0.7)
FOUND_SCORES = (0.9, 0.8, 0.7, 0.6)  # of the discs of a whole frame: top left, top right, bottom left, bottom right


class FakeSegmenter:
    """Answers with three discs around the last positive point, or with the ellipses of the box."""

    name = "fake"
    weights_hash = "fake-1"
    input_size = 64
    embedding_format = 1

    def segment(self, frame: Grey, parameters: Mapping[str, Any] | None = None) -> list[Instance]:
        """Four discs at the frame's quarter points. It has no parameters: any name is refused."""
        resolve((), parameters or {})
        height, width = frame.shape
        centres = [(x, y) for y in (height / 4, 3 * height / 4) for x in (width / 4, 3 * width / 4)]
        return [
            Instance(_ellipse((height, width), centre, (RADII_PX[0], RADII_PX[0])), score)
            for centre, score in zip(centres, FOUND_SCORES, strict=True)
        ]

    def encode(self, frame: Grey) -> Embedding:
        height, width = frame.shape
        features = np.array([frame.mean()], np.float32)
        return Embedding(features, height, width, features.nbytes)

    def pack(self, embedding: Embedding) -> dict[str, NDArray[Any]]:
        return {"features": embedding.features, "size": np.array([embedding.height, embedding.width])}

    def unpack(self, arrays: Mapping[str, NDArray[Any]]) -> Embedding:
        features = arrays["features"]
        height, width = arrays["size"].tolist()
        return Embedding(features, height, width, features.nbytes)

    def decode(self, embedding: Embedding, prompt: Prompt) -> list[Instance]:
        """Three candidates, best first; none for a prompt without a positive point, a box and a mask.

        A mask to refine grows by the discs of all positive points and the box's ellipse, and loses the discs of the
        negative ones.
        """
        if not prompt.points and prompt.box_xyxy is None:
            raise ValueError("The prompt is empty; give at least one point or a box.")
        found = []
        for radius, score in zip(RADII_PX, SCORES, strict=True):
            mask = _answer((embedding.height, embedding.width), prompt, radius)
            if mask is not None:
                found.append(Instance(mask, score))
        return found


def _answer(size: tuple[int, int], prompt: Prompt, radius: float) -> BoolMask | None:
    discs = [(label, _ellipse(size, (x, y), (radius, radius))) for x, y, label in prompt.points]
    if prompt.box_xyxy is not None:
        x0, y0, x1, y1 = prompt.box_xyxy
        part = radius / RADII_PX[0] / 2
        box = _ellipse(size, ((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) * part, (y1 - y0) * part))
        if prompt.mask is None:
            return box
        discs.append((1, box))
    positive = [disc for label, disc in discs if label == 1]
    if prompt.mask is None:
        return positive[-1] if positive else None
    grown: BoolMask = np.logical_or.reduce([prompt.mask, *positive])
    return grown & ~np.logical_or.reduce([np.zeros(size, bool), *(disc for label, disc in discs if label == 0)])


def load(**_options: Any) -> FakeSegmenter:
    """Build it; device and weights, which every loader gets, mean nothing here."""
    return FakeSegmenter()


def _ellipse(size: tuple[int, int], centre_xy: tuple[float, float], half_xy: tuple[float, float]) -> BoolMask:
    if min(half_xy) <= 0 or not math.isfinite(sum(half_xy)):
        return np.zeros(size, bool)
    rows, columns = np.ogrid[: size[0], : size[1]]
    across, down = (columns + 0.5 - centre_xy[0]) / half_xy[0], (rows + 0.5 - centre_xy[1]) / half_xy[1]
    inside: BoolMask = across**2 + down**2 <= 1
    return inside
