"""How well one click, or one box, segments each object."""

from collections.abc import Callable, Iterable
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.types import Embedding, Grey, Instance, Prompt

LEAST_AREA_PX = 100
PromptKind = Literal["point", "box"]


class Prompted(Protocol):
    """The two calls of a promptable segmenter that are scored here."""

    def encode(self, frame: Grey) -> Embedding: ...

    def decode(self, embedding: Embedding, prompt: Prompt) -> list[Instance]: ...


def deepest_point(mask: NDArray[np.bool_]) -> tuple[float, float]:
    """(x, y) of the centre of the pixel farthest from the outside; beyond the frame is outside."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(int(np.argmax(depth)), mask.shape)
    return float(x) + 0.5, float(y) + 0.5


def prompted_ious(
    segmenter: Prompted,
    frames: Iterable[tuple[NDArray[np.float32], NDArray[np.int32]]],
    kind: PromptKind,
    progress: Callable[[], None] = lambda: None,
) -> NDArray[np.float64]:
    """IoU of the best-scored mask for every object of at least 100 px, each prompted once.

    Parameters
    ----------
    frames
        (image float32 (H, W) in 0..1, instance labels (H, W)).
    kind
        "point": the object's deepest point; "box": its bounding box.

    Returns
    -------
    IoU per object, frames and ids in order; empty where no object is large enough.
    """
    ious: list[float] = []
    for image, labels in frames:
        embedding = segmenter.encode(image)
        for object_id, box in enumerate(ndimage.find_objects(labels), start=1):
            if box is None:
                continue
            part = labels[box] == object_id
            if part.sum() < LEAST_AREA_PX:
                continue
            candidates = segmenter.decode(embedding, _prompt(part, box, kind))
            truth = labels == object_id
            best = candidates[0].mask if candidates else np.zeros_like(truth)
            ious.append(float((best & truth).sum() / (best | truth).sum()))
        progress()
    return np.array(ious)


def _prompt(part: NDArray[np.bool_], box: tuple[slice, slice], kind: PromptKind) -> Prompt:
    rows, columns = box
    if kind == "box":
        return Prompt(box_xyxy=(columns.start, rows.start, columns.stop, rows.stop))
    x, y = deepest_point(part)
    return Prompt(points=((columns.start + x, rows.start + y, 1),))
