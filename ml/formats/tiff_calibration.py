"""Pixel size and frame interval from the tags of a TIFF file: OME-XML, ImageJ's description, resolution tags."""

from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import tifffile

from ml.formats.calibration import Calibration, length, seconds

_RESOLUTION_UNITS = {2: "inch", 3: "cm"}
_SQUARE_TOLERANCE = 0.01


def read_calibration(tiff: tifffile.TiffFile) -> Calibration:
    """What the file says, best source first; nothing is invented from print resolutions such as 72 dpi."""
    if tiff.is_ome and tiff.ome_metadata:
        return _from_ome(tiff.ome_metadata)
    if tiff.is_imagej:
        found = _from_imagej(tiff)
        if found.pixel_size or found.frame_interval_s:
            return found
    return _from_resolution(tiff.pages[0])


def ome_pixels(xml: str) -> list[ElementTree.Element]:
    """The Pixels elements of an OME-XML text, whatever its schema's year; none where it is broken."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return []
    return [element for element in root.iter() if element.tag.rpartition("}")[2] == "Pixels"]


def _from_ome(xml: str) -> Calibration:
    for pixels in ome_pixels(xml):
        x = length(_number(pixels.get("PhysicalSizeX")), pixels.get("PhysicalSizeXUnit", "µm"))
        y = length(_number(pixels.get("PhysicalSizeY")), pixels.get("PhysicalSizeYUnit", "µm"))
        step = seconds(_number(pixels.get("TimeIncrement")), pixels.get("TimeIncrementUnit", "s"))
        return _square(x, y, step or _plane_interval_s(pixels), "OME-XML")
    return Calibration()


def _plane_interval_s(pixels: ElementTree.Element) -> float | None:
    """From the planes' DeltaT where those are evenly spaced to a tenth."""
    times: dict[int, float] = {}
    for plane in pixels:
        if plane.tag.rpartition("}")[2] == "Plane" and plane.get("DeltaT"):
            delta = _number(plane.get("DeltaT")) or 0.0
            factor = seconds(1.0, plane.get("DeltaTUnit", "s"))
            if factor is not None:
                times.setdefault(int(_number(plane.get("TheT"))), delta * factor)
    ordered = [times[t] for t in sorted(times)]
    if len(ordered) < 2 or sorted(times) != list(range(len(times))):
        return None
    mean = (ordered[-1] - ordered[0]) / (len(ordered) - 1)
    even = all(abs(b - a - mean) <= 0.1 * mean for a, b in pairwise(ordered))
    return mean if mean > 0 and even else None


def _from_imagej(tiff: tifffile.TiffFile) -> Calibration:
    metadata = tiff.imagej_metadata or {}
    unit = str(metadata.get("unit", ""))
    page: Any = tiff.pages[0]
    step = seconds(_number(metadata.get("finterval")), str(metadata.get("tunit", "s")))
    if step is None and _number(metadata.get("fps")) > 0:
        step = 1 / _number(metadata.get("fps"))
    return _square(
        length(_per_pixel(page, "XResolution"), unit),
        length(_per_pixel(page, "YResolution"), unit),
        step,
        "ImageJ tags",
    )


def _from_resolution(page: Any) -> Calibration:
    unit = _RESOLUTION_UNITS.get(int(page.tags.valueof("ResolutionUnit", 1)), "")
    x, y = length(_per_pixel(page, "XResolution"), unit), length(_per_pixel(page, "YResolution"), unit)
    if x is None:
        return Calibration()
    return _square(x, y, None, "TIFF resolution tags")


def _square(x: tuple[float, str] | None, y: tuple[float, str] | None, step: float | None, source: str) -> Calibration:
    """One pixel size from those of both axes; none where the pixels are not square."""
    if x and y and (x[1] != y[1] or abs(x[0] - y[0]) > _SQUARE_TOLERANCE * x[0]):
        note = f"{source}: pixels are not square ({x[0]:g} {x[1]} by {y[0]:g} {y[1]})"
        return Calibration(None, "px", step, note)
    size = x or y
    if size is None:
        return Calibration(None, "px", step, source if step else "")
    return Calibration(size[0], size[1], step, source)


def _per_pixel(page: Any, tag: str) -> float:
    value = page.tags.valueof(tag)
    try:
        pixels, units = value
        return float(units) / float(pixels)
    except (TypeError, ValueError, ZeroDivisionError):
        return 0.0


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return 0.0
