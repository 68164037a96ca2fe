"""Dash application of the dashboard: the content of its tabs, and the callbacks that update them.

The page checks for news every two seconds; its elements are updated only if a run has changed. Names of runs that come
from the browser are looked up among the discovered runs and never used as paths.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update
from flask import request

from econsim.report.conversation import conversation
from econsim.report.interactive import Plot
from econsim.runs.comparison import OTHER_SCALES
from econsim.runs.folder import Run
from econsim.runs.recordings import recordings_of
from econsim.runs.transcripts import has_transcript
from econsim.watch import drawing, run_table, sweep_plots
from econsim.watch.discovery import Discovered, find, last_log_line, signature, state_of
from econsim.watch.layout import GRAPHS, layout
from econsim.watch.tail import is_return, measures, problem_of

__all__ = ["application"]

TITLE = "econsim watch"
OUTCOME = "main result by policy"
"""The figure of the results of finished runs, a choice next to the measures of training."""
TRANSCRIPTS = "/transcript"
"""The address of the page with the transcript of a run, which is given as ``?run=NAME``."""
_SHARED = ("colours.css", "paint.js")


def application(folder: Path) -> Dash:
    """Return the application that shows the runs and sweeps in ``folder``."""
    app = Dash("econsim.watch", assets_folder=str(files("econsim.watch") / "assets"), title=TITLE, update_title=TITLE)
    colours, paint = (files("econsim.report").joinpath(f"pages/{name}").read_text("utf-8") for name in _SHARED)
    head = f"<style>{colours}</style><script>{paint}</script>{{%css%}}"
    app.index_string = app.index_string.replace("{%css%}", head)
    app.layout = layout(str(folder))
    _follow(app, folder)
    _draw(app, folder)
    _list(app, folder)
    _play(app, folder)
    _converse(app, folder)
    return app


def _follow(app: Dash, folder: Path) -> None:
    """Add the callbacks that look for runs and for changes of them."""

    @app.callback(
        Output("run", "options"), Output("run", "value"), Output("others", "options"), Output("sweep", "options"),
        Output("sweep", "value"), Output("version", "data"),
        Input("look", "n_intervals"), State("run", "value"), State("sweep", "value"), State("version", "data"),
    )  # fmt: skip
    def look(_: int | None, run: str | None, sweep: str | None, version: str | None) -> tuple[Any, ...]:
        discovered = find(folder)
        runs, sweeps = discovered.runs, discovered.sweeps
        new_version = repr([(name, signature(Run(path))) for name, path in runs.items()] + list(sweeps))
        if new_version == version:
            return (no_update,) * 6
        options = [{"label": f"{name} ({state_of(Run(path))})", "value": name} for name, path in runs.items()]
        selected_sweep = sweep if sweep in sweeps else next(iter(sweeps), None)
        selected_run = run if run in runs else next(iter(runs), None)
        return options, selected_run, [*runs], [*sweeps], selected_sweep, new_version

    @app.callback(Output("status", "children"), Input("run", "value"), Input("version", "data"))
    def status(name: str | None, _: str) -> list[Any]:
        run = find(folder).run(name)
        return [] if run is None else _status(run)

    _in_browser(app, "scheme", Output("dark", "data"), Input("look", "n_intervals"), State("dark", "data"))


def _draw(app: Dash, folder: Path) -> None:
    """Add the callbacks that draw graphs; the page fills in their colours."""
    for name in GRAPHS:
        shown = [Output(name, "figure"), Output(name, "style"), Output(f"{name}-empty", "style")]
        _in_browser(app, "paint", shown, Input(f"{name}-data", "data"), Input("dark", "data"))

    @app.callback(
        Output("measure", "options"), Output("measure", "value"), Output("learning-data", "data"),
        Output("left-out", "children"),
        Input("run", "value"), Input("others", "value"), Input("measure", "value"), Input("version", "data"),
    )  # fmt: skip
    def learning(run: str | None, others: Sequence[str] | None, measure: str | None, _: str) -> tuple[Any, ...]:
        runs = _selected(find(folder), run, others)
        options = list(dict.fromkeys(name for selected in runs.values() for name in measures(selected)))
        if any(selected.finished for selected in runs.values()):
            options.insert(sum(map(is_return, options)), OUTCOME)  # first where nothing learned a return
        shown = measure if measure in options else next(iter(options), None)
        plot = drawing.outcome(runs) if shown == OUTCOME else drawing.learning(runs, shown) if shown else None
        excluded = drawing.left_out(runs, shown) if shown else []
        return options, shown, plot, f"{OTHER_SCALES} are left out: {', '.join(excluded)}." if excluded else ""

    @app.callback(
        Output("schedules-data", "data"), Output("changes-data", "data"),
        Input("run", "value"), Input("others", "value"), Input("version", "data"),
    )  # fmt: skip
    def schedules(run: str | None, others: Sequence[str] | None, _: str) -> tuple[Plot | None, Plot | None]:
        runs = _selected(find(folder), run, others)
        changes = drawing.schedules_over_time(runs[run]) if run in runs else None
        return drawing.schedules(runs), changes


def _list(app: Dash, folder: Path) -> None:
    """Add the callbacks that fill the grids."""

    @app.callback(
        Output("results-grid", "columnDefs"), Output("results-grid", "rowData"),
        Input("run", "value"), Input("others", "value"), Input("version", "data"),
    )  # fmt: skip
    def results(run: str | None, others: Sequence[str] | None, _: str) -> run_table.Grid:
        return run_table.results(_selected(find(folder), run, others, damaged=True))

    @app.callback(
        Output("sweep-metric", "options"), Output("sweep-metric", "value"), Output("sweep-axes", "options"),
        Output("sweep-axes", "value"), Output("levels-data", "data"),
        Input("sweep", "value"), Input("sweep-metric", "value"), Input("sweep-axes", "value"), Input("version", "data"),
    )  # fmt: skip
    def levels(name: str | None, metric: str | None, axes: str | None, _: str) -> tuple[Any, ...]:
        path = find(folder).sweeps.get(name or "")
        names = [] if path is None else sweep_plots.metrics_of(path)
        metric = metric if metric in names else next(iter(names), None)
        plots = {} if path is None or metric is None else sweep_plots.plots_of(path, metric)
        axes = axes if axes in plots else next(iter(plots), None)
        return names, metric, list(plots), axes, plots[axes] if axes else None

    @app.callback(
        Output("sweep-grid", "columnDefs"), Output("sweep-grid", "rowData"),
        Input("sweep", "value"), Input("version", "data"),
    )  # fmt: skip
    def sweep(name: str | None, _: str) -> run_table.Grid:
        path = find(folder).sweeps.get(name or "")
        return ([], []) if path is None else run_table.runs_of_sweep(path)


def _play(app: Dash, folder: Path) -> None:
    """Add the callbacks that show the map of an episode, step by step."""
    _in_browser(app, "play", [Output("beat", "disabled"), Output("play", "children")], Input("play", "n_clicks"))
    moment = Output("moment", "value")
    _in_browser(app, "beat", moment, Input("beat", "n_intervals"), State("moment", "value"), State("moment", "max"))

    @app.callback(
        Output("policy", "options"), Output("policy", "value"), Input("run", "value"), Input("version", "data")
    )
    def policies(name: str | None, _: str) -> tuple[list[str], str | None]:
        run = find(folder).run(name)
        is_shown = run is not None and run.finished and problem_of(run) is None
        recorded = recordings_of(run) if run is not None and is_shown else []
        return recorded, recorded[-1] if recorded else None

    @app.callback(
        Output("frame", "src"), Output("frame", "style"), Output("caption", "children"), Output("moment", "max"),
        Input("moment", "value"), Input("policy", "value"), State("run", "value"),
    )  # fmt: skip
    def show_frame(moment: int | None, policy: str | None, name: str | None) -> tuple[Any, ...]:
        run = find(folder).run(name)
        replay = drawing.replay_of(run, policy) if run is not None and policy and problem_of(run) is None else None
        if replay is None:
            return "", {"display": "none"}, "This run has no recorded episode with a map.", 1
        last = len(replay) - 1
        time = min(moment or 0, last)
        return replay.frame(time), {"display": "block"}, f"{policy}: step {time:,} of {last:,}", last


def _converse(app: Dash, folder: Path) -> None:
    """Add the page of a run's transcript, and the callback that shows it."""

    def page() -> tuple[str, int]:
        run = find(folder).run(request.args.get("run"))
        if run is None or not has_transcript(run):
            return "no such transcript", 404
        return conversation(run), 200

    app.server.add_url_rule(TRANSCRIPTS, "transcript", page)
    hidden = {"display": "none"}

    @app.callback(
        Output("conversation", "src"), Output("conversation", "style"), Output("conversation-empty", "style"),
        Input("run", "value"), Input("version", "data"),
    )  # fmt: skip
    def show_transcript(name: str | None, version: str | None) -> tuple[str, dict[str, str], dict[str, str]]:
        run = find(folder).run(name)
        if run is None or not has_transcript(run):
            return "", hidden, {}
        state = zlib.crc32((version or "").encode())  # so that the browser loads the page again when the run has grown
        return f"{TRANSCRIPTS}?{urlencode({'run': name, 'state': state})}", {}, hidden


def _in_browser(app: Dash, function: str, output: Any, *inputs: Any) -> None:
    """Add a callback that is a function of ``assets/clientside.js``; it is not called initially."""
    call: Any = app.clientside_callback
    call(ClientsideFunction("econsim", function), output, *inputs, prevent_initial_call=True)


def _selected(
    discovered: Discovered, run: str | None, others: Sequence[str] | None, damaged: bool = False
) -> dict[str, Run]:
    """Return the selected run and the runs to compare it with, by name.

    Runs with damaged files are left out unless ``damaged`` is set; if the selected run is one, nothing is left to show.
    """
    names = dict.fromkeys([run, *(others or ())])
    runs = {name: known_run for name in names if name and (known_run := discovered.run(name)) is not None}
    if damaged:
        return runs
    readable = {name: known_run for name, known_run in runs.items() if problem_of(known_run) is None}
    return readable if run in readable else {}


def _status(run: Run) -> list[Any]:
    state, problem = state_of(run), problem_of(run)
    if problem is not None:
        return [html.Strong("damaged"), f": {problem}"]
    if not run.finished:
        return [html.Strong(state), f": {last_log_line(run)}"]
    from econsim.report.content import headline
    from econsim.report.ranking import answer

    warnings = [html.P(f"Warning: {warning}", className="note") for warning in run.summary["warnings"]]
    results = [html.P(text) for text in (answer(run.summary), headline(run.summary)) if text]
    return [html.Strong(state), *results, *warnings]
