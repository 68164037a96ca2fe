"""Plots of a sweep with matplotlib: lines with bands, heat maps, and the frontier of two metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.analysis.canvas import (
    INK,
    LEGEND,
    LINES,
    label_ends,
    new_figure,
    plain_numbers,
    stroke,
    styles_of,
    write_title,
)
from econsim.report.crowding import CELL, POINT
from econsim.report.heat_map import draw_cells
from econsim.runs.metric_columns import shown
from econsim.sweep.copies import ALL
from econsim.sweep.frontier import CLEAR, ON_FRONT, Frontier

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["bands", "frontier", "heat_maps", "level_in_words", "point_label"]

_MAP_HEIGHT, _MAPS_HEIGHT = 3.9, 2.6
"""Inches: the height of one heat map, and of each of several."""
_MOST_CELLS_WITH_NUMBERS = 60
_MARKS: tuple[tuple[str, bool, bool, dict[str, Any]], ...] = (
    ("front, clear", True, True, {"marker": "o", "markersize": 7}),
    ("front, unclear", True, False, {"marker": "o", "markersize": 7, "markerfacecolor": "none"}),
    ("dominated, unclear", False, False, {"marker": "D", "markersize": 4, "markerfacecolor": "none"}),
    ("dominated, clear", False, True, {"marker": ".", "markersize": 4}),
)


def bands(curves: Mapping[str, pd.DataFrame], xlabel: str, ylabel: str) -> Figure:
    """Draw lines with 95 % bands.

    Args:
        curves: by label, a table with the columns ``x``, ``mean``, ``low`` and ``high``; the one under study last.
        xlabel: the label of the horizontal axis.
        ylabel: the label of the vertical axis.
    """
    figure, (axes,) = new_figure()
    styles = styles_of(curves)
    for label, table in curves.items():
        axes.plot(table["x"], table["mean"], marker="o", markersize=3.5, **stroke(styles[label]))
        axes.fill_between(
            table["x"], table["low"].astype(float), table["high"].astype(float), color=styles[label].color, alpha=0.18,
            linewidth=0,
        )  # fmt: skip
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    plain_numbers(axes, "y")
    label_ends(axes, {label: float(table["mean"].iloc[-1]) for label, table in curves.items()}, styles)
    return figure


def heat_maps(tables: Mapping[str, pd.DataFrame], xlabel: str, ylabel: str, title: str) -> Figure:
    """Draw one heat map per policy, one below the other, in common colours.

    Args:
        tables: by policy, means with the levels of one key, as text, as index and those of the other as columns.
        xlabel: the key of the columns.
        ylabel: the key of the index.
        title: the title of the colours.
    """
    figure, panels = new_figure(len(tables), len(tables), _MAP_HEIGHT if len(tables) == 1 else _MAPS_HEIGHT)
    cells = np.concatenate([table.to_numpy(float).ravel() for table in tables.values()])
    for axes, (policy, table) in zip(panels, tables.items(), strict=True):
        mesh = draw_cells(axes, table.to_numpy(float), cells.min(), cells.max())
        axes.set_xticks([index + 0.5 for index in range(table.shape[1])], list(table.columns))
        axes.set_yticks([index + 0.5 for index in range(table.shape[0])], list(table.index))
        _write_cells(axes, table, (cells.min() + cells.max()) / 2)
        if len(tables) > 1:
            write_title(axes, policy)
    panels[-1].set_xlabel(xlabel)
    panels[len(panels) // 2].set_ylabel(ylabel)
    bar = figure.colorbar(mesh, ax=panels)
    bar.set_label(title, color=INK, fontsize=9.5)
    bar.ax.tick_params(color=LINES, labelcolor=INK, labelsize=9)
    bar.outline.set_edgecolor(LINES)
    plain_numbers(bar.ax, "y")
    return figure


def _write_cells(axes: Axes, table: pd.DataFrame, middle: float) -> None:
    """Write the value of each cell, in white on the dark colours of values above the middle."""
    if table.size > _MOST_CELLS_WITH_NUMBERS:
        return
    for (row, column), value in np.ndenumerate(table.to_numpy(float)):
        ink = "white" if value > middle else "black"
        number = axes.text(column + 0.5, row + 0.5, shown(value), ha="center", va="center", fontsize=8, color=ink)
        number.set_label(CELL)


def frontier(found: Frontier) -> Figure:
    """Draw the points of a frontier with 95 % intervals, one panel per response of the workers."""
    responses = list(found.points["response"].unique())
    figure, panels = new_figure(len(responses))
    styles = styles_of(found.points["policy"].unique())
    for axes, response in zip(panels, responses, strict=True):
        rows = found.points[found.points["response"] == response]
        _draw_points(axes, rows, found, {policy: style.color for policy, style in styles.items()})
        axes.set_xlabel(_direction(found, 0))
        axes.set_ylabel(_direction(found, 1))
        axes.grid(axis="x", color=LINES, linewidth=0.5)
        axes.margins(0.12)
        plain_numbers(axes, "x")
        plain_numbers(axes, "y")
        if len(responses) > 1:
            write_title(axes, response)
    _explain(figure, found)
    return figure


def _draw_points(axes: Axes, rows: pd.DataFrame, found: Frontier, colors: Mapping[str, str]) -> None:
    first, second = (goal.metric for goal in found.goals)
    front = rows[rows[ON_FRONT]].sort_values(first)
    axes.step(front[first], front[second], where="post" if found.goals[0].sign < 0 else "pre", color=LINES, zorder=1)
    for policy, of_policy in rows.groupby("policy", sort=False):
        for _, on_front, clear, mark in _MARKS:
            points = of_policy[(of_policy[ON_FRONT] == on_front) & (of_policy[CLEAR] == clear)]
            alpha = 1.0 if on_front else 0.55
            axes.errorbar(
                points[first], points[second], xerr=_lengths(points, first), yerr=_lengths(points, second),
                linestyle="", color=colors[str(policy)], elinewidth=0.9, alpha=alpha, **mark,
            )  # fmt: skip
    for row in front.to_dict("records"):
        text = point_label(row, found.keys)
        label = axes.annotate(
            text, (row[first], row[second]), (5, 4), textcoords="offset points", fontsize=8, color=INK
        )
        label.set_label(POINT)
        label.set_in_layout(False)


def point_label(row: Mapping[Any, Any], keys: Sequence[str]) -> str:
    """Return a policy and its levels in words, without levels that say nothing more."""
    levels = [
        f"{key.rpartition('.')[2]} {level_in_words(row[key])}" for key in keys if row[key] not in (ALL, row["policy"])
    ]
    return ", ".join([str(row["policy"]), *levels])


def level_in_words(level: Any) -> str:
    """Return a level of an axis, a float with up to six digits."""
    return f"{level:g}" if isinstance(level, float) else str(level)


def _lengths(points: pd.DataFrame, name: str) -> list[list[float]]:
    """Return the lengths of the intervals below and above the means, zero where there is none."""
    below = (points[name] - points[f"{name}_low"].astype(float)).fillna(0.0)
    above = (points[f"{name}_high"].astype(float) - points[name]).fillna(0.0)
    return [below.clip(lower=0.0).tolist(), above.clip(lower=0.0).tolist()]


def _direction(found: Frontier, index: int) -> str:
    return f"{found.titles[index]}{' (less is better)' if found.goals[index].sign < 0 else ''}"


def _explain(figure: Figure, found: Frontier) -> None:
    """Add a legend of the marks that occur, below the panels."""
    kinds = set(zip(found.points[ON_FRONT], found.points[CLEAR], strict=True))
    for label, on_front, clear, mark in _MARKS:
        if (on_front, clear) in kinds:
            figure.axes[0].plot([], [], linestyle="", color=INK, label=label, **mark)
    figure.legend(loc="outside lower center", ncols=2, **LEGEND)
