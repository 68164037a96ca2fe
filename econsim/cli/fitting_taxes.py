"""The command ``fit-tax``: the log-linear tax closest to a schedule of brackets over a distribution of incomes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from econsim.cli.output_files import PLOTS, check_file, write_plot

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from econsim.analysis.inequality import Floats
    from econsim.analysis.taxation import ScheduleFit
    from econsim.runs.tax_fit import TaxedIncomes

_COLUMNS = [f"{name}_{kind}_rate" for name in ("schedule", "fitted") for kind in ("average", "marginal")]
_CURVE = 1001  # incomes of the figure


def fit_tax(
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE",
            help="year, filing; or a reform, as for econsim household; incomes (a population) and people. With"
            " --scenario: overrides of the scenario.",
        ),
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(metavar="SCENARIO", help="Take brackets and incomes from this scenario.")
    ] = None,
    transfer: Annotated[float, typer.Option(help="Money that everybody receives, in the unit of incomes.")] = 0.0,
    lowest_income: Annotated[float, typer.Option(help="Leave out people with less, in the unit of incomes.")] = 0.0,
    csv: Annotated[Path | None, typer.Option(help="A CSV file of rates by income.")] = None,
    plot: Annotated[Path | None, typer.Option(help="A figure of the rates: a file that ends in .png or .svg.")] = None,
) -> None:
    """Fit a log-linear tax T(y) = y - lambda y^(1 - tau) to a schedule of brackets over a distribution of incomes.

    For example: econsim fit-tax year=2024 filing=single incomes=lognormal, or econsim fit-tax --scenario bewley
    preset=brackets. Least squares of log income after on log income before taxes (Heathcote, Storesletten and Violante
    2017); lambda is in units of mean income. The law includes the standard deduction, and neither credits, payroll
    taxes, state taxes nor transfers.
    """
    from rich.console import Console

    from econsim.analysis.taxation import fit_schedule, shown_incomes
    from econsim.runs.tax_fit import taxed_incomes, taxed_incomes_of
    from econsim.storage.csv_tables import write_csv

    check_file("--csv", csv)
    check_file("--plot", plot, PLOTS)
    given = taxed_incomes(settings or []) if scenario is None else taxed_incomes_of(scenario, settings or [])
    fit = fit_schedule(given.schedule, given.income, given.people, transfer, lowest_income)
    console = Console(highlight=False)
    _print(console, given, fit, fit.rates(given.schedule, shown_incomes(given.income, given.people), transfer))
    if csv is not None or plot is not None:
        curve = fit.rates(given.schedule, _curve(given), transfer)
        if csv is not None:
            write_csv(csv, curve)
        if plot is not None:
            _draw(plot, curve, given)
    for path in (csv, plot):
        if path is not None:
            console.print(str(path), soft_wrap=True, markup=False)


def _print(console: Console, given: TaxedIncomes, fit: ScheduleFit, table: pd.DataFrame) -> None:
    from econsim.analysis.taxation.log_linear import SHOWN_LEVELS
    from econsim.cli.console_tables import grid, print_whole

    console.print(f"{given.label}, over {len(given.income):,} incomes ({given.source})", markup=False)
    numbers = {
        "progressivity tau": f"{fit.schedule.progressivity:.5f}",
        "level lambda, in units of mean income": f"{fit.schedule.level:.5f}",
        "R squared of log income after taxes": f"{fit.schedule.r_squared:.6f}",
        "error of average rates, root mean square": f"{100 * fit.average_rate_error:.2f} points",
        "error of marginal rates, root mean square": f"{100 * fit.marginal_rate_error:.2f} points",
        f"mean income, {given.unit}": f"{fit.mean_income:,.6g}",
        "people left out": f"{100 * fit.left_out:.2f} %",
    }
    print_whole(console, grid(["", "value"], [[name, value] for name, value in numbers.items()]))
    console.print()
    header = ["people with at most", f"income, {given.unit}", "average", "fitted", "marginal", "fitted"]
    rows = [
        [f"{100 * level:g} %", f"{row['income']:,.6g}", *(f"{100 * row[name]:.2f} %" for name in _by_kind())]
        for level, (_, row) in zip(SHOWN_LEVELS, table.iterrows(), strict=True)
    ]
    print_whole(console, grid(header, rows))


def _by_kind() -> list[str]:
    return sorted(_COLUMNS, key=lambda name: name.split("_")[1])


def _curve(given: TaxedIncomes) -> Floats:
    """Return incomes ``[1001]``, equally spaced in logarithms, from the lowest to the highest that the table shows."""
    import numpy as np

    from econsim.analysis.taxation import shown_incomes

    low, *_, high = shown_incomes(given.income, given.people)
    curve: Floats = np.geomspace(low, high, _CURVE)
    return curve


def _draw(path: Path, curve: pd.DataFrame, given: TaxedIncomes) -> None:
    from econsim.analysis.plots import rate_curves

    labels = {"schedule": given.label, "fitted": "log-linear"}
    write_plot(path, rate_curves(curve, labels, given.unit, log=True), "log_linear_tax")
