"""TIFF stacks: plain pages, ImageJ hyperstacks, OME-TIFF. One axis of frames: time, or what else there is."""

import math
from typing import Any

import numpy as np
import tifffile

from ml.formats.errors import FormatError, MixedFramesError, NotAnImageError, TruncatedError, UnsupportedPixelsError
from ml.formats.image_format import ImageFormat
from ml.formats.limits import Limits
from ml.formats.pixels import Raw
from ml.formats.series_reader import FrameSource, NamedFile, OnFrame
from ml.formats.tiff_calibration import ome_pixels, read_calibration
from ml.formats.tiff_pages import TIFF_MAGIC, open_tiff, page_header, read_page

_REDUCED = 1  # bit of NewSubfileType: a thumbnail of another page


class TiffSource(FrameSource):
    """Frames are pages; or, where a writer made one page of a whole stack (ImageJ above 4 GB), stretches of it."""

    def __init__(self, file: NamedFile, limits: Limits) -> None:
        self.name = file.name
        self._stream = file.path.open("rb")
        try:
            self._tiff = open_tiff(self._stream, file.name, limits)
            self._lay_out(limits)
        except BaseException:
            self._stream.close()
            raise

    def read(self, t: int) -> Raw:
        if self._contiguous_at is None:
            return read_page(self._pages[t], self.name, self._tiff.filehandle.size)
        shape = (self.height, self.width, self.samples) if self.samples > 1 else (self.height, self.width)
        size = math.prod(shape) * self.dtype.itemsize
        self._stream.seek(self._contiguous_at + t * size)
        stored = np.frombuffer(self._stream.read(size), self.dtype.newbyteorder(self._tiff.byteorder))
        return stored.reshape(shape).astype(self.dtype)

    def close(self) -> None:
        self._tiff.close()
        self._stream.close()

    def _lay_out(self, limits: Limits) -> None:
        self._check_announced_planes()
        first: Any = self._tiff.pages[0]
        self.height, self.width, self.samples, self.dtype = page_header(first, self.name, limits)
        series = self._only_series()
        self.frames = self._count_frames(series)
        self._pages = series.pages
        self._contiguous_at: int | None = None
        if len(series.pages) != self.frames:
            self._contiguous_at = self._contiguous_data(series)
        elif any(page is None for page in series.pages):
            raise TruncatedError(f"{self.name}: pages are missing that its header announces. Copy the file again.")
        announced = int((self._tiff.imagej_metadata or {}).get("images", 1)) if self._tiff.is_imagej else 1
        if announced > max(self.frames, len(self._tiff.pages)):  # tifffile falls back to the pages that are there
            raise TruncatedError(
                f"{self.name}: ImageJ wrote {announced} images, the file holds {self.frames}. Copy it again."
            )
        self.calibration = read_calibration(self._tiff)

    def _check_announced_planes(self) -> None:
        """tifffile would make room for every plane that OME-XML announces, however many."""
        if not self._tiff.is_ome or not self._tiff.ome_metadata:
            return
        pages = len(self._tiff.pages)
        for pixels in ome_pixels(self._tiff.ome_metadata):
            try:
                planes = math.prod(int(pixels.get(f"Size{axis}", 1)) for axis in "ZCT")
            except ValueError as error:
                raise NotAnImageError(f"{self.name}: broken OME-XML ({error}). Save it again.") from error
            if planes > pages * 4:  # a page may hold up to four channels as samples
                raise TruncatedError(
                    f"{self.name}: its OME-XML announces {planes} planes, the file holds {pages}. "
                    "If it is one of several files, save the series as one."
                )

    def _only_series(self) -> tifffile.TiffPageSeries:
        try:
            found = [series for series in self._tiff.series if not series.keyframe.subfiletype & _REDUCED]
        except FormatError:
            raise
        except Exception as error:
            raise NotAnImageError(f"{self.name}: its pages cannot be put in order ({error}). Save it again.") from error
        if not found:
            raise NotAnImageError(f"{self.name}: it holds only thumbnails.")
        if len(found) > 1:
            shapes = " and ".join(f"{series.keyframe.shape} {series.dtype}" for series in found[:2])
            raise MixedFramesError(
                f"{self.name}: {len(found)} series in one file, such as {shapes}. Save each as a file of its own."
            )
        return found[0]

    def _count_frames(self, series: tifffile.TiffPageSeries) -> int:
        sizes = {axis: size for axis, size in zip(series.axes, series.shape, strict=True) if axis not in "YXS"}
        many = {axis: size for axis, size in sizes.items() if size > 1}
        if len(many) > 1:  # a lone axis is frames whatever its name: plain stacks are often labelled as channels
            extents = ", ".join(f"{axis} {size}" for axis, size in many.items())
            raise UnsupportedPixelsError(
                f"{self.name}: axes {extents}; a series has one axis of frames. Save one channel and one plane."
            )
        return math.prod(many.values())

    def _contiguous_data(self, series: tifffile.TiffPageSeries) -> int:
        offset, size = series.dataoffset, self._tiff.filehandle.size
        if offset is None or (series.keyframe.planarconfig == 2 and self.samples > 1):
            raise UnsupportedPixelsError(
                f"{self.name}: {len(series.pages)} pages for {self.frames} frames. Save it with one page a frame."
            )
        end = offset + self.frames * self.height * self.width * self.samples * self.dtype.itemsize
        if end > size:
            raise TruncatedError(
                f"{self.name}: {self.frames} frames end at byte {end}, but the file ends at {size}. Copy it again."
            )
        return offset


def _open(file: NamedFile, limits: Limits, _on_frame: OnFrame | None) -> FrameSource:
    return TiffSource(file, limits)


FORMAT = ImageFormat(
    name="tiff_stack",
    title="TIFF and OME-TIFF stacks",
    suffixes=(".tif", ".tiff"),
    matches=lambda head: head[:4] in TIFF_MAGIC,
    open=_open,
)
