"""Pictures of a comparison, drawn by matplotlib without a screen and without pyplot's global state."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe & Ito's colours, told apart by people of every colour vision (doi 10.1038/nmeth.1618); yellow, which is faint
# on white, comes last.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#f0e442")
DPI = 150


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty figure that draws itself with Agg."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Figure, path: Path) -> Path:
    """Write a PNG file without the time in it, so that equal figures are equal files."""
    figure.savefig(path, dpi=DPI, metadata={"Software": None})
    return path
