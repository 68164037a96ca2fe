"""Interactive figures as plain data for plotly.js.

Colours are CSS variables of the page (``var(--series-1)``), which the page replaces when it draws a figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from econsim.analysis.canvas import Style, in_money, styles_of
from econsim.analysis.plots import SMOOTHED
from econsim.report.drawing import VARIABLES

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Plot",
    "learning_curve",
    "library",
    "metrics_over_steps",
    "new_layout",
    "new_trace",
    "tax_schedules",
    "titled_axis",
]

Plot = dict[str, Any]
_INK, _LINES = "var(--ink)", "var(--lines)"
_MOST_POINTS = 600
_GAP = 0.12


def library() -> str | None:
    """Return plotly.js (5 MB), or ``None`` if plotly is not installed."""
    try:
        from plotly.offline import get_plotlyjs
    except ImportError:
        return None
    text: str = get_plotlyjs()
    return text.replace("</script", r"<\/script")


def tax_schedules(schedules: Mapping[str, tuple[Sequence[float], Sequence[float]]], unit: str = "") -> Plot:
    """Return marginal tax rates by income, as :func:`econsim.analysis.plots.tax_schedules` draws them."""
    positive = [value for thresholds, _ in schedules.values() for value in thresholds if value > 0] or [1.0]
    low, high = min(positive) / 4.0, max(positive) * 3.0
    traces = [
        new_trace(label, style)
        | {
            "x": [max(low, value) for value in (*schedules[label][0], high)],
            "y": [100.0 * rate for rate in (*schedules[label][1], schedules[label][1][-1])],
            "hovertemplate": "%{y:.1f} % from %{x:,.0f}",
        }
        for label, style in styles_of(schedules).items()
    ]
    for trace in traces:
        trace["line"]["shape"] = "hv"
    layout = new_layout()
    layout["xaxis"] = titled_axis(in_money("income before tax", unit)) | {"type": "log", "tickformat": ",", "dtick": 1}
    lowest = min(0.0, *(min(rates) for _, rates in schedules.values()))
    layout["yaxis"] = titled_axis("marginal tax rate, %") | {"range": [100.0 * lowest - 3.0, 103]}
    return {"data": traces, "layout": layout}


def learning_curve(
    curves: Mapping[str, pd.DataFrame], levels: Mapping[str, float], ylabel: str, xlabel: str = "training step"
) -> Plot:
    """Return learning curves with reference levels, as :func:`econsim.analysis.plots.learning_curve` draws them.

    The mean over seeds is a line; thin lines are single seeds, which the legend shows and hides together with the mean.
    """
    traces: list[Plot] = []
    styles = styles_of(reversed(list(curves))) if curves else {}
    for name, table in curves.items():
        wide = _thinned(table.pivot_table(index="step", columns="seed", values="value").sort_index())
        mean = wide.interpolate(limit_area="inside").mean(axis=1)
        if wide.shape[1] > 1:
            traces += [_seed(name, styles[name], seed, wide[seed].dropna()) for seed in wide]
        traces.append(new_trace(name, styles[name]) | _points(mean) | {"legendgroup": name})
    layout = new_layout()
    layout["xaxis"], layout["yaxis"] = titled_axis(xlabel), titled_axis(ylabel)
    layout["shapes"] = [_level(value) for value in levels.values()]
    layout["annotations"] = [_written(label, value) for label, value in levels.items()]
    return {"data": traces, "layout": layout}


def metrics_over_steps(
    curves: Mapping[str, pd.DataFrame], accounts: Mapping[str, str], xlabel: str = "iteration", smoothed: int = SMOOTHED
) -> Plot:
    """Return metrics over steps, one panel each, as :func:`econsim.analysis.plots.metrics_over_steps` draws them."""
    layout, traces = new_layout(), []
    width = (1.0 - _GAP * (len(accounts) - 1)) / len(accounts)
    for number, (account, title) in enumerate(accounts.items()):
        mark, left = str(number + 1) if number else "", number * (width + _GAP)
        layout[f"xaxis{mark}"] = titled_axis(xlabel) | {"domain": [left, left + width], "anchor": f"y{mark}"}
        layout[f"yaxis{mark}"] = titled_axis(title) | {"anchor": f"x{mark}"}
        for label, style in styles_of(curves).items():
            rows = curves[label][curves[label]["name"] == account]
            mean = rows.groupby("step")["value"].mean().rolling(smoothed, min_periods=1, center=True).mean()
            panel = {"xaxis": f"x{mark}", "yaxis": f"y{mark}", "legendgroup": label, "showlegend": not number}
            if "low" in rows:
                traces += [trace | panel | {"showlegend": False} for trace in _band(label, style, rows)]
            traces.append(new_trace(label, style) | _points(_thinned(mean)) | panel)
    return {"data": traces, "layout": layout}


def _thinned(table: Any) -> Any:
    """Return a table or series by step with at most several hundred rows, including the last one."""
    every = -(-len(table) // _MOST_POINTS)
    return table.iloc[::-1].iloc[::every].iloc[::-1] if every > 1 else table


def _points(values: Any) -> Plot:
    """Return the points of a line; a single point is drawn as a marker, since it would be invisible as a line."""
    points = {"x": [int(step) for step in values.index], "y": [float(value) for value in values]}
    return points | {"mode": "markers"} if len(values) == 1 else points


def new_trace(label: str, style: Style) -> Plot:
    """Return a line without points, in the style of its policy."""
    dashes = "solid" if style.dashes == "-" else ",".join(f"{style.width * length:g}px" for length in style.dashes[1])
    line = {"color": f"var({VARIABLES[style.color]})", "width": style.width, "dash": dashes}
    return {"type": "scatter", "mode": "lines", "name": label, "line": line}


def _seed(name: str, style: Style, seed: Any, values: Any) -> Plot:
    line = {"color": f"var({VARIABLES[style.color]})", "width": 0.6}
    legend = {"legendgroup": name, "showlegend": False, "opacity": 0.6}
    return new_trace(f"{name}, seed {seed}", style) | _points(values) | {"line": line} | legend


def _band(label: str, style: Style, rows: Any) -> list[Plot]:
    """Return the two edges of a band, the upper one with the area down to the lower one."""
    ends = [_thinned(rows.set_index("step")[name]) for name in ("low", "high")]
    edge = {"line": {"color": f"var({VARIABLES[style.color]})", "width": 0}, "hoverinfo": "skip", "mode": "lines"}
    lower, upper = (new_trace(label, style) | _points(end) | edge for end in ends)
    return [lower, upper | {"fill": "tonexty", "opacity": 0.3}]


def titled_axis(title: str) -> Plot:
    """Return an axis with a title."""
    return {
        "title": {"text": title},
        "gridcolor": _LINES,
        "linecolor": _LINES,
        "zeroline": False,
        "automargin": True,
        "exponentformat": "none",
        "separatethousands": True,
    }


def _level(value: float) -> Plot:
    line = {"color": _INK, "width": 0.9, "dash": "dot"}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value, "line": line}


def _written(label: str, value: float) -> Plot:
    position = {"xref": "paper", "x": 1, "xanchor": "right", "y": value, "yanchor": "bottom", "showarrow": False}
    return position | {"text": label, "font": {"size": 11}}


def new_layout() -> Plot:
    """Return the layout of a figure in the colours of the page."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": _INK, "family": "system-ui, sans-serif", "size": 12},
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.2},
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": "var(--panel)", "bordercolor": _LINES, "font": {"color": _INK}},
        "dragmode": False,
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "var(--quiet)", "activecolor": _INK},
    }
