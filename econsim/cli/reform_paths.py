"""``counterfactual --path``: the exact path after a reform on the console, as tables, a figure and a page."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from econsim.cli.progress_bar import progress_bar
from econsim.cli.stopping import stopped_by_user

if TYPE_CHECKING:
    import pandas as pd

    from econsim.learning import Series
    from econsim.runs.counterfactual import Followers
    from econsim.runs.folder import Run
    from econsim.runs.reform_path import ReformPath

__all__ = ["show_path"]

_PAGE = "report.html"
_SOLVER = "solver."


def show_path(
    run: Run,
    overrides: Sequence[str],
    given: Sequence[str],
    policy: str | None,
    followers: Followers | None,
    report: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    """Solve the path after a reform of a run, and print and write it; see the command's options."""
    from econsim.report.reform_report import new_reform_folder
    from econsim.runs.reform_path import reform_path

    settings = [text.removeprefix(_SOLVER) for text in overrides if text.startswith(_SOLVER)]
    reform = [text for text in overrides if not text.startswith(_SOLVER)]
    with new_reform_folder(run, overrides, out) if report else nullcontext(out) as folder:
        with progress_bar("path", quiet) as shown, stopped_by_user(shown) as watched:
            result = reform_path(run, reform, given, policy, followers, settings, watched)
        _print(result)
        written = [] if folder is None else _write(result, folder)
        if report and folder is not None:
            written = [_write_page(result, folder)]
    for path in written:
        typer.echo(str(path))


def _print(result: ReformPath) -> None:
    """Print levels, gains and gains by decile, and what the path counts."""
    from rich.console import Console

    from econsim.cli.console_tables import print_whole
    from econsim.cli.solved_quantities import quantity_table

    console = Console(highlight=False)
    print_whole(console, quantity_table(result.solution))
    for line in (*result.notes, *_residuals(result)):
        console.print(line, markup=False)


def _write(result: ReformPath, folder: Path) -> list[Path]:
    """Write ``quantities.csv``, ``path.csv``, ``paths.svg`` and ``.png`` into a folder, and return their paths."""
    from dataclasses import asdict

    import pandas as pd

    from econsim.report import write_figures
    from econsim.report.games.paths import paths_block
    from econsim.storage.csv_tables import write_csv

    folder.mkdir(parents=True, exist_ok=True)
    rows = [asdict(quantity) for quantity in result.solution.quantities]
    write_csv(folder / "quantities.csv", pd.DataFrame(rows))
    write_csv(folder / "path.csv", pd.concat([_rows(each) for each in result.solution.series]))
    block = paths_block(result.solution.series)
    assert block is not None
    assert block.figure is not None
    write_figures(folder, [block.figure])
    return [folder / name for name in ("quantities.csv", "path.csv", "paths.svg", "paths.png")]


def _write_page(result: ReformPath, folder: Path) -> Path:
    """Write the page about the path, and return its path."""
    from econsim.report.games.solution_page import write_solution_page

    notes = [*result.notes, *_residuals(result)]
    write_solution_page(folder / _PAGE, result.scenario, result.game, result.kind, result.solution, notes)
    return folder / _PAGE


def _rows(series: Series) -> pd.DataFrame:
    """Return a row per period of one path."""
    import pandas as pd

    steps = range(series.first, series.first + len(series.values))
    return pd.DataFrame({"path": series.name, "unit": series.unit, series.axis: steps, "value": series.values})


def _residuals(result: ReformPath) -> list[str]:
    return [f"{name}: {value:.3g}" for name, value in result.solution.residuals.items()]
