"""Colour frames as one grey value per pixel."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

WEIGHTS = (0.2126, 0.7152, 0.0722)  # Rec. ITU-R BT.709, red, green, blue


def luminance(pixels: NDArray[Any], axis: int) -> NDArray[np.float64]:
    """Weighted sum of red, green and blue, which lie along `axis`; further channels (opacity) are left out.

    The grey values' unit stays as it is: equal red, green and blue give that value.
    """
    return np.tensordot(np.moveaxis(pixels, axis, -1)[..., :3].astype(np.float64), np.array(WEIGHTS), axes=1)
