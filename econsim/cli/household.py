"""The command ``household``: a household's federal income tax under the law and under a reform."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from econsim.cli.output_files import PLOTS, check_file, write_plot

if TYPE_CHECKING:
    import pandas as pd

_SHOWN_EVERY = 20  # incomes of the curve


def household(
    settings: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE",
            help="income (US dollars per year, required), filing, year; and a reform: reform (a planner or RUN or"
            " RUN:POLICY), or brackets and rates; deduction (of the reform: US dollars, or standard).",
        ),
    ],
    csv: Annotated[Path | None, typer.Option(help="A CSV file for the curve over incomes.")] = None,
    plot: Annotated[Path | None, typer.Option(help="A figure of the curve: a file that ends in .png or .svg.")] = None,
) -> None:
    """Compute a household's federal income tax under the law and under a reform.

    For example: econsim household income=85000 filing=single year=2024 reform=flat reform.rate=0.2
    """
    from rich.console import Console

    from econsim.analysis.plots import rate_curves
    from econsim.analysis.taxation import curve_incomes
    from econsim.analysis.taxation import household as taxed
    from econsim.cli.console_tables import grid, print_whole
    from econsim.runs.household import Household
    from econsim.scenario.loading import parameters_from
    from econsim.storage.csv_tables import write_csv

    check_file("--csv", csv)
    check_file("--plot", plot, PLOTS)
    given = parameters_from(settings, Household)
    reform = given.tax_reform()
    labels = {"law": f"law {given.year}"} | ({"reform": given.reform_label} if reform else {})
    table = taxed(given.income, given.law, reform)
    curve = taxed(curve_incomes(given.income), given.law, reform)
    console = Console(highlight=False)
    console.print(f"income before tax {given.income:,.0f} USD per year, {given.filing}, {given.year}", markup=False)
    print_whole(console, grid(["", *labels.values(), *(["difference"] if reform else [])], _summary(table, labels)))
    console.print()
    print_whole(console, grid(["income", *_titles(list(labels))], _rows(curve.iloc[::_SHOWN_EVERY], labels), words=0))
    for note in [*_credits(table, labels), *_notes(given.law.schedule().standard_deduction, reform)]:
        console.print(note, markup=False)
    if csv is not None:
        write_csv(csv, curve)
    if plot is not None:
        write_plot(plot, rate_curves(curve, labels, marked=given.income), "household")
    for path in (csv, plot):
        if path is not None:
            console.print(str(path), soft_wrap=True, markup=False)


def _summary(table: pd.DataFrame, labels: dict[str, str]) -> list[list[str]]:
    row = table.iloc[0]
    columns = {"liability": "liability, USD", "average_rate": "average rate", "marginal_rate": "marginal rate"}
    return [
        [
            title,
            *(_cell(row[f"{name}_{column}"], column) for name in labels),
            *([_cell(row[f"{column}_difference"], column)] if len(labels) > 1 else []),
        ]
        for column, title in columns.items()
    ]


def _titles(names: list[str]) -> list[str]:
    return [f"{name}: {column}" for name in names for column in ("liability", "average", "marginal")]


def _rows(curve: pd.DataFrame, labels: dict[str, str]) -> list[list[str]]:
    columns = [(name, column) for name in labels for column in ("liability", "average_rate", "marginal_rate")]
    return [
        [f"{row['income']:,.0f}", *(_cell(row[f"{name}_{column}"], column) for name, column in columns)]
        for _, row in curve.iterrows()
    ]


def _cell(value: float, column: str) -> str:
    """Return an amount to the cent, or a rate in per cent; a rate is missing without income."""
    if math.isnan(value):
        return "-"
    return f"{value:,.2f}" if column == "liability" else f"{100.0 * value:.2f} %"


def _credits(table: pd.DataFrame, labels: dict[str, str]) -> list[str]:
    """Return a sentence for each schedule under which the household receives a refundable credit."""
    liabilities = {label: float(table.iloc[0][f"{name}_liability"]) for name, label in labels.items()}
    return [
        f"Under {label} the household pays no tax and receives a refundable credit of {-liability:,.2f} USD."
        for label, liability in liabilities.items()
        if liability < 0
    ]


def _notes(standard_deduction: float, reform: Any) -> list[str]:
    notes = [
        f"The law includes the standard deduction of {standard_deduction:,.0f} USD. Credits, payroll taxes and state"
        " taxes are not included."
    ]
    if reform is not None:
        notes.append(
            f"The reform has a deduction of {reform.deduction:,.0f} USD. The transfers that it may finance are not"
            " included."
        )
    return notes
