"""Scores of the models with their intervals, one panel a score."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ml.evaluation.figures import COLOURS, new_figure
from ml.evaluation.tables import SHOWN

_PER_ROW = 4


def draw_scores(rows: Sequence[Mapping[str, Any]]) -> Figure | None:
    """Every score as a point with its 95 % interval; controls are hollow. None where no model has scores."""
    rows = [row for row in rows if not row["error"]]
    names = [name for name in SHOWN if any(row[name] is not None for row in rows)]
    if not names:
        return None
    down = -(-len(names) // _PER_ROW)
    figure = new_figure(2.9 * min(_PER_ROW, len(names)) + 1.6, down * (0.34 * len(rows) + 0.9) + 0.5)
    axes = figure.subplots(down, min(_PER_ROW, len(names)), squeeze=False, sharey=True)
    for panel in axes.ravel()[len(names) :]:
        panel.set_visible(False)
    for panel, name in zip(axes.ravel(), names, strict=False):
        for place, row in enumerate(rows):
            value, low, high = (row[name + end] for end in ("", "_low", "_high"))
            if value is None:
                continue
            colour = "0.35" if row["control"] else COLOURS[0]
            if low is not None:
                panel.plot([low, high], [place, place], color=colour, linewidth=1.8, solid_capstyle="butt")
            face = "white" if row["control"] else colour
            panel.plot([value], [place], "o", color=colour, markerfacecolor=face, markersize=5.5)
        panel.set_title(SHOWN[name], loc="left", fontsize=10)
        panel.set_yticks(np.arange(len(rows)), [row["label"] for row in rows], fontsize=8)
        panel.tick_params(axis="x", labelsize=8)
        panel.tick_params(axis="y", length=0)
        panel.set_ylim(len(rows) - 0.5, -0.5)
        panel.spines[["top", "right", "left"]].set_visible(False)
        panel.grid(color="0.92")
        panel.set_axisbelow(True)
        if name == "count_error":
            panel.axvline(0, color="0.6", linewidth=0.8, zorder=1)
        else:
            right = panel.get_xlim()[1]
            panel.set_xlim(right=min(right, 1.02))
            panel.locator_params(axis="x", nbins=5)
    hollow = "; hollow: controls" if any(row["control"] for row in rows) else ""
    figure.suptitle(f"Scores with 95 % intervals over frames{hollow}", fontsize=10)
    return figure
