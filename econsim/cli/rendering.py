"""The command ``render``: animations and contact sheets of a recorded episode."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from econsim.cli.progress_bar import progress_bar
from econsim.cli.running import RunFolder
from econsim.errors import UserError


class Format(StrEnum):
    """Formats of animations and images."""

    gif = "gif"
    mp4 = "mp4"
    png = "png"


def render(
    run: RunFolder,
    policy: Annotated[
        str | None, typer.Option(metavar="LABEL", help="A policy of the run. Default: the policy of the scenario.")
    ] = None,
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="An animation (gif, mp4) or a contact sheet (png). Default: gif and png."),
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="The number of steps between two frames.")] = 5,
    fps: Annotated[int, typer.Option(min=1, max=50, help="Frames per second.")] = 20,
    out: Annotated[
        Path | None,
        typer.Option(help="The output file; its suffix determines the format. Default: a file in figures/ of the run."),
    ] = None,
) -> None:
    """Render an animation of an episode.

    Shows the map, coin, prices and tax rates of an episode. A run records one episode of each policy.
    """
    from econsim.runs import open_run

    opened = open_run(run)
    from econsim.report.episode import animation_file, write_animation

    for path in _files(format_, out, lambda kind: animation_file(opened, policy, kind)):
        with progress_bar(path.name) as report:
            write_animation(opened, path, policy, every, fps, report)
        typer.echo(path)


def _files(format_: Format | None, out: Path | None, default_file: Callable[[str], Path]) -> list[Path]:
    """Return the files to write: ``out``, with the suffix of the format where it has none, or files in the run."""
    if out is None:
        return [default_file(kind.value) for kind in ([Format.gif, Format.png] if format_ is None else [format_])]
    if format_ is not None and out.suffix.lower() != f".{format_.value}":
        if out.suffix:
            raise UserError(
                f"--out {out}: --format {format_.value} needs the suffix .{format_.value}; change one of them"
            )
        out = out.with_name(f"{out.name}.{format_.value}")
    return [out]
