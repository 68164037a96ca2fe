"""The report: one self-contained HTML page about a run, and its figures as PNG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["write_report"]


def write_report(run: Run) -> Path:
    """Write ``report.html`` and ``figures/*.png`` into the folder of a finished run; return the page's path.

    Raises:
        UserError: the run is not finished.
        RunError: the disk is full; an older report stays.
    """
    from econsim.report.drawing import png
    from econsim.report.figures import Figures
    from econsim.report.page import render
    from econsim.runs._files import appearing, write_text

    found = list(Figures(run).captioned())
    (run.path / "figures").mkdir(exist_ok=True)
    for item in found:
        with appearing(run.path / "figures" / f"{item.name}.png") as file:
            file.write(png(item.figure))
    page = run.path / "report.html"
    write_text(page, render(run, found))
    return page
