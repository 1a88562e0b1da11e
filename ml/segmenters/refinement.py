"""What a network makes of a mask that a prompt refines, whether it takes masks or not."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from ml.segmenters.prompted_mask import agrees, extent, mask_iou
from ml.types import BoolMask, Instance, Prompt

SURENESS = 1e-3  # how far from 0 and 1 the probability of a mask's pixels is taken to be
INNER_POINTS = 3
CLEARANCE = 2.0  # of inner points from a negative one, in its distances from the mask's edge
LEAST_CLEARANCE_PX = 3.0
INNER_SIDE_PX = 256  # in larger masks inner points are sought on every second pixel, or third
SAME_OBJECT_IOU = 0.8  # above, the network sees the object where the mask has it

Point = tuple[float, float, int]


def logits_of(mask: Tensor, size: tuple[int, int], input_size: int, side: int) -> Tensor:
    """The logits that a network might have answered with a mask, for networks that take them as part of a prompt.

    The mask is smoothed by averaging it over the pixels of the network's own masks, and its inverse sigmoid taken,
    clipped to that of 0.001 and 0.999, as micro-sam does (Archit et al. 2025, doi:10.1038/s41592-024-02580-4).

    Parameters
    ----------
    mask
        bool (height, width) of the frame.
    size
        (height, width) that the frame has in the upper left of the network's square of `input_size`.
    side
        Of the network's own masks.

    Returns
    -------
    float32 (1, side, side); outside the frame is background.
    """
    inner = [max(1, round(length * side / input_size)) for length in size]
    share = F.interpolate(mask[None, None].float(), inner, mode="bilinear", align_corners=False, antialias=True)
    share = F.pad(share, (0, side - inner[1], 0, side - inner[0]))
    return share.clamp(SURENESS, 1 - SURENESS).logit()[0]


def with_inner_points(prompt: Prompt, count: int = INNER_POINTS) -> Prompt:
    """The prompt with positive points inside its mask, far from the edge, from each other and from negative points.

    A prompt without a mask, and one of a mask alone, stays as it is.
    """
    if prompt.mask is None or not (prompt.points or prompt.box_xyxy):
        return prompt
    rows, columns = extent(prompt.mask)
    step = 1 + max(rows.stop - rows.start, columns.stop - columns.start) // INNER_SIDE_PX
    part = np.pad(prompt.mask[rows, columns][::step, ::step], 1)
    y, x = np.ogrid[: part.shape[0], : part.shape[1]]
    depth = ndimage.distance_transform_edt(part)
    free = part.copy()
    for at_x, at_y, label in prompt.points:
        across, down = int((at_x - columns.start) / step) + 1, int((at_y - rows.start) / step) + 1
        if label == 0 and 0 <= down < part.shape[0] and 0 <= across < part.shape[1] and part[down, across]:
            clearance = max(CLEARANCE * depth[down, across], LEAST_CLEARANCE_PX / step)
            free &= np.hypot(x - across, y - down) > clearance
    depth = ndimage.distance_transform_edt(free)
    found: list[Point] = []
    while len(found) < count and depth.any():
        down, across = (int(place) for place in np.unravel_index(int(depth.argmax()), depth.shape))
        found.append((columns.start + (across - 1) * step + 0.5, rows.start + (down - 1) * step + 0.5, 1))
        depth = np.minimum(depth, np.hypot(x - across, y - down) / 2)
    return replace(prompt, points=(*prompt.points, *found))


def refined(found: Sequence[Instance], prompt: Prompt, mask: BoolMask) -> list[Instance]:
    """Candidates in the order in which they refine `mask`: those that hold to the prompt's points first, then by the
    sum of their score and of their IoU with the mask.

    Where the first one is the same object as the mask, the mask with what the points speak of as the network sees it,
    and the rest of it as it is, comes before all: who corrects one end of an object wants to keep the other.
    """

    def rank(each: Instance) -> tuple[bool, float]:
        return agrees(each.mask, prompt), each.score + mask_iou(each.mask, mask)

    order = sorted(found, key=rank, reverse=True)
    if order:
        changed = edited(mask, order[0].mask, prompt.points)
        if agrees(changed, prompt) and mask_iou(changed, order[0].mask) >= SAME_OBJECT_IOU:
            order.insert(0, replace(order[0], mask=changed))
    return order


def edited(mask: BoolMask, answer: BoolMask, points: Sequence[Point]) -> BoolMask:
    """`mask`, and of `answer` the parts that points ask for: what it has more at positive points, less at negative."""
    result = mask.copy()
    rows, columns = extent(answer ^ mask)
    before, after, inside = mask[rows, columns], answer[rows, columns], result[rows, columns]
    more, _ = ndimage.label(after & ~before)
    less, _ = ndimage.label(before & ~after)
    for x, y, label in points:
        if not (rows.start <= int(y) < rows.stop and columns.start <= int(x) < columns.stop):
            continue
        parts = more if label == 1 else less
        if part := parts[int(y) - rows.start, int(x) - columns.start]:
            inside[parts == part] = label == 1
    return result
