"""Paths of a solution over time, with the levels before and in the end, or profiles by age: one panel each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from econsim.analysis.canvas import INK, LEGEND, SERIES, new_figure
from econsim.report.figures import Captioned
from econsim.report.games.blocks import Block

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from econsim.learning import Series

__all__ = ["draw_paths", "paths_block"]

_TITLE = "Paths over time"
_COLUMNS = 2
_LINES: dict[str, dict[str, Any]] = {
    "before": {"color": SERIES[0], "linewidth": 1.8},
    "after the reform": {"color": SERIES[1], "linewidth": 1.8, "linestyle": (0, (6, 2))},
}


def paths_block(series: Sequence[Series]) -> Block | None:
    """Return the block of all paths; ``None`` where there are none."""
    if not series:
        return None
    axis, names = series[0].axis, ", ".join(each.name for each in series)
    caption = f"Lines are means by {axis} in the stationary equilibrium."
    if series[0].before is not None:
        caption = (
            f"Lines are paths by {axis}; the dashed line is the level before, the dotted line that in the long run."
        )
    if any(each.reformed is not None for each in series):
        caption = f"Lines are means by {axis} in the stationary equilibria before and after the reform."
    title = _TITLE if axis == "period" else f"Profiles by {axis}"
    figure = Captioned("paths", title, draw_paths(series), caption, f"By {axis}: {names}. {caption}")
    return Block(title, figure=figure)


def draw_paths(series: Sequence[Series]) -> Figure:
    """Return a figure with one panel for each path; values after a reform are a second line in it."""
    rows = -(-len(series) // _COLUMNS)
    figure, panels = new_figure(rows * _COLUMNS, rows=rows, height=2.3)
    for axes in panels[len(series) :]:
        axes.set_visible(False)
    for axes, path in zip(panels, series, strict=False):
        scale = 100 if path.unit == "share" else 1
        for level, dashes in ((path.before, (0, (6, 2))), (path.after, (0, (1, 2)))):
            if level is not None:
                axes.axhline(scale * level, color=INK, linestyle=dashes, linewidth=1)
        steps = range(path.first, path.first + len(path.values))
        lines = [path.values] if path.reformed is None else [path.values, path.reformed]
        for label, values in zip(_LINES, lines, strict=False):
            axes.plot(steps, [scale * value for value in values], **_LINES[label], label=label)
        unit = "%" if path.unit == "share" else path.unit
        axes.set_title(f"{path.name}, {unit}" if unit else path.name, loc="left", color=INK, fontsize=9.5)
    for axes in panels[max(0, len(series) - _COLUMNS) : len(series)]:
        axes.set_xlabel(series[0].axis)
    if any(path.reformed is not None for path in series):
        handles = panels[0].get_legend_handles_labels()[0]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), **LEGEND)
    return figure
