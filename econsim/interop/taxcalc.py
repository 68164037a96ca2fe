"""People and law from Tax-Calculator: wages of its CPS file and the federal brackets of a year, as a scenario.

``python -m econsim.interop.taxcalc FOLDER --year 2025`` writes ``wages_2025.csv`` (percentiles of wages of individuals
with wages, extrapolated to the year with the file's own weights), and ``taxcalc_2025.yaml``, the one-step economy with
these people, brackets, rates and standard deduction: ``econsim run FOLDER/taxcalc_2025.yaml``.

Tax-Calculator compiles for a minute or two and is never imported while an economy runs. Its CPS file is a convenience
of its authors, with a thin upper tail; they do not endorse it for research.
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
SINGLE = 0  # place of single filers among filing statuses
_BRACKETS = 7


@dataclass(frozen=True)
class Law:
    """The ordinary federal income tax of single filers in a year, money in US dollars of that year."""

    thresholds: tuple[float, ...]
    rates: tuple[float, ...]
    standard_deduction: float


def export(folder: Path, year: int = 2025) -> Path:
    """Write the table of wages and the scenario of a year; return the scenario's path.

    Raises:
        UserError: Tax-Calculator is not installed, or does not know the year.
    """
    taxcalc = _taxcalc()
    policy = taxcalc.Policy()
    if not policy.start_year <= year <= policy.end_year:
        raise UserError(f"--year {year}: Tax-Calculator knows {policy.start_year} to {policy.end_year}")
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
    """Return percentiles and the wages at them, of those who have wages; only those where wages increase.

    Args:
        wages: ``[N]``, money a year; nobody counts who has none.
        people: ``[N]``, how many people each stands for.

    Raises:
        UserError: nobody has wages.
    """
    paid, weight = np.asarray(wages, dtype=np.float64), np.asarray(people, dtype=np.float64)
    order = np.argsort(paid[paid > 0], kind="stable")
    values, mass = paid[paid > 0][order], weight[paid > 0][order]
    if not mass.sum() > 0:
        raise UserError("taxcalc: nobody in the file has wages")
    share: NDArray[np.float64] = np.cumsum(mass) / mass.sum()
    found: list[tuple[float, float]] = []
    for percentile in PERCENTILES:
        at = min(int(np.searchsorted(share, percentile / 100)), len(values) - 1)
        if not found or values[at] > found[-1][1]:
            found.append((float(percentile), float(values[at])))
    return found


def law_of(policy: Any) -> Law:
    """Return the law of the year that a ``taxcalc.Policy`` is set to."""
    ends = [_figure(policy, f"II_brk{bracket}") for bracket in range(1, _BRACKETS)]
    rates = tuple(_figure(policy, f"II_rt{bracket}") for bracket in range(1, _BRACKETS + 1))
    return Law((0.0, *ends), rates, _figure(policy, "STD"))


def _figure(policy: Any, name: str) -> float:
    """Return a parameter of the year; one that differs by filing status, of single filers."""
    return float(np.ravel(getattr(policy, name))[SINGLE])


def _taxcalc() -> ModuleType:
    try:
        import taxcalc
    except ImportError:
        raise UserError("taxcalc is not installed: pip install 'econsim[taxcalc]'") from None
    found: ModuleType = taxcalc
    return found


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
    given = parser.parse_args()
    try:
        print(export(given.folder, given.year))
    except UserError as error:
        parser.error(str(error))


if __name__ == "__main__":
    _main()
