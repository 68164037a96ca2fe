"""Files that options of commands write: checked before work starts, written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from econsim.errors import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PLOTS", "check_file", "write_plot"]

PLOTS = (".png", ".svg")
"""Suffixes of figures."""


def check_file(option: str, path: Path | None, suffixes: tuple[str, ...] = ()) -> None:
    """Check that a file can be written.

    Raises:
        UserError: its folder does not exist, it is a folder, or it has none of the suffixes, where there are some.
    """
    if path is None:
        return
    if not path.parent.is_dir():
        raise UserError(f"{option} {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise UserError(f"{option} {path}: this is a folder; give the name of a file")
    if suffixes and path.suffix.lower() not in suffixes:
        raise UserError(f"{option} {path}: expected a file name that ends in {' or '.join(suffixes)}")


def write_plot(path: Path, figure: Figure, name: str) -> None:
    """Write a figure as its suffix says; ``name`` makes the identifiers of an SVG file unique."""
    from econsim.report.drawing import png, svg_file
    from econsim.storage.files import appearing

    content = png(figure) if path.suffix.lower() == ".png" else svg_file(figure, name).encode()
    with appearing(path) as file:
        file.write(content)
