"""The application: what each part of the page shows, and when it is drawn anew.

The page looks every two seconds; parts are drawn anew only where a run has something new. Names of runs that come from
the browser are looked up among those that were found, never used as paths.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update

from econsim.report.interactive import Plot
from econsim.runs.folder import Run
from econsim.runs.recordings import recordings_of
from econsim.watch import drawing, run_table
from econsim.watch.discovery import Found, find, last_words, signature, state_of
from econsim.watch.layout import GRAPHS, layout
from econsim.watch.tail import measures

__all__ = ["application"]

TITLE = "econsim watch"
_SHARED = ("colours.css", "paint.js")


def application(folder: Path) -> Dash:
    """Return the application that shows what is in ``folder``."""
    app = Dash("econsim.watch", assets_folder=str(files("econsim.watch") / "assets"), title=TITLE, update_title=TITLE)
    colours, paint = (files("econsim.report").joinpath(f"pages/{name}").read_text("utf-8") for name in _SHARED)
    head = f"<style>{colours}</style><script>{paint}</script>{{%css%}}"
    app.index_string = app.index_string.replace("{%css%}", head)
    app.layout = layout(str(folder))
    _follow(app, folder)
    _draw(app, folder)
    _list(app, folder)
    _play(app, folder)
    return app


def _follow(app: Dash, folder: Path) -> None:
    """Look for runs and for news of them."""

    @app.callback(
        Output("run", "options"), Output("run", "value"), Output("others", "options"), Output("sweep", "options"),
        Output("sweep", "value"), Output("version", "data"),
        Input("look", "n_intervals"), State("run", "value"), State("sweep", "value"), State("version", "data"),
    )  # fmt: skip
    def look(_: int | None, run: str | None, sweep: str | None, version: str | None) -> tuple[Any, ...]:
        found = find(folder)
        news = repr([(name, signature(Run(path))) for name, path in found.runs.items()] + list(found.sweeps))
        if news == version:
            return (no_update,) * 6
        options = [{"label": f"{name} ({state_of(Run(path))})", "value": name} for name, path in found.runs.items()]
        swept = sweep if sweep in found.sweeps else next(iter(found.sweeps), None)
        chosen = run if run in found.runs else next(iter(found.runs), None)
        return options, chosen, [*found.runs], [*found.sweeps], swept, news

    @app.callback(Output("status", "children"), Input("run", "value"), Input("version", "data"))
    def status(name: str | None, _: str) -> list[Any]:
        run = find(folder).run(name)
        return [] if run is None else _status(run)

    _in_browser(app, "scheme", Output("dark", "data"), Input("look", "n_intervals"), State("dark", "data"))


def _draw(app: Dash, folder: Path) -> None:
    """Draw graphs; the page fills in their colours."""
    for name in GRAPHS:
        shown = [Output(name, "figure"), Output(name, "style"), Output(f"{name}-empty", "style")]
        _in_browser(app, "paint", shown, Input(f"{name}-data", "data"), Input("dark", "data"))

    @app.callback(
        Output("measure", "options"), Output("measure", "value"), Output("learning-data", "data"),
        Input("run", "value"), Input("others", "value"), Input("measure", "value"), Input("version", "data"),
    )  # fmt: skip
    def learning(run: str | None, others: Sequence[str] | None, measure: str | None, _: str) -> tuple[Any, ...]:
        runs = _chosen(find(folder), run, others)
        known = list(dict.fromkeys(name for each in runs.values() for name in measures(each)))
        shown = measure if measure in known else next(iter(known), None)
        return known, shown, drawing.learning(runs, shown) if shown else None

    @app.callback(
        Output("schedules-data", "data"), Output("changes-data", "data"),
        Input("run", "value"), Input("others", "value"), Input("version", "data"),
    )  # fmt: skip
    def schedules(run: str | None, others: Sequence[str] | None, _: str) -> tuple[Plot | None, Plot | None]:
        runs = _chosen(find(folder), run, others)
        changes = drawing.schedules_over_time(next(iter(runs.values()))) if runs else None
        return drawing.schedules(runs), changes


def _list(app: Dash, folder: Path) -> None:
    """Fill the grids."""

    @app.callback(
        Output("results-grid", "columnDefs"), Output("results-grid", "rowData"),
        Input("run", "value"), Input("others", "value"), Input("version", "data"),
    )  # fmt: skip
    def results(run: str | None, others: Sequence[str] | None, _: str) -> run_table.Grid:
        return run_table.results(_chosen(find(folder), run, others))

    @app.callback(
        Output("sweep-grid", "columnDefs"), Output("sweep-grid", "rowData"),
        Input("sweep", "value"), Input("version", "data"),
    )  # fmt: skip
    def sweep(name: str | None, _: str) -> run_table.Grid:
        path = find(folder).sweeps.get(name or "")
        return ([], []) if path is None else run_table.runs_of_sweep(path)


def _play(app: Dash, folder: Path) -> None:
    """Show the map of an episode, moment by moment."""
    _in_browser(app, "play", [Output("beat", "disabled"), Output("play", "children")], Input("play", "n_clicks"))
    moment = Output("moment", "value")
    _in_browser(app, "beat", moment, Input("beat", "n_intervals"), State("moment", "value"), State("moment", "max"))

    @app.callback(
        Output("policy", "options"), Output("policy", "value"), Input("run", "value"), Input("version", "data")
    )
    def policies(name: str | None, _: str) -> tuple[list[str], str | None]:
        run = find(folder).run(name)
        kept = recordings_of(run) if run is not None and run.finished else []
        return kept, kept[-1] if kept else None

    @app.callback(
        Output("picture", "src"), Output("picture", "style"), Output("caption", "children"), Output("moment", "max"),
        Input("moment", "value"), Input("policy", "value"), State("run", "value"),
    )  # fmt: skip
    def picture(moment: int | None, policy: str | None, name: str | None) -> tuple[Any, ...]:
        run = find(folder).run(name)
        replay = drawing.replay_of(run, policy) if run is not None and policy else None
        if replay is None:
            return "", {"display": "none"}, "This run keeps no episode that can be pictured.", 1
        last = len(replay) - 1
        time = min(moment or 0, last)
        return replay.picture(time), {"display": "block"}, f"{policy}: step {time:,} of {last:,}", last


def _in_browser(app: Dash, function: str, output: Any, *inputs: Any) -> None:
    """Let a function of ``assets/clientside.js`` answer; it is not asked before something happened."""
    call: Any = app.clientside_callback
    call(ClientsideFunction("econsim", function), output, *inputs, prevent_initial_call=True)


def _chosen(found: Found, run: str | None, others: Sequence[str] | None) -> dict[str, Run]:
    """Return the chosen run and those beside it, by name."""
    names = dict.fromkeys([run, *(others or ())])
    return {name: known for name in names if name and (known := found.run(name)) is not None}


def _status(run: Run) -> list[Any]:
    state = state_of(run)
    if not run.finished:
        return [html.Strong(state), f": {last_words(run)}"]
    from econsim.report.content import headline

    warnings = [html.P(f"Warning: {warning}", className="note") for warning in run.summary["warnings"]]
    return [html.Strong(state), f": {headline(run.summary)}", *warnings]
