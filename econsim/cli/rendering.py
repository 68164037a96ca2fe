"""The command that turns an episode into pictures: render."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from econsim.cli.running import RunFolder
from econsim.errors import UserError


class Format(StrEnum):
    """Kinds of pictures."""

    gif = "gif"
    mp4 = "mp4"
    png = "png"


def render(
    run: RunFolder,
    policy: Annotated[str | None, typer.Option(metavar="LABEL", help="A policy; the scenario's own otherwise.")] = None,
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="An animation, or a contact sheet (png); gif and png if not given."),
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Steps from picture to picture.")] = 5,
    fps: Annotated[int, typer.Option(min=1, max=50, help="Pictures a second.")] = 20,
    out: Annotated[Path | None, typer.Option(help="The file; its suffix says how. In figures/ if not given.")] = None,
) -> None:
    """Make an animated picture of an episode.

    Shows the map, coin, prices and tax rates of the episode that a run kept of each policy.
    """
    from econsim.runs import open_run

    opened = open_run(run)
    from econsim.report.episode import picture_file, write_picture

    for path in _files(format_, out, lambda kind: picture_file(opened, policy, kind)):
        with _bar(path.name) as watch:
            write_picture(opened, path, policy, every, fps, watch)
        typer.echo(path)


def _files(format_: Format | None, out: Path | None, place: Callable[[str], Path]) -> list[Path]:
    """Return what to write: the given file, with the suffix of the format where it has none, or files in the run."""
    if out is None:
        return [place(kind.value) for kind in ([Format.gif, Format.png] if format_ is None else [format_])]
    if format_ is not None and out.suffix.lower() != f".{format_.value}":
        if out.suffix:
            raise UserError(f"--out {out} does not end in .{format_.value}; leave --format away, or give both alike")
        out = out.with_name(f"{out.name}.{format_.value}")
    return [out]


@contextmanager
def _bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal while pictures are drawn."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
