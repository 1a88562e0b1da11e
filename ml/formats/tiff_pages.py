"""Pages of TIFF files, checked against the file before tifffile decodes them.

tifffile is lenient: it takes a broken chain of pages as its end and fills missing data with zeros, and it opens the
other files that an OME header names. Here all three are errors. Specification: TIFF 6.0 (Adobe, 1992) and BigTIFF.
"""

import struct
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import tifffile

from ml.formats.errors import FormatError, NotAnImageError, TooLargeError, TruncatedError, UnsupportedPixelsError
from ml.formats.limits import Limits
from ml.formats.pixels import Raw

TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PALETTE, _CMYK, _MINISWHITE = 3, 5, 0
# Compressions whose decoders stop at the size of a strip or tile: none, LZW, deflate, PackBits, LZMA, Zstandard.
_BOUNDED = (1, 5, 8, 32946, 50013, 32773, 34925, 34926, 50000)
_JPEG, _JPEG_2000 = (7, 33007), (33003, 33004, 33005, 34712, 34713)  # their data say their size themselves
_MOST_TAGS = 4096
_BLOCK_PX = 16  # JPEG images may be filled up to whole blocks
_TILE_PX = 1 << 24  # 4096×4096; tiles of a larger page may be larger
_RAMP_SHARE = 0.75


class PageHeader(NamedTuple):
    height: int
    width: int
    samples: int
    dtype: np.dtype[Any]


def open_tiff(file: BinaryIO, name: str, limits: Limits) -> tifffile.TiffFile:
    """Open after walking the chain of pages, so that a truncated file is not taken for a shorter one."""
    _check_chain(file, name, limits)
    file.seek(0)
    try:
        tiff = tifffile.TiffFile(file, name=name, _multifile=False)
        tiff.pages.first.tags.valueof("ImageWidth")
    except Exception as error:
        raise NotAnImageError(f"{name}: starts like a TIFF but cannot be read ({error}). Save it again.") from error
    return tiff


def page_header(page: Any, name: str, limits: Limits) -> PageHeader:
    """Size and pixel type of one page as `read_page` will give it."""
    height, width, samples = page.imagelength, page.imagewidth, page.samplesperpixel
    if not all(isinstance(value, int) and value > 0 for value in (height, width, samples)):
        raise NotAnImageError(f"{name}: a page of {height!r}×{width!r}×{samples!r}. Save it again.")
    limits.check_frame(name, height, width)
    if page.imagedepth != 1 or samples > 4 or page.dtype is None:
        raise UnsupportedPixelsError(
            f"{name}: a page of {page.imagedepth} planes with {samples} samples of {page.dtype}; one plane of grey or "
            "RGB is possible. Save it as a stack of pages."
        )
    if page.photometric == _CMYK:
        raise UnsupportedPixelsError(f"{name}: CMYK colour; convert it to RGB or grey.")
    if page.photometric == _PALETTE and not _is_grey_ramp(page):
        return PageHeader(height, width, 3, np.dtype(np.uint8))
    return PageHeader(height, width, samples, page.dtype.newbyteorder("="))


def read_page(page: Any, name: str, file_size: int) -> Raw:
    """Decode one page to (height, width) or (height, width, samples).

    A palette is expanded to 8-bit RGB, except one that is the identity but for a few entries reserved for drawings
    over the image (Zeiss SEM): there the indices are the grey values. WhiteIsZero is inverted: larger is brighter.
    """
    if len(page.dataoffsets) != len(page.databytecounts):
        raise NotAnImageError(f"{name}: {len(page.dataoffsets)} strips with {len(page.databytecounts)} lengths.")
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
        if offset <= 0 or count <= 0 or offset + count > file_size:
            raise TruncatedError(
                f"{name}: pixels up to byte {offset + count}, but the file ends at {file_size}. Copy it again."
            )
    _check_unpacking(page, name)
    try:
        raw: Raw = page.asarray()
    except FormatError:
        raise
    except Exception as error:
        raise TruncatedError(f"{name}: a page cannot be decoded ({error}). Copy or save the file again.") from error
    first = page.keyframe  # tifffile keeps the shared tags of like pages in the first
    if first.samplesperpixel > 1 and first.planarconfig == 2:
        raw = np.moveaxis(raw, 0, -1)
    if first.photometric == _PALETTE and not _is_grey_ramp(first):
        return _expand(raw, first, name)
    if first.photometric == _MINISWHITE and raw.dtype.kind in "bu":
        return ~raw
    return raw


def _expand(raw: Raw, page: Any, name: str) -> Raw:
    colours = page.colormap  # uint16 (3, entries); 8-bit colours are stored times 256 or times 257
    if colours is None or (raw.size and int(raw.max()) >= colours.shape[1]):
        raise UnsupportedPixelsError(f"{name}: a palette image whose palette is missing or too short. Save it as RGB.")
    expanded: Raw = (colours >> 8).astype(np.uint8).T[raw]
    return expanded


def _check_unpacking(page: Any, name: str) -> None:
    """Refuse what would unpack to more than belongs into the page, before anything makes room for it."""
    first = page.keyframe
    if first.is_tiled:
        height, width = first.tilelength, first.tilewidth
    else:
        height, width = min(first.rowsperstrip, first.imagelength), first.imagewidth
    allowed = max(_TILE_PX, 4 * first.imagelength * first.imagewidth)
    if first.is_tiled and height * width > allowed:  # a tile is unpacked whole, however little of it the page shows
        raise TooLargeError(
            f"{name}: tiles of {height}×{width} pixels on a page of {first.imagelength}×{first.imagewidth}; "
            f"the limit is {allowed} pixels. Save it with smaller tiles."
        )
    if first.compression in _BOUNDED:
        return
    if first.compression not in (*_JPEG, *_JPEG_2000):
        raise UnsupportedPixelsError(
            f"{name}: compressed by method {int(first.compression)}; none, LZW, deflate, PackBits, LZMA, Zstandard, "
            "JPEG and JPEG 2000 can be read. Save it with one of them."
        )
    size_of = _jpeg_size if first.compression in _JPEG else _jpeg_2000_size
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
        size = size_of(page.parent.filehandle, offset, offset + count)
        if size is None:
            raise TruncatedError(f"{name}: the strip or tile at byte {offset} is no JPEG image. Save the file again.")
        if size[0] >= height + _BLOCK_PX or size[1] >= width + _BLOCK_PX:
            raise TooLargeError(
                f"{name}: the strip or tile at byte {offset} unpacks to {size[0]}×{size[1]} pixels; the limit is the "
                f"{height}×{width} that belong there. Save the file again."
            )


def _jpeg_size(file: Any, at: int, end: int) -> tuple[int, int] | None:
    """(height, width) of the first frame header (ITU-T T.81, B.2.2); None where the segments do not lead to one."""
    file.seek(at)
    if file.read(2) != b"\xff\xd8":
        return None
    at += 2
    while at + 9 <= end:
        file.seek(at)
        head = file.read(9)
        if head[0] != 0xFF:
            return None
        if head[1] == 0xFF:  # fill byte
            at += 1
        elif 0xC0 <= head[1] <= 0xCF and head[1] not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(head[5:7], "big"), int.from_bytes(head[7:9], "big")
        else:
            at += 2 + int.from_bytes(head[2:4], "big")
    return None


def _jpeg_2000_size(file: Any, at: int, _end: int) -> tuple[int, int] | None:
    """(height, width) of a codestream, which begins with SOC and SIZ (ITU-T T.800, A.5.1); None for anything else."""
    file.seek(at)
    head = file.read(24)
    if len(head) < 24 or head[:4] != b"\xff\x4f\xff\x51":
        return None
    width, height, left, top = (int.from_bytes(head[start : start + 4], "big") for start in (8, 12, 16, 20))
    return height - top, width - left


def _is_grey_ramp(page: Any) -> bool:
    colours = page.colormap
    if colours is None or page.dtype != np.uint8 or colours.shape[1] != 256:
        return False
    same = ((colours >> 8) == np.arange(256)).all(axis=0)
    return bool(same.mean() >= _RAMP_SHARE)


def _check_chain(file: BinaryIO, name: str, limits: Limits) -> None:
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(16)
    if head[:4] not in TIFF_MAGIC or len(head) < 8:
        raise NotAnImageError(f"{name}: not a TIFF file.")
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    count_format, entry_size, offset_format = (order + "Q", 20, order + "Q") if big else (order + "H", 12, order + "I")
    first = head[8:16] if big else head[4:8]
    if len(first) < struct.calcsize(offset_format):
        raise TruncatedError(f"{name}: ends after {size} bytes, inside its header. Copy it again.")
    offset = struct.unpack(offset_format, first)[0]
    seen: set[int] = set()
    while offset:
        if offset in seen:
            raise NotAnImageError(f"{name}: its pages form a circle at byte {offset}. Save it again.")
        seen.add(offset)
        limits.check_frames(name, len(seen))
        file.seek(min(offset, size))  # a broken offset may be larger than any that a file can have
        head = file.read(struct.calcsize(count_format))
        tags = struct.unpack(count_format, head)[0] if len(head) == struct.calcsize(count_format) else 0
        if tags > _MOST_TAGS:
            raise NotAnImageError(f"{name}: a page with {tags} tags; the limit is {_MOST_TAGS}. Save it again.")
        file.seek(tags * entry_size, 1)
        following = file.read(struct.calcsize(offset_format))
        if not head or not tags or len(following) < struct.calcsize(offset_format):
            raise TruncatedError(
                f"{name}: page {len(seen)} should lie at byte {offset}, but the file ends at {size}. Copy it again."
            )
        offset = struct.unpack(offset_format, following)[0]
    if not seen:
        raise NotAnImageError(f"{name}: a TIFF file without a page.")
