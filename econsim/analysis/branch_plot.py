"""Figure of a reform over time: levels of both sides, and their paired difference with its band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from econsim.analysis.canvas import INK, LINES, SERIES, label_ends, new_figure, plain_numbers, stroke, styles_of
from econsim.errors import UserError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["over_time_plot"]

_MOST_ROWS = 3
_SIDES = ("baseline", "reform")


def over_time_plot(table: pd.DataFrame, step: int, metrics: Sequence[str] = ()) -> Figure:
    """Draw levels of baseline and reform (left) and their difference with its 95 % band (right), one row per metric.

    Args:
        table: as :func:`econsim.analysis.counterfactual.over_time_table` returns it.
        step: the step from which the reform holds, from 1; a vertical line marks it.
        metrics: the metrics to draw; by default the first three of the table.

    Raises:
        UserError: the table has no such metric.
    """
    known = list(dict.fromkeys(table["metric"]))
    for name in metrics:
        if name not in known:
            raise UserError(f"{name}: no such metric in the table{did_you_mean(name, known)}")
    names = list(metrics) or known[:_MOST_ROWS]
    figure, panels = new_figure(2 * len(names), len(names), 2.5)
    for row, name in enumerate(names):
        rows = table[table["metric"] == name]
        levels, change = panels[2 * row], panels[2 * row + 1]
        _draw_levels(levels, rows)
        _draw_difference(change, rows)
        for axes in (levels, change):
            axes.axvline(step - 0.5, color=INK, linewidth=0.8, linestyle=":")
            plain_numbers(axes, "y")
            axes.set_xlabel("step" if row == len(names) - 1 else "")
    return figure


def _draw_levels(axes: Axes, rows: pd.DataFrame) -> None:
    styles = styles_of(_SIDES)
    for side in _SIDES:
        axes.plot(rows["step"], rows[side], **stroke(styles[side]))
    title, unit = rows["title"].iloc[0], rows["unit"].iloc[0]
    axes.set_ylabel(f"{title},\n{unit}" if unit else title)
    label_ends(axes, {side: float(rows[side].iloc[-1]) for side in _SIDES}, styles)


def _draw_difference(axes: Axes, rows: pd.DataFrame) -> None:
    axes.axhline(0.0, color=LINES, linewidth=1)
    axes.plot(rows["step"], rows["difference"], color=SERIES[0], linewidth=2)
    if rows["low"].notna().any():
        axes.fill_between(rows["step"], rows["low"], rows["high"], color=SERIES[0], alpha=0.25, linewidth=0)
    axes.set_ylabel("difference")
