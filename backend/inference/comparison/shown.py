"""What is shown of a comparison: its table, and over each frame where a model agrees and errs."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from backend.inference.attachment import file_stem
from backend.inference.comparison.archive import ARCHIVE
from backend.inference.comparison.orders import COMPARE
from backend.inference.comparison.work import folder_of, frame_title
from backend.jobs.models import Job, State
from backend.protocol.errors import ConflictError, NotFoundError

TRUTH, LABELS = "truth", "labels"
# By the values of a mask file: true negative, true positive, false positive, false negative. Green, red and blue of
# Okabe and Ito, which differ for everybody.
COLOURS = np.array([(0, 0, 0, 0), (0, 158, 115, 115), (213, 94, 0, 230), (0, 114, 178, 230)], np.uint8)
OUTLINE = (255, 255, 255, 230)
SEEN_PX = 256  # about the side of a picture on the page
# Sky blue, orange, yellow and purple of Okabe and Ito.
FILLS = np.array([(86, 180, 233, 130), (230, 159, 0, 130), (240, 228, 66, 130), (204, 121, 167, 130)], np.uint8)


def require_comparison(job: Job) -> Path:
    """The folder of a comparison that is done."""
    if job.kind != COMPARE:
        raise NotFoundError(f"Job {job.pk} is no comparison.")
    if job.state != State.DONE:
        raise ConflictError(f"This comparison is {job.state}. Ask again when it is done.", code="not_done")
    folder = folder_of(job.pk)
    if not (folder / "comparison.json").is_file():
        raise NotFoundError("This comparison's results were removed. Compare the models again.")
    return folder


def comparison(job: Job) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((require_comparison(job) / "comparison.json").read_text())
    return found


def archive_of(job: Job) -> tuple[Path, str]:
    """The comparison as files, and what to call them."""
    path = require_comparison(job) / ARCHIVE
    if not path.is_file():
        raise NotFoundError("This comparison was made before it could be downloaded. Compare the models again.")
    order = job.parameters
    return path, f"{file_stem(order['series_name'], otherwise='series')}-v{order['version']}-comparison.zip"


def picture_png(job: Job, key: str, frame: int) -> bytes:
    """RGBA of the frame's size: a model's agreement and errors, or of the labels the outlines (`truth`) or all."""
    folder = require_comparison(job)
    frames, models = job.parameters["frames"], len(list((folder / "masks").glob("*")))
    if frame not in frames:
        raise NotFoundError(f"Frame {frame} is not among those of this comparison: {', '.join(map(str, frames))}.")
    if key in (TRUTH, LABELS):
        draw = outline if key == TRUTH else filled
        pixels = draw(tifffile.imread(folder / "frames" / "labels" / f"{frame_title(frame)}.tif"))
    else:
        path = folder / "masks" / key / f"{frame_title(frame)}.png"
        if not key.isdecimal() or not path.is_file():
            raise NotFoundError(f"There are no masks of {key!r}; {models} models have some, {TRUTH} and {LABELS}.")
        pixels = COLOURS[np.asarray(Image.open(path))]
    out = BytesIO()
    Image.fromarray(pixels).save(out, format="PNG")
    return out.getvalue()


def outline(labels: NDArray[Any]) -> NDArray[np.uint8]:
    """RGBA: the pixels of each object that are near another or the background; wide enough to be seen when reduced."""
    inner = labels
    for _ in range(max(1, round(min(labels.shape) / SEEN_PX))):
        inner = np.where(_edge(inner), 0, inner)
    pixels = np.zeros((*labels.shape, 4), np.uint8)
    pixels[(labels > 0) & (inner == 0)] = OUTLINE
    return pixels


def filled(labels: NDArray[Any]) -> NDArray[np.uint8]:
    """RGBA: each object in a colour, touching ones told apart by the outlines."""
    pixels = outline(labels)
    inside = (labels > 0) & (pixels[..., 3] == 0)
    pixels[inside] = FILLS[labels[inside] % len(FILLS)]
    return pixels


def _edge(labels: NDArray[Any]) -> NDArray[np.bool_]:
    edge = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        first = [slice(None), slice(None)]
        first[axis] = slice(None, -1)
        second = [slice(None), slice(None)]
        second[axis] = slice(1, None)
        differ = labels[tuple(first)] != labels[tuple(second)]
        edge[tuple(first)] |= differ
        edge[tuple(second)] |= differ
    return edge
