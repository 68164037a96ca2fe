"""The command ``watch``: a local dashboard of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def watch(
    folder: Annotated[Path, typer.Argument(metavar="RUN|FOLDER", help="A run, or a folder of runs.")] = Path("runs"),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The local port of the dashboard; 0: any free port.")
    ] = 8765,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the dashboard in a browser.")] = True,
) -> None:
    """Open a dashboard of runs in the browser.

    Shows learning curves, schedules, replays and results of running and finished runs. The dashboard is accessible from
    this machine only.
    """
    from econsim.watch import serve

    def ready(address: str) -> None:
        typer.echo(f"{address} (stop with Ctrl-C)")
        if open_:
            import webbrowser

            webbrowser.open(address)

    serve(folder, port, ready)
