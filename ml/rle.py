"""Masks as COCO run lengths: column-major runs, background first, in COCO's compressed ASCII form."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from ml.types import BoolMask

MAX_PIXELS = 1 << 28  # keeps every sum of runs far inside int64, and sizes inside pycocotools' 32 bits
MAX_COUNTS_LENGTH = 4_000_000  # also the limit of the wire
_MAX_GROUPS = 6  # five bits each: 30 bits hold a signed difference of two runs of MAX_PIXELS


class InvalidRleError(ValueError):
    """Counts that do not describe a mask of the given size."""


@dataclass(frozen=True)
class Rle:
    """One mask.

    Attributes
    ----------
    size
        (height, width) in pixels.
    counts
        COCO's compressed counts as ASCII. Values from outside go through `validate` first: pycocotools
        writes out of bounds on counts that do not fit the size.
    """

    size: tuple[int, int]
    counts: str

    def as_coco(self) -> dict[str, object]:
        """The form that pycocotools takes."""
        return {"size": list(self.size), "counts": self.counts.encode("ascii")}


def encode(mask: BoolMask) -> Rle:
    """Run lengths of a bool mask (height, width)."""
    if mask.ndim != 2 or mask.dtype != np.bool_:
        raise InvalidRleError(f"A mask is bool (height, width); got {mask.dtype} of shape {mask.shape}.")
    height, width = mask.shape
    _check_size(height, width)
    encoded = coco.encode(np.asfortranarray(mask).view(np.uint8))
    return Rle((height, width), encoded["counts"].decode("ascii"))


def decode(rle: Rle) -> BoolMask:
    """The mask, bool (height, width)."""
    decoded: NDArray[np.uint8] = coco.decode(rle.as_coco())
    return np.ascontiguousarray(decoded).view(np.bool_)


def area(rle: Rle) -> int:
    """Number of foreground pixels."""
    return int(coco.area(rle.as_coco()))


def box_xyxy(rle: Rle) -> tuple[int, int, int, int]:
    """Tight box (x0, y0, x1, y1) in pixels, x1 and y1 exclusive; (0, 0, 0, 0) for an empty mask."""
    x, y, width, height = (int(value) for value in coco.toBbox(rle.as_coco()))
    return x, y, x + width, y + height


def decode_box(rle: Rle) -> tuple[tuple[int, int, int, int], BoolMask]:
    """The mask within its tight box, bool (y1 - y0, x1 - x0), and the box (x0, y0, x1, y1).

    It costs the columns of the box, where `decode` costs the frame.
    """
    x0, y0, x1, y1 = box = box_xyxy(rle)
    if x1 == x0:
        return box, np.zeros((0, 0), bool)
    height, width = rle.size
    lengths = runs(rle.size, rle.counts)
    lengths[0] -= x0 * height
    if lengths.size % 2:
        lengths[-1] -= (width - x1) * height  # the background behind the mask
    foreground = np.arange(lengths.size) % 2 == 1
    return box, np.repeat(foreground, lengths).reshape(x1 - x0, height)[:, y0:y1].T


def union(masks: Sequence[Rle]) -> Rle:
    """The pixels of any of the masks, which are one or more of the same size."""
    return encode(np.logical_or.reduce([decode(mask) for mask in masks]))


def covered(masks: Sequence[Rle], others: Sequence[Rle]) -> NDArray[np.float64]:
    """(masks,): the share of each mask's area that lies under any of the others, which are of the same size."""
    if not masks or not others:
        return np.zeros(len(masks))
    union = coco.merge([other.as_coco() for other in others])
    # With a crowd as the second mask, pycocotools divides the intersection by the first mask's area.
    shares: NDArray[np.float64] = coco.iou([mask.as_coco() for mask in masks], [union], [1])[:, 0]
    return shares


def sha256(rle: Rle) -> str:
    """Content address: SHA-256 (hex) of the ASCII text `height,width,counts`."""
    return hashlib.sha256(f"{rle.size[0]},{rle.size[1]},{rle.counts}".encode("ascii")).hexdigest()


def runs(size: tuple[int, int], counts: str) -> NDArray[np.int64]:
    """Parse compressed counts into run lengths, trusting nothing.

    The format is that of `rleFrString` in cocoapi's maskApi.c: each number is little-endian groups of five bits,
    one character (48 + group) each, bit 5 says that another follows, bit 4 of the last is the sign; from the fourth
    number on, the number is the difference to the run before the last.

    Parameters
    ----------
    size
        (height, width) in pixels.
    counts
        Compressed counts.

    Returns
    -------
    int64 (runs,), background first; sums to height * width.

    Raises
    ------
    InvalidRleError
        On a bad size, a foreign character, an unfinished, overlong or negative number, or a wrong total.
    """
    height, width = size
    _check_size(height, width)
    total = height * width
    # Two characters suffice for a run of one to fifteen pixels, and longer runs spend pixels faster than characters.
    limit = min(MAX_COUNTS_LENGTH, 2 * total + 2 * _MAX_GROUPS)
    if not 0 < len(counts) <= limit:
        raise InvalidRleError(f"Counts of {len(counts)} characters; a {height}×{width} mask has 1 to {limit}.")
    try:
        groups = np.frombuffer(counts.encode("ascii"), np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError:
        raise InvalidRleError("Counts hold a character that is not ASCII.") from None
    if groups.min() < 0 or groups.max() > 63:
        raise InvalidRleError("Counts hold a character outside '0' to 'o'.")
    last = (groups & 32) == 0
    if not last[-1]:
        raise InvalidRleError("Counts end inside a number: they were cut off.")
    ends = np.flatnonzero(last)
    starts = np.concatenate(([0], ends[:-1] + 1))
    if int((ends - starts).max()) >= _MAX_GROUPS:
        raise InvalidRleError(f"Counts hold a number of more than {_MAX_GROUPS} characters.")
    place = np.arange(groups.size) - np.repeat(starts, ends - starts + 1)
    numbers = np.add.reduceat((groups & 31) << (5 * place), starts)
    numbers -= np.where(groups[ends] & 16, np.int64(1) << (5 * (ends - starts + 1)), 0)
    lengths = numbers.copy()
    lengths[1::2] = np.cumsum(numbers[1::2])
    lengths[2::2] = np.cumsum(numbers[2::2])
    if lengths.min() < 0:
        raise InvalidRleError("Counts hold a negative run.")
    # Cumulated 30-bit numbers stay below 2**53; a run above the total is caught before the sum could overflow.
    if lengths.max() > total or int(lengths.sum()) != total:
        raise InvalidRleError(f"Runs do not add up to the {total} pixels of a {height}×{width} mask.")
    return lengths


def validate(size: tuple[int, int], counts: str) -> Rle:
    """The mask from outside as an `Rle`, or InvalidRleError.

    Only the canonical form passes (what `encode` writes: no empty run but the first, shortest numbers), so that equal
    masks have equal hashes. It costs a few numpy passes over the characters and never touches pycocotools.
    """
    lengths = runs(size, counts)
    if np.any(lengths[1:] == 0):
        raise InvalidRleError("Counts hold an empty run; merge its neighbours.")
    if compress(lengths) != counts:
        raise InvalidRleError("Counts hold a number that is longer than it need be.")
    return Rle((int(size[0]), int(size[1])), counts)


def compress(lengths: NDArray[np.int64]) -> str:
    """COCO's compressed counts of run lengths (column-major, background first): `rleToString` of maskApi.c."""
    numbers = lengths.astype(np.int64)
    numbers[3:] -= lengths[1:-2]
    rest = numbers.copy()
    table = np.zeros((numbers.size, _MAX_GROUPS), np.uint8)
    pending = np.ones(numbers.size, bool)
    for place in range(_MAX_GROUPS):
        group = rest & 31
        rest >>= 5
        more = pending & np.where(group & 16, rest != -1, rest != 0)
        table[pending, place] = (group + np.where(more, 32, 0) + 48)[pending]
        pending = more
    return table[table > 0].tobytes().decode("ascii")


def _check_size(height: int, width: int) -> None:
    if height < 1 or width < 1 or height * width > MAX_PIXELS:
        raise InvalidRleError(f"A mask of {height}×{width} pixels; from 1×1 up to {MAX_PIXELS} pixels are possible.")
