"""Reports on one or several runs: a self-contained HTML page, figures as PNG and SVG, tables as CSV and LaTeX."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from econsim.report.drawing import Drawn
    from econsim.report.figures import Captioned
    from econsim.runs.counterfactual import Counterfactual
    from econsim.runs.folder import Run

__all__ = ["write_comparison", "write_figures", "write_reform_report", "write_report"]


def write_report(run: Run, interactive: bool = False, with_png: bool = True) -> Path:
    """Write ``report.html``, ``figures/`` and ``tables/`` into the folder of a finished run; return the page's path.

    A run with a transcript also gets ``transcript.html``.

    Args:
        run: a finished run.
        interactive: whether to include plotly.js (5 MB), which makes some figures interactive; ignored if plotly is
            not installed.
        with_png: whether to write the figures as PNG beside the SVG. Reports that follow a run by themselves leave PNG
            out, which is a quarter of the time of drawing.

    Raises:
        UserError: the run is not finished, its folder contains a symbolic link, or it cannot be written to.
        RunError: a file of the run is damaged, or the disk is full; an older report is kept.
    """
    from econsim.report.conversation import conversation
    from econsim.report.figures import Figures
    from econsim.report.games import blocks_of_run
    from econsim.report.page import render
    from econsim.report.tables import tables_of, write_tables
    from econsim.runs.transcripts import CONVERSATION, has_transcript
    from econsim.storage.files import write_text
    from econsim.storage.links import refuse_links
    from econsim.storage.manifest import check_all
    from econsim.storage.user_files import check_writable

    refuse_links(run.path)
    check_writable(run.path)  # before the figures are drawn, which takes long
    check_all(run.path)
    _ = run.summary, run.scenario  # an error in either is raised before anything is written
    blocks = blocks_of_run(run)
    figures = [block.figure for block in blocks if block.figure is not None]
    drawn_of_game = write_figures(run.path / "figures", figures, with_png)
    drawn = write_figures(run.path / "figures", Figures(run).captioned(), with_png)
    write_tables(run.path / "tables", tables_of(run))
    if has_transcript(run):
        write_text(run.path / CONVERSATION, conversation(run))
    page = run.path / "report.html"
    write_text(page, render(run, drawn, interactive, blocks, drawn_of_game))
    return page


def write_comparison(
    paths: Iterable[str | Path], page: Path, metrics: Iterable[str] = (), interactive: bool = False
) -> Path:
    """Write a page about several runs, and next to it a folder ``<name>_files`` with figures and tables.

    Args:
        paths: folders of finished runs.
        page: the HTML file to write.
        metrics: names of metrics, as for :func:`econsim.runs.compare`.
        interactive: as for :func:`write_report`.

    Raises:
        UserError: the runs cannot be compared, or the folder of ``page`` does not exist.
        RunError: the disk is full; an older page is kept.
    """
    from econsim.errors import UserError
    from econsim.report.comparison import Comparison
    from econsim.report.tables import write_tables
    from econsim.storage.files import write_text
    from econsim.storage.links import refuse_links
    from econsim.storage.user_files import check_writable

    if not page.parent.is_dir():
        raise UserError(f"{page}: there is no folder {page.parent}; create it, or choose another with --out")
    check_writable(page.parent)
    comparison = Comparison(paths, metrics)
    folder = page.with_name(f"{page.stem}_files")
    folder.mkdir(exist_ok=True)
    refuse_links(folder)
    drawn = write_figures(folder / "figures", comparison.captioned())
    write_tables(folder / "tables", comparison.tables)
    write_text(page, comparison.render(drawn, interactive))
    return page


def write_reform_report(result: Counterfactual, out: str | Path | None = None) -> Path:
    """Write the report of a reform: ``report.html``, ``figures/`` and ``tables/``; return the page's path.

    Args:
        result: the result of :func:`econsim.runs.counterfactual.counterfactual`.
        out: a folder that is new or empty; by default a new one in ``reforms`` of the run's folder.

    Raises:
        UserError: the folder is not empty, or it cannot be created or written to.
        RunError: the disk is full; nothing is left in the folder.
    """
    from econsim.report.reform_report import ReformContents, new_reform_folder, render_reform
    from econsim.report.reform_report.figures import captioned
    from econsim.report.tables import write_tables
    from econsim.storage.files import write_text

    folder = None if out is None else Path(out)
    with new_reform_folder(result.request.run, result.request.overrides, folder) as path:
        contents = ReformContents(result)
        drawn = write_figures(path / "figures", captioned(contents))
        write_tables(path / "tables", contents.exported())
        write_text(path / "report.html", render_reform(contents, drawn))
        return path / "report.html"


def write_figures(folder: Path, figures: Iterable[Captioned], with_png: bool = True) -> list[Drawn]:
    """Write every figure as ``NAME.svg`` and ``NAME.png`` into a folder; return them as SVG, wide and for phones.

    Every figure is laid out for a phone in the end.
    """
    from econsim.report.drawing import drawn
    from econsim.storage.files import appearing, write_text

    pictures = [drawn(item, with_png) for item in figures]
    folder.mkdir(exist_ok=True)
    for picture in pictures:
        if picture.png is not None:
            with appearing(folder / f"{picture.item.name}.png") as target:
                target.write(picture.png)
        write_text(folder / f"{picture.item.name}.svg", picture.wide)
    return pictures
