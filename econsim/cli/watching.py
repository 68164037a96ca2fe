"""The command that follows runs on a page: watch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def watch(
    folder: Annotated[Path, typer.Argument(metavar="RUN|FOLDER", help="A run, or a folder that holds runs.")] = Path(
        "runs"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of this machine's own address; 0: any.")] = 8765,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
) -> None:
    """Follow runs on a page.

    Learning curves, schedules, replays and results of running and finished runs; only this machine can reach the page.
    """
    from econsim.watch import serve

    def ready(address: str) -> None:
        typer.echo(f"{address} (stop with Ctrl-C)")
        if open_:
            import webbrowser

            webbrowser.open(address)

    serve(folder, port, ready)
