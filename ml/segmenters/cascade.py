"""YOLO finds the objects on the reduced frame, EfficientSAM refines each at full resolution from its box."""

import hashlib
import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import ndimage
from torch import nn

from ml.segmenters import yolo
from ml.segmenters.box_tiles import Tile, tiles_for
from ml.segmenters.disputes import Claim, settled
from ml.segmenters.efficient_sam import PROMPTS_AT_ONCE, EfficientSamSegmenter, load_tiny
from ml.segmenters.instances import Boxed, BoxedInstances
from ml.segmenters.parameters import CASCADE_PARAMETERS, resolve
from ml.segmenters.pieces import finished
from ml.segmenters.prompted_mask import BoxXyxy, around, box_iou, level_for_box, one_object, score_of
from ml.segmenters.yolo import Detected, YoloSegmenter
from ml.types import BoolMask, Embedding, Grey, Instance, Prompt

REACH_PX = 3  # how far an edge may move outwards
SAME_EDGE_IOU = 0.75


class CascadeSegmenter:
    """Finds every object; see `ml.types.Segmenter`. Settings: `ml.segmenters.parameters.CASCADE_PARAMETERS`."""

    def __init__(self, finder: YoloSegmenter, refiner: EfficientSamSegmenter, *, name: str = "cascade") -> None:
        self.name, self.finder, self.refiner = name, finder, refiner
        both = f"{finder.weights_hash} {refiner.weights_hash}"
        self.weights_hash = hashlib.sha256(both.encode()).hexdigest()
        self.model = nn.ModuleList([finder.model, refiner.model])

    def segment(self, frame: Grey, parameters: Mapping[str, Any] | None = None) -> Sequence[Instance]:
        """Find the objects of a frame.

        Parameters
        ----------
        frame
            float32 (height, width), input range mapped to 0..1.
        parameters
            Settings by name.

        Returns
        -------
        Instances, best score first; masks of one phase do not overlap. A score is the geometric mean of the finder's
        probability and of the refiner's estimate of the mask.

        Raises
        ------
        ParameterError
            An unknown name or a value out of range.
        """
        return finished(self.segment_steps(frame, parameters))

    def segment_steps(
        self, frame: Grey, parameters: Mapping[str, Any] | None = None
    ) -> Generator[float | None, None, Sequence[Instance]]:
        """`segment` in pieces: those of both networks, and a few objects each, between which clicks are answered."""
        settings = resolve(CASCADE_PARAMETERS, parameters or {})
        # What is small as it was found may grow.
        found = yield from self.finder.find_steps(frame, settings | {"min_area_px": 0})
        if not found:
            return []
        pixels = yield from self._object_pixels(frame)
        height, width = frame.shape
        boxes = np.array([each.box_xyxy for each in found]).clip(0, [width, height, width, height])
        corners: list[BoxXyxy] = [(x0, y0, x1, y1) for x0, y0, x1, y1 in boxes.tolist()]
        claims: list[Claim] = []
        for tile in tiles_for(boxes, (height, width), self.refiner.input_size):
            embedding = yield from self.refiner.encode_steps(frame[tile.rows, tile.columns])
            for start in range(0, len(tile.boxes), PROMPTS_AT_ONCE):
                numbers = tile.boxes[start : start + PROMPTS_AT_ONCE]
                claims += self._refined(
                    embedding,
                    tile,
                    [found[at] for at in numbers],
                    [corners[at] for at in numbers],
                    settings["min_agreement"],
                )
                yield len(claims) / len(found)
        if pixels is not None:
            claims = yield from _sharpened(claims, pixels)
        return BoxedInstances((height, width), settled(claims, settings["min_area_px"]))

    def _object_pixels(self, frame: Grey) -> Generator[float | None, None, BoolMask | None]:
        """Which pixels are of any object, by the refiner's automatic mode; None where its weights have none."""
        if self.refiner.automatic is None:
            return None
        steps = self.refiner.automatic.probability_steps(frame)
        while True:
            try:
                next(steps)  # how far it is says nothing of the whole
            except StopIteration as done:
                found: BoolMask = done.value.sum(axis=0) >= 0.5
                return found
            yield None

    @torch.inference_mode()
    def _refined(
        self, embedding: Embedding, tile: Tile, found: Sequence[Detected], boxes: Sequence[BoxXyxy], least: float
    ) -> list[Claim]:
        """What the refiner makes of some objects of a tile; `boxes` and their places in px of the frame."""
        in_tile = [_moved(box, tile.columns.start, tile.rows.start) for box in boxes]
        logits, scores = self.refiner.decode_unsorted(embedding, [Prompt(box_xyxy=box) for box in in_tile])
        claims = []
        for each, box, asked, candidates, predicted in zip(found, boxes, in_tile, logits, scores.tolist(), strict=True):
            rows, columns = around(asked, (embedding.height, embedding.width))
            window = self.refiner.in_window(candidates, embedding, rows, columns).cpu().numpy()
            inner = Prompt(box_xyxy=_moved(asked, columns.start, rows.start))
            levels = [level_for_box(candidate, inner) for candidate in window]
            values = [score_of(value, fit) for value, (_, fit) in zip(predicted, levels, strict=True)]
            best = int(np.argmax(values))
            score = math.sqrt(each.score * values[best])
            level, fit = levels[best]
            if fit < least and fit < box_iou(each.mask, _moved(box, each.place[1].start, each.place[0].start)):
                # The refiner took another object for this one, or a part of it: the finder saw it whole.
                claims.append(Claim(replace(each, score=score), each, np.zeros(each.mask.shape, np.float16)))
                continue
            place = _shifted(rows, tile.rows.start), _shifted(columns, tile.columns.start)
            mask = one_object(window[best] >= level, inner)
            sureness = (window[best] - level).astype(np.float16)
            claims.append(Claim(Boxed(place, mask, score, each.phase), each, sureness))
        return claims


def _sharpened(claims: Sequence[Claim], pixels: BoolMask) -> Generator[None, None, list[Claim]]:
    """The claims with the edge that the automatic mode gives each object, where it sees the same one.

    A mask answers at a grid of 4 px, the automatic mode for each pixel; but only masks tell neighbours apart, so no
    object grows into another, and what lies deep in a mask stays.
    """
    held = np.zeros(pixels.shape, np.uint16)
    for claim in claims:
        held[claim.object.place] += claim.object.mask
    found = []
    for number, claim in enumerate(claims):
        place, mask = claim.object.place, claim.object.mask
        grown = mask | (ndimage.binary_dilation(mask, iterations=REACH_PX) & (held[place] == 0))
        edge = (grown & pixels[place]) | ndimage.binary_erosion(mask, iterations=REACH_PX)
        as_found = mask is claim.found.mask  # the refiner saw another object
        same = not as_found and np.count_nonzero(edge & mask) >= SAME_EDGE_IOU * np.count_nonzero(edge | mask)
        found.append(replace(claim, object=replace(claim.object, mask=edge)) if same else claim)
        if number % PROMPTS_AT_ONCE == 0:
            yield None
    return found


def _moved(box_xyxy: BoxXyxy, x: float, y: float) -> BoxXyxy:
    """The box from the point (x, y) on."""
    x0, y0, x1, y1 = box_xyxy
    return x0 - x, y0 - y, x1 - x, y1 - y


def _shifted(side: slice, by: int) -> slice:
    return slice(side.start + by, side.stop + by)


def load(
    *,
    device: str = "cpu",
    weights: Path | None = None,
    weights_folder: Path | None = None,
    untrained: bool = False,
) -> CascadeSegmenter:
    """From the checkpoints of both parts; `weights` names another one of YOLO.

    `untrained`: YOLO has random weights, EfficientSAM its own, as a control of what the found boxes are worth.

    Raises
    ------
    WeightsError
        where a part has no checkpoint, or a file is damaged or of another network.
    """
    finder = yolo.load(device=device, weights=weights, weights_folder=weights_folder, untrained=untrained)
    return CascadeSegmenter(finder, load_tiny(device=device, weights_folder=weights_folder))
