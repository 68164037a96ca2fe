"""Paths of a solution over time: one panel each, with the levels before and in the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from econsim.analysis.canvas import INK, SERIES, new_figure
from econsim.report.figures import Captioned
from econsim.report.games.blocks import Block

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from econsim.learning import Series

__all__ = ["draw_paths", "paths_block"]

_TITLE = "Paths over time"
_COLUMNS = 2


def paths_block(series: Sequence[Series]) -> Block | None:
    """Return the block of all paths; ``None`` where there are none."""
    if not series:
        return None
    caption = "Lines are paths by period; the dashed line is the level before, the dotted line that in the long run."
    names = ", ".join(each.name for each in series)
    return Block(
        _TITLE, figure=Captioned("paths", _TITLE, draw_paths(series), caption, f"By period: {names}. {caption}")
    )


def draw_paths(series: Sequence[Series]) -> Figure:
    """Return a figure with one panel for each path."""
    rows = -(-len(series) // _COLUMNS)
    figure, panels = new_figure(rows * _COLUMNS, rows=rows, height=2.3)
    for axes in panels[len(series) :]:
        axes.set_visible(False)
    for axes, path in zip(panels, series, strict=False):
        scale = 100 if path.unit == "share" else 1
        for level, dashes in ((path.before, (0, (6, 2))), (path.after, (0, (1, 2)))):
            axes.axhline(scale * level, color=INK, linestyle=dashes, linewidth=1)
        axes.plot([scale * value for value in path.values], color=SERIES[0], linewidth=1.8)
        unit = "%" if path.unit == "share" else path.unit
        axes.set_title(f"{path.name}, {unit}" if unit else path.name, loc="left", color=INK, fontsize=9.5)
    for axes in panels[max(0, len(series) - _COLUMNS) : len(series)]:
        axes.set_xlabel("period")
    return figure
