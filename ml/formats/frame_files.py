"""Frames that are one PNG, JPEG or TIFF file each, from a folder or out of an archive."""

from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from ml.formats.calibration import Calibration
from ml.formats.errors import FormatError, MixedFramesError, NotAnImageError, TruncatedError
from ml.formats.limits import Limits
from ml.formats.pixels import Raw
from ml.formats.series_reader import FrameSource, OnFrame
from ml.formats.tiff_calibration import read_calibration
from ml.formats.tiff_pages import TIFF_MAGIC, PageHeader, open_tiff, page_header, read_page

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
JPEG_MAGIC = b"\xff\xd8\xff"
FRAME_MAGIC = (PNG_MAGIC, JPEG_MAGIC, *TIFF_MAGIC)
# Files that cameras and people leave beside frames; anything else that is no image is an error, not left out.
COMPANIONS = (".txt", ".json", ".csv", ".xml", ".md", ".db", ".ini", ".log")

_MOST_CHUNKS = 1 << 20  # of a PNG file; writers put 8 kB and more into each
_SAMPLES = {"1": 1, "L": 1, "I;16": 1, "I;16B": 1, "LA": 2, "P": 3, "PA": 3, "RGB": 3, "CMYK": 3, "RGBA": 4}


class FrameFilesSource(FrameSource):
    """Frames in files: `open_file(index)` gives each, `names` are for messages and in frame order."""

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        open_file: Callable[[int], BinaryIO],
        limits: Limits,
        on_frame: OnFrame | None = None,
    ) -> None:
        self.name = name
        self.frames = len(names)
        self._names, self._open, self._limits = names, open_file, limits
        self.samples = 1
        limits.check_frames(name, self.frames)
        for t in range(self.frames):
            header, calibration = self._header(t)
            if t == 0:
                self.height, self.width, _, self.dtype = header
                self.calibration = calibration
            elif (header.height, header.width, header.dtype) != (self.height, self.width, self.dtype):
                raise MixedFramesError(
                    f"{names[t]} is {header.height}×{header.width} {header.dtype}, {names[0]} "
                    f"{self.height}×{self.width} {self.dtype}. Frames of a series are alike: import them apart."
                )
            # Grey and colour may mix (encoders drop colour where a frame has none), so the most any frame has counts.
            self.samples = max(self.samples, header.samples)
            if on_frame:
                on_frame(t)

    def read(self, t: int) -> Raw:
        with self._open(t) as file:
            return _decode(file, self._names[t], self._limits)

    def close(self) -> None:
        """Each frame's file is closed after use."""

    def _header(self, t: int) -> tuple[PageHeader, Calibration]:
        with self._open(t) as file:
            return _probe(file, self._names[t], self._limits)


def _probe(file: BinaryIO, name: str, limits: Limits) -> tuple[PageHeader, Calibration]:
    magic = _magic(file, name)
    if magic in TIFF_MAGIC:
        with open_tiff(file, name, limits) as tiff:
            _check_single(len(tiff.pages), name)
            return page_header(tiff.pages[0], name, limits), read_calibration(tiff)
    if magic == PNG_MAGIC:
        _check_whole_png(file, name)
    image = _open_pillow(file, name, limits)
    samples = _SAMPLES.get(image.mode)
    if samples is None:
        raise NotAnImageError(f"{name}: pixels of kind {image.mode}; save it as grey or RGB.")
    bits16 = image.mode.startswith("I;16") or _is_deep_colour(file)
    dtype = np.dtype(np.uint16 if bits16 else np.bool_ if image.mode == "1" else np.uint8)
    return PageHeader(image.height, image.width, samples, dtype), Calibration()


def _decode(file: BinaryIO, name: str, limits: Limits) -> Raw:
    magic = _magic(file, name)
    if magic in TIFF_MAGIC:
        with open_tiff(file, name, limits) as tiff:
            page: Any = tiff.pages[0]
            page_header(page, name, limits)
            return read_page(page, name, tiff.filehandle.size)
    image = _open_pillow(file, name, limits)
    try:
        if _is_deep_colour(file):
            file.seek(0)
            return np.asarray(imagecodecs.png_decode(file.read()))
        image.load()
        return np.asarray(image.convert("RGB") if image.mode in ("P", "PA", "CMYK") else image)
    except Exception as error:
        raise TruncatedError(f"{name}: its pixels cannot be decoded ({error}). Copy or save it again.") from error


def _open_pillow(file: BinaryIO, name: str, limits: Limits) -> ImageFile.ImageFile:
    file.seek(0)
    Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit, the whole process's: ours follows before a pixel is decoded
    try:
        image = Image.open(file, formats=("PNG", "JPEG"))
    except UnidentifiedImageError as error:  # its text names our path, not theirs
        raise NotAnImageError(f"{name}: its header is broken. Copy or save it again.") from error
    except Exception as error:
        raise NotAnImageError(f"{name}: cannot be read as an image ({error}). Copy or save it again.") from error
    limits.check_frame(name, image.height, image.width)
    _check_single(getattr(image, "n_frames", 1), name)
    return image


def _check_whole_png(file: BinaryIO, name: str) -> None:
    """Walk the chunks to IEND (PNG specification, 5.3): decoders do not miss the last ones, nor a broken checksum."""
    size, at = file.seek(0, 2), len(PNG_MAGIC)
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        head = file.read(8)
        at += 12 + int.from_bytes(head[:4], "big")
        if len(head) < 8 or at > size:
            raise TruncatedError(f"{name}: it ends after {size} bytes, before its last chunk. Copy or save it again.")
        if head[4:] == b"IEND":
            return
    raise NotAnImageError(f"{name}: more than {_MOST_CHUNKS} chunks, the limit. Save it again.")


def _check_single(pages: int, name: str) -> None:
    if pages != 1:
        raise FormatError(f"{name}: {pages} images in a file that should be one frame. Import it on its own.")


def _magic(file: BinaryIO, name: str) -> bytes:
    file.seek(0)
    head = file.read(8)
    for magic in FRAME_MAGIC:
        if head.startswith(magic):
            return magic
    size = file.seek(0, 2)
    what = "an empty file" if size == 0 else "not an image"
    raise NotAnImageError(f"{name}: {what}; frames are PNG, JPEG or TIFF. Remove it or convert it.")


def _is_deep_colour(file: BinaryIO) -> bool:
    """PNG with 16 bits and more than one sample, which Pillow would cut to 8 bits (PNG specification, 11.2.2 IHDR)."""
    file.seek(0)
    head = file.read(26)
    return head.startswith(PNG_MAGIC) and head[24] == 16 and head[25] in (2, 4, 6)
