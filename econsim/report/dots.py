"""Dot plots of metrics: one panel per metric, one row per policy, with the 95 % interval around the mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from econsim.analysis.canvas import LINES, new_figure, plain_numbers, styles_of, write_title

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["interval_dots"]

_COLUMNS = 3


def interval_dots(table: pd.DataFrame, titles: Mapping[str, str] | None = None) -> Figure:
    """Return a dot plot with intervals.

    Args:
        table: columns ``scenario``, ``policy``, ``metric``, ``mean``, ``low``, ``high``, as returned by
            :func:`econsim.runs.compare`, for one response.
        titles: titles of metrics by name; by default, the name in words.
    """
    metrics, several = list(dict.fromkeys(table["metric"])), table["scenario"].nunique() > 1
    rows = list(dict.fromkeys(zip(table["scenario"], table["policy"], strict=True)))
    labels = [f"{scenario}: {policy}" if several else policy for scenario, policy in rows]
    figure, panels = new_figure(len(metrics), -(-len(metrics) // _COLUMNS), 0.7 + 0.26 * len(rows))
    for index, (axes, metric) in enumerate(zip(panels, metrics, strict=True)):
        _draw(axes, table[table["metric"] == metric].to_dict("records"), rows)
        write_title(axes, (titles or {}).get(metric, metric.replace("_", " ")))
        axes.set_yticks(range(len(rows)), labels if index % _COLUMNS == 0 else [""] * len(rows))
    return figure


def _draw(axes: Axes, records: Sequence[dict[Any, Any]], rows: list[tuple[str, str]]) -> None:
    styles = styles_of(dict.fromkeys(policy for _, policy in rows))
    for row in records:
        height, color = rows.index((row["scenario"], row["policy"])), styles[row["policy"]].color
        if row["low"] is not None and math.isfinite(row["low"]):
            axes.plot([row["low"], row["high"]], [height, height], color=color, linewidth=1.6, solid_capstyle="butt")
        axes.plot(row["mean"], height, marker="o", color=color, linestyle="")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="x", color=LINES, linewidth=0.5)
    axes.margins(x=0.12)
    axes.locator_params(axis="x", nbins=3)
    plain_numbers(axes)
