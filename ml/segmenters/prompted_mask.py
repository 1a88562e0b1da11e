"""From what a network answers to the one object that a prompt points at."""

import numpy as np
from scipy import ndimage

from ml.types import BoolMask, Prompt

BOX_MARGIN = 0.05  # of the box's side: people draw boxes a little tight


def one_object(mask: BoolMask, prompt: Prompt) -> BoolMask:
    """The parts of `mask` (H, W) that the prompt's positive points lie on, or its largest part where they lie on none.

    A network that was trained on few images also marks objects like the one asked for; they are not connected to it.
    What lies outside the prompt's box, grown by a twentieth, is left out. An empty mask stays empty.
    """
    if prompt.box_xyxy is not None:
        mask = _within(mask, prompt.box_xyxy)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return mask
    crop = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    parts, count = ndimage.label(mask[crop])
    if count == 1:
        return mask
    pointed = {
        int(parts[int(y) - rows[0], int(x) - columns[0]])
        for x, y, label in prompt.points
        if label == 1 and rows[0] <= int(y) <= rows[-1] and columns[0] <= int(x) <= columns[-1]
    } - {0}
    chosen = list(pointed) or [int(np.bincount(parts.ravel())[1:].argmax()) + 1]
    kept = np.zeros_like(mask)
    kept[crop] = np.isin(parts, chosen)
    return kept


def _within(mask: BoolMask, box_xyxy: tuple[float, float, float, float]) -> BoolMask:
    x0, x1 = sorted(box_xyxy[0::2])
    y0, y1 = sorted(box_xyxy[1::2])
    margin_x, margin_y = max(1.0, BOX_MARGIN * (x1 - x0)), max(1.0, BOX_MARGIN * (y1 - y0))
    inside = (
        slice(max(int(y0 - margin_y), 0), max(int(np.ceil(y1 + margin_y)), 0)),
        slice(max(int(x0 - margin_x), 0), max(int(np.ceil(x1 + margin_x)), 0)),
    )
    cropped = np.zeros_like(mask)
    cropped[inside] = mask[inside]
    return cropped
