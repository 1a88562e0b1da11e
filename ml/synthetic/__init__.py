"""Seeded microscopy frames and series with full truth: instances, phases, tracks and links."""

from .frames import sample_frame
from .presets import KINDS, PRESETS, Phase, Preset
from .series import SyntheticSeries, synthesise
from .tracks import Link, Track

__all__ = ["KINDS", "PRESETS", "Link", "Phase", "Preset", "SyntheticSeries", "Track", "sample_frame", "synthesise"]
