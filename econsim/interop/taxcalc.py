"""Scenarios from Tax-Calculator: the wages of its CPS file and the federal income tax of a year.

``python -m econsim.interop.taxcalc FOLDER --year 2025`` writes ``wages_2025.csv`` (percentiles of the wages of
individuals with wages, extrapolated to the year with the weights of the file) and ``taxcalc_2025.yaml``, the one-step
economy with this population, these brackets and marginal tax rates and the standard deduction. Run it with
``econsim run FOLDER/taxcalc_2025.yaml``.

Tax-Calculator takes a minute or two to compile and is never imported while an economy runs. Its authors provide the CPS
file as a convenience and do not endorse it for research; its upper tail is thin.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from econsim.errors import UserError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["Law", "export", "law_of", "percentiles"]

REFERENCES = (
    """@misc{taxcalc, title = {Tax-Calculator}, author = {{Policy Simulation Library}},
  howpublished = {taxcalc.pslmodels.org}}""",
)
PERCENTILES = (*range(5, 100, 5), 99, 99.9)
SINGLE = 0  # index of single filers among filing statuses
_BRACKETS = 7


@dataclass(frozen=True)
class Law:
    """The ordinary federal income tax of single filers in a year, money in US dollars of that year."""

    thresholds: tuple[float, ...]
    rates: tuple[float, ...]
    standard_deduction: float


def export(folder: Path, year: int = 2025) -> Path:
    """Write the table of wages and the scenario of a year, and return the path of the scenario.

    Raises:
        UserError: Tax-Calculator is not installed, or does not cover the year.
    """
    taxcalc = _taxcalc()
    policy = taxcalc.Policy()
    if not policy.start_year <= year <= policy.end_year:
        raise UserError(f"--year {year}: Tax-Calculator covers the years {policy.start_year} to {policy.end_year}")
    policy.set_year(year)
    calculator = taxcalc.Calculator(policy=policy, records=taxcalc.Records.cps_constructor(), verbose=False)
    calculator.advance_to_year(year)
    wages = np.concatenate([calculator.array(name) for name in ("e00200p", "e00200s")])
    people = np.tile(calculator.array("s006"), 2)
    law = law_of(policy)
    folder.mkdir(parents=True, exist_ok=True)
    table, scenario = folder / f"wages_{year}.csv", folder / f"taxcalc_{year}.yaml"
    table.write_text(_csv(percentiles(wages, people)), encoding="utf-8")
    scenario.write_text(_yaml(table, law, year), encoding="utf-8")
    return scenario


def percentiles(wages: ArrayLike, people: ArrayLike) -> list[tuple[float, float]]:
    """Return percentiles of positive wages with the wages at them; percentiles at which wages do not rise are left out.

    Args:
        wages: ``[N]``, US dollars per year; zeros are left out.
        people: ``[N]``, sampling weights.

    Raises:
        UserError: no wage is positive.
    """
    paid, weight = np.asarray(wages, dtype=np.float64), np.asarray(people, dtype=np.float64)
    order = np.argsort(paid[paid > 0], kind="stable")
    values, mass = paid[paid > 0][order], weight[paid > 0][order]
    if not mass.sum() > 0:
        raise UserError("taxcalc: no individual in the file has wages")
    share: NDArray[np.float64] = np.cumsum(mass) / mass.sum()
    points: list[tuple[float, float]] = []
    for percentile in PERCENTILES:
        index = min(int(np.searchsorted(share, percentile / 100)), len(values) - 1)
        if not points or values[index] > points[-1][1]:
            points.append((float(percentile), float(values[index])))
    return points


def law_of(policy: Any) -> Law:
    """Return the tax law of the year to which a ``taxcalc.Policy`` is set."""
    ends = [_figure(policy, f"II_brk{bracket}") for bracket in range(1, _BRACKETS)]
    rates = tuple(_figure(policy, f"II_rt{bracket}") for bracket in range(1, _BRACKETS + 1))
    return Law((0.0, *ends), rates, _figure(policy, "STD"))


def _figure(policy: Any, name: str) -> float:
    """Return a parameter of the year; if it differs by filing status, return the value for single filers."""
    return float(np.ravel(getattr(policy, name))[SINGLE])


def _taxcalc() -> ModuleType:
    try:
        import taxcalc
    except ImportError:
        raise UserError("taxcalc is not installed: pip install 'econsim[taxcalc]'") from None
    module: ModuleType = taxcalc
    return module


def _csv(rows: Sequence[tuple[float, float]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([("percentile", "value"), *((percentile, round(value, 2)) for percentile, value in rows)])
    return text.getvalue()


def _yaml(table: Path, law: Law, year: int) -> str:
    return (
        f"# Wages of US individuals and federal law of {year}, single filers, from Tax-Calculator and its CPS file.\n"
        "extends: one_step\n"
        "economy:\n"
        f"  population: {{kind: quantile_table, file: '{table.as_posix()}', sampling: stratified}}\n"
        f"  brackets: {list(law.thresholds)}\n"
        f"  status_quo: {list(law.rates)}\n"
        f"  standard_deduction: {law.standard_deduction}\n"
        "headline: null\n"
    )


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m econsim.interop.taxcalc")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--year", type=int, default=2025)
    arguments = parser.parse_args()
    try:
        print(export(arguments.folder, arguments.year))
    except UserError as error:
        parser.error(str(error))


if __name__ == "__main__":
    _main()
