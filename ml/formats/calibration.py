"""What a file says about the size of its pixels and the time between its frames."""

from dataclasses import dataclass

# Spellings met in files, by the unit they mean. Lengths that no microscope gives (cm, inch) are turned into nm.
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
    "microns": "µm",
    "micrometer": "µm",
    "micrometre": "µm",
    "mm": "mm",
    "millimeter": "mm",
    "millimetre": "mm",
}
_IN_NM = {"cm": 1e7, "m": 1e9, "inch": 2.54e7, "in": 2.54e7}
_IN_S = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "d": 86400.0}


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
    """A pixel size in one of our units, or None where value or unit mean no length."""
    # U+03BC (Greek mu) and U+212B (Angstrom sign) to U+00B5 and U+00C5; ImageJ writes \u00B5 as an escape.
    key = unit.strip().replace("\\u00B5", "µ").replace("\u03bc", "µ").replace("\u212b", "Å").lower()
    if not 0 < value < float("inf"):
        return None
    if key in _IN_NM:
        return value * _IN_NM[key], "nm"
    return (value, _UNITS[key]) if key in _UNITS else None


def seconds(value: float, unit: str) -> float | None:
    """A time step in seconds, or None where value or unit mean no time."""
    factor = _IN_S.get(unit.strip().replace("\u03bc", "µ"))
    return value * factor if factor is not None and 0 < value < float("inf") else None
