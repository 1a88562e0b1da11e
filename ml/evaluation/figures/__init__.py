"""Pictures of comparisons and tracked series, drawn by matplotlib without a screen and pyplot's global state."""

from pathlib import Path
from typing import Literal

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe & Ito's colours, told apart by people of every colour vision (doi 10.1038/nmeth.1618); yellow, which is faint
# on white, comes last.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#f0e442")
DPI = 150
# What each format would say of the time or of the program.
_UNSAID = {".png": {"Software": None}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
SUFFIXES = tuple(_UNSAID)


def new_figure(width_in: float, height_in: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """An empty figure that draws itself with Agg."""
    figure = Figure(figsize=(width_in, height_in), layout=layout)
    FigureCanvasAgg(figure)
    return figure


def save(figure: Figure, path: Path, dpi: float = DPI) -> Path:
    """Write a PNG, PDF or SVG file, by its suffix, without the time in it: equal figures are equal files."""
    # Text stays text that can be edited; from the salt come the names of an SVG file's parts.
    with rc_context({"pdf.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "figure"}):
        figure.savefig(path, dpi=dpi, metadata=_UNSAID[path.suffix.lower()])
    return path
