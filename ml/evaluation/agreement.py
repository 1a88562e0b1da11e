"""Where a model agrees with the truth and where it errs, pixel by pixel, as an image file."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.evaluation.frames import LabelledFrame
from ml.types import BoolMask

TRUE_NEGATIVE, TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE = range(4)


def agreement(found: BoolMask, truth: BoolMask) -> NDArray[np.uint8]:
    """One of the four values above for each pixel, uint8 of the masks' shape."""
    result = np.full(found.shape, TRUE_NEGATIVE, np.uint8)
    result[found & truth] = TRUE_POSITIVE
    result[found & ~truth] = FALSE_POSITIVE
    result[truth & ~found] = FALSE_NEGATIVE
    return result


def keep_agreement(folder: Path, frame: LabelledFrame, found: BoolMask) -> None:
    """Write `<frame's name>.png` of the union of all found objects into a folder, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{frame.name}.png"
    temporary = path.with_suffix(".partial")
    Image.fromarray(agreement(found, frame.labels > 0)).save(temporary, "PNG")
    temporary.replace(path)
