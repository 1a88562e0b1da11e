"""What a file says about the size of its pixels and the time between its frames."""

from dataclasses import dataclass

# Spellings met in files, by the unit they mean, without a plural's s.
_UNITS = {
    "pm": "pm",
    "picometer": "pm",
    "å": "Å",
    "ångström": "Å",
    "angstrom": "Å",
    "nm": "nm",
    "nanometer": "nm",
    "nanometre": "nm",
    "µm": "µm",
    "um": "µm",
    "micron": "µm",
    "micrometer": "µm",
    "micrometre": "µm",
    "mm": "mm",
    "millimeter": "mm",
    "millimetre": "mm",
}
_IN_NM = {"m": 1e9}
# Units of paper. Programs put a print resolution into them (72 dpi is 353 µm a pixel, 2400 dpi 10.6 µm), as ImageJ does
# when it saves a picture that had nothing else; below 10 µm it is none.
_PRINT_IN_NM = {"cm": 1e7, "centimeter": 1e7, "centimetre": 1e7, "inch": 2.54e7, "in": 2.54e7}
_LARGEST_PRINT_NM = 1e4
_PER_PIXEL = ("/pixel", "/px", " per pixel")
_IN_S = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "d": 86400.0}
_IN_S |= {"second": 1.0, "seconds": 1.0, "msec": 1e-3, "minute": 60.0, "minutes": 60.0, "hour": 3600.0, "hours": 3600.0}


@dataclass(frozen=True)
class Calibration:
    """Pixel size and frame interval, None where the file is silent or not to be trusted.

    Attributes
    ----------
    pixel_size
        length of a pixel's side in `unit`.
    unit
        "pm", "Å", "nm", "µm" or "mm"; "px" without a pixel size.
    frame_interval_s
        seconds from frame to frame.
    source
        where the values come from, in words for people; "" when there are none.
    """

    pixel_size: float | None = None
    unit: str = "px"
    frame_interval_s: float | None = None
    source: str = ""


def length(value: float, unit: str) -> tuple[float, str] | None:
    """A pixel size in one of our units, or None where value or unit mean no length, or a print resolution.

    "nm/px" and "nanometers" are nm. Metres and units of paper are turned into nm.
    """
    # U+03BC (Greek mu) and U+212B (Angstrom sign) to U+00B5 and U+00C5; ImageJ writes \u00B5 as an escape.
    key = unit.strip().replace("\\u00B5", "µ").replace("\u03bc", "µ").replace("\u212b", "Å").lower()
    for ending in _PER_PIXEL:
        key = key.removesuffix(ending).rstrip()
    if len(key) > 2:
        key = key.removesuffix("es") if key == "inches" else key.removesuffix("s")
    if not 0 < value < float("inf"):
        return None
    if key in _IN_NM:
        return value * _IN_NM[key], "nm"
    if key in _PRINT_IN_NM:
        nm = value * _PRINT_IN_NM[key]
        return (nm, "nm") if nm <= _LARGEST_PRINT_NM else None
    return (value, _UNITS[key]) if key in _UNITS else None


def seconds(value: float, unit: str) -> float | None:
    """A time step in seconds, or None where value or unit mean no time."""
    factor = _IN_S.get(unit.strip().replace("\u03bc", "µ"))
    return value * factor if factor is not None and 0 < value < float("inf") else None
