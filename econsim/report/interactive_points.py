"""Interactive figures of a sweep as plain data for plotly.js: lines with bands, heat maps and dots with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from econsim.analysis.canvas import styles_of
from econsim.report.drawing import VARIABLES
from econsim.report.interactive import Plot, new_layout, new_trace, titled_axis

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["bands", "dots", "heat_maps"]

_GAP = 0.15
_TITLE_BELOW = 48
"""Pixels of tick labels and title below a figure without a legend, for which plotly itself leaves no room."""
_SCALE_HEIGHT = 90
"""Pixels of the scale of colours above a heat map; beside it, a phone would cut it off."""


def bands(curves: Mapping[str, pd.DataFrame], xlabel: str, ylabel: str) -> Plot:
    """Return lines with 95 % bands.

    Args:
        curves: by label, a table with the columns ``x``, ``mean``, ``low`` and ``high``; the one under study last.
        xlabel: the label of the horizontal axis.
        ylabel: the label of the vertical axis.
    """
    traces = []
    for label, style in styles_of(curves).items():
        table = curves[label]
        x, known = table["x"].tolist(), table.dropna(subset=["low", "high"])
        if not known.empty:
            traces.append(_band(known, f"var({VARIABLES[style.color]})", label))
        points = {"x": x, "y": table["mean"].tolist(), "mode": "lines+markers", "legendgroup": label}
        traces.append(new_trace(label, style) | points)
    return {"data": traces, "layout": new_layout() | {"xaxis": titled_axis(xlabel), "yaxis": titled_axis(ylabel)}}


def heat_maps(tables: Mapping[str, pd.DataFrame], xlabel: str, ylabel: str, title: str) -> Plot:
    """Return one heat map per policy, one below the other.

    Args:
        tables: by policy, means with the levels of one key, as text, as index and those of the other as columns.
        xlabel: the key of the columns.
        ylabel: the key of the index.
        title: the title of the colours.
    """
    shape, traces, last = new_layout(), [], len(tables) - 1
    height = (1.0 - _GAP * last) / len(tables)
    for number, (label, table) in enumerate(tables.items()):
        mark, top = str(number + 1) if number else "", 1.0 - number * (height + _GAP)
        xaxis = {"anchor": f"y{mark}", "type": "category", "showticklabels": number == last}
        yaxis = {"anchor": f"x{mark}", "type": "category", "domain": [max(top - height, 0.0), top]}
        shape[f"xaxis{mark}"] = titled_axis(xlabel if number == last else "") | xaxis
        shape[f"yaxis{mark}"] = titled_axis(ylabel if number == len(tables) // 2 else "") | yaxis
        cells: Plot = {"x": list(table.columns), "y": list(table.index), "z": _cells(table)}
        panel = {"xaxis": f"x{mark}", "yaxis": f"y{mark}", "coloraxis": "coloraxis", "name": label}
        traces.append({"type": "heatmap", "hovertemplate": "%{x}, %{y}: %{z:,.5~g}", **cells, **panel})
    if last:
        shape["annotations"] = [_above(f"y{n + 1 if n else ''} domain", label) for n, label in enumerate(tables)]
    shape["margin"] = shape["margin"] | {"t": _SCALE_HEIGHT + (20 if last else 0)}
    scale = [[0, "var(--lines)"], [1, "var(--series-1)"]]
    shape["coloraxis"] = {"colorscale": scale, "colorbar": _scale_above(title, 1.1 if last else 1.02)}
    return {"data": traces, "layout": shape}


def dots(table: pd.DataFrame, xlabel: str) -> Plot:
    """Return dots with 95 % intervals; ``table`` has the columns ``label``, ``mean``, ``low`` and ``high``."""
    above, below = table["high"] - table["mean"], table["mean"] - table["low"]
    color = "var(--series-1)"
    errors = {"array": _numbers(above), "arrayminus": _numbers(below), "type": "data", "color": color}
    points = {"x": table["mean"].tolist(), "y": table["label"].tolist(), "error_x": errors, "marker": {"color": color}}
    vertical = titled_axis("") | {"autorange": "reversed", "type": "category"}
    figure = {"type": "scatter", "mode": "markers", "name": xlabel, **points}
    layout = new_layout() | {"xaxis": titled_axis(xlabel), "yaxis": vertical}
    layout["margin"] = layout["margin"] | {"b": _TITLE_BELOW}
    return {"data": [figure], "layout": layout}


def _band(table: pd.DataFrame, color: str, label: str) -> Plot:
    """Return the area between ``low`` and ``high`` as one closed outline."""
    x = table["x"].tolist()
    outline = {"x": [*x, *reversed(x)], "y": [*table["low"], *reversed(table["high"].tolist())]}
    look = {"fill": "toself", "fillcolor": color, "opacity": 0.2, "line": {"width": 0}, "hoverinfo": "skip"}
    return {"type": "scatter", "mode": "lines", "showlegend": False, "legendgroup": label, **outline, **look}


def _scale_above(title: str, height: float) -> Plot:
    """Return the scale of colours, above the panels and their titles."""
    where = {"orientation": "h", "y": height, "yanchor": "bottom", "x": 0.5, "len": 0.9, "thickness": 14}
    return {**where, "title": {"text": title, "side": "top"}, "tickformat": ",", "outlinewidth": 0, "nticks": 5}


def _above(axis: str, text: str) -> Plot:
    """Return a title above the panel with an axis."""
    return {"x": 0.5, "xref": "paper", "y": 1.0, "yref": axis, "yanchor": "bottom", "text": text, "showarrow": False}


def _cells(table: pd.DataFrame) -> list[list[Any]]:
    return [_numbers(row) for _, row in table.iterrows()]


def _numbers(values: pd.Series[Any]) -> list[float | None]:
    return [None if value is None or value != value else float(value) for value in values]
