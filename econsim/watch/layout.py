"""Layout of the dashboard: its tabs, controls and graphs."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
from dash import dcc, html

__all__ = ["GRAPHS", "layout"]

SECONDS_BETWEEN_LOOKS = 2
PLAYED_STEP = 120  # milliseconds between two frames
GRAPHS = ("learning", "schedules", "changes", "levels")

_THEME = (
    "themeQuartz.withParams({backgroundColor: 'var(--page)', foregroundColor: 'var(--ink)', accentColor:"
    " 'var(--accent)', borderColor: 'var(--lines)', headerBackgroundColor: 'var(--panel)', oddRowBackgroundColor:"
    " 'var(--page)', menuBackgroundColor: 'var(--panel)', fontFamily: 'inherit', browserColorScheme: 'inherit'})"
)


def layout(folder: str) -> html.Div:
    """Return the layout of the page for the runs in ``folder``."""
    return html.Div(
        [
            dcc.Interval(id="look", interval=1000 * SECONDS_BETWEEN_LOOKS),
            dcc.Store(id="version"),
            dcc.Store(id="dark"),
            html.Header([html.H1("econsim watch"), html.P(folder, className="quiet")]),
            html.Div(
                [
                    _labelled("Run", dcc.Dropdown(id="run", clearable=False, placeholder="no runs yet")),
                    _labelled("Compare with", dcc.Dropdown(id="others", multi=True, placeholder="other runs")),
                ],
                className="choices",
            ),
            html.Div(id="status", className="status", **{"aria-live": "polite"}),  # type: ignore[arg-type]
            dcc.Tabs(
                [
                    _tab("learning", "Learning", _learning()),
                    _tab("schedules", "Schedules", _schedules()),
                    _tab("replay", "Replay", _replay()),
                    _tab("results", "Results", [_grid("results")]),
                    _tab("transcript", "Transcript", _transcript()),
                    _tab("sweeps", "Sweeps", _sweeps()),
                ],
                id="view",
                value="learning",
                className="tabs",
                mobile_breakpoint=0,
            ),
        ],
        className="page",
    )


def _learning() -> list[Any]:
    measure = _labelled("Measure", dcc.Dropdown(id="measure", clearable=False))
    return [measure, html.P(id="left-out", className="quiet"), *_graph("learning")]


def _schedules() -> list[Any]:
    return [
        html.H2("Marginal tax rates"),
        *_graph("schedules"),
        html.H2("Changes over time"),
        html.P(
            "Over training, if rates were recorded; otherwise over the tax periods of an episode.", className="quiet"
        ),
        *_graph("changes"),
    ]


def _replay() -> list[Any]:
    play = html.Button("Play", id="play", n_clicks=0)
    return [
        _labelled("Policy", dcc.Dropdown(id="policy", clearable=False)),
        html.Div([play, dcc.Slider(id="moment", min=0, max=1, step=1, value=0, marks=None)], className="player"),
        dcc.Interval(id="beat", interval=PLAYED_STEP, disabled=True),
        html.P(id="caption", className="quiet"),
        html.Img(id="frame", alt="Map of the episode at the selected step", className="map"),
    ]


def _transcript() -> list[Any]:
    empty = html.P("This run asks no language model, or has no transcript.", id="conversation-empty", className="quiet")
    page = html.Iframe(id="conversation", title="Transcript", className="conversation", style={"display": "none"})
    return [empty, page]


def _sweeps() -> list[Any]:
    return [
        _labelled("Sweep", dcc.Dropdown(id="sweep", placeholder="no sweeps in this folder")),
        html.Div(
            [
                _labelled("Metric", dcc.Dropdown(id="sweep-metric", clearable=False)),
                _labelled("By", dcc.Dropdown(id="sweep-axes", clearable=False)),
            ],
            className="choices",
        ),
        *_graph("levels"),
        _grid("sweep"),
    ]


def _tab(name: str, title: str, content: list[Any]) -> dcc.Tab:
    return dcc.Tab(content, label=title, value=name, className="tab", selected_className="tab chosen")


def _graph(name: str) -> list[Any]:
    """Return a graph and the store of its data; the page fills in the colours."""
    empty = html.P("No data yet.", id=f"{name}-empty", className="quiet")
    graph = dcc.Graph(id=name, responsive=True, config={"displaylogo": False}, style={"display": "none"})
    return [dcc.Store(id=f"{name}-data"), empty, graph]


def _grid(name: str) -> dag.AgGrid:
    return dag.AgGrid(
        id=f"{name}-grid",
        columnDefs=[],
        rowData=[],
        defaultColDef={"sortable": True, "resizable": True, "floatingFilter": True, "width": 140, "minWidth": 110},
        dashGridOptions={"pagination": True, "paginationPageSize": 50, "theme": {"function": _THEME}},
        className="grid",
    )


def _labelled(text: str, control: Any) -> html.Label:
    return html.Label([html.Span(text), control], className="choice")
