"""The report: one self-contained HTML page about a run or several, figures as PNG and SVG, tables as CSV and LaTeX."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from econsim.report.figures import Captioned
    from econsim.report.page import Drawn
    from econsim.runs.folder import Run

__all__ = ["write_comparison", "write_report"]


def write_report(run: Run, interactive: bool = False) -> Path:
    """Write ``report.html``, ``figures/`` and ``tables/`` into the folder of a finished run; return the page's path.

    Args:
        run: a finished run.
        interactive: put plotly.js into the page (5 MB), so that one can point at some figures; without effect where
            plotly is not installed.

    Raises:
        UserError: the run is not finished.
        RunError: the disk is full; an older report stays.
    """
    from econsim.report.figures import Figures
    from econsim.report.page import render
    from econsim.report.tables import tables_of, write_tables
    from econsim.storage.files import write_text

    drawn = _write_figures(run.path / "figures", Figures(run).captioned())
    write_tables(run.path / "tables", tables_of(run))
    page = run.path / "report.html"
    write_text(page, render(run, drawn, interactive))
    return page


def write_comparison(
    paths: Iterable[str | Path], page: Path, metrics: Iterable[str] = (), interactive: bool = False
) -> Path:
    """Write one page about several runs, and beside it a folder ``<name>_files`` with figures and tables.

    Args:
        paths: folders of finished runs.
        page: the HTML file to write.
        metrics: their names, as for :func:`econsim.runs.compare`.
        interactive: as for :func:`write_report`.

    Raises:
        UserError: runs that cannot be compared, or no folder for ``page``.
        RunError: the disk is full; an older page stays.
    """
    from econsim.errors import UserError
    from econsim.report.comparison import Comparison
    from econsim.report.tables import write_tables
    from econsim.storage.files import write_text

    if not page.parent.is_dir():
        raise UserError(f"{page}: there is no folder {page.parent}; make it, or choose another with --out")
    found = Comparison(paths, metrics)
    folder = page.with_name(f"{page.stem}_files")
    folder.mkdir(exist_ok=True)
    drawn = _write_figures(folder / "figures", found.captioned())
    write_tables(folder / "tables", found.tables)
    write_text(page, found.render(drawn, interactive))
    return page


def _write_figures(folder: Path, figures: Iterable[Captioned]) -> list[Drawn]:
    from econsim.report.drawing import png, svg_file
    from econsim.storage.files import appearing, write_text

    drawn = [(item, svg_file(item.figure, item.name)) for item in figures]
    folder.mkdir(exist_ok=True)
    for item, file in drawn:
        with appearing(folder / f"{item.name}.png") as target:
            target.write(png(item.figure))
        write_text(folder / f"{item.name}.svg", file)
    return drawn
