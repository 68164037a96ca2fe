"""Contents of the report of a reform: tables with titles and units, by income group and for all people."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from econsim.accounts import Format
from econsim.analysis.counterfactual import reform_by_income, totals_table
from econsim.analysis.counterfactual.by_income import CHANGES
from econsim.analysis.taxation import TaxReform, rates_by_income

if TYPE_CHECKING:
    from econsim.runs.counterfactual import Counterfactual

__all__ = ["REFORM", "Column", "ReformContents"]

REFORM = "reform"
"""The label of the reform in figures and tables."""
_INTERVAL = ("_low", "_high", "_interval")
_STEPS = 200  # incomes of the curves


class Column(NamedTuple):
    """A column of a table: its title with unit, and the format of its numbers."""

    title: str
    format: Format = "amount"


class ReformContents:
    """The tables of a reform, with machine-readable names of columns, and with titles and units for readers."""

    def __init__(self, result: Counterfactual) -> None:
        self.result = result
        self.unit = result.sides.baseline.game.unit
        label = result.description.baseline
        self.labels = {"baseline": label if label.lower() != REFORM else "baseline", REFORM: REFORM}

    @cached_property
    def by_income(self) -> pd.DataFrame | None:
        """:func:`econsim.analysis.counterfactual.reform_by_income`."""
        return reform_by_income(self.result.sides)

    @cached_property
    def totals(self) -> pd.DataFrame:
        """:func:`econsim.analysis.counterfactual.totals_table`."""
        return totals_table(self.result.sides)

    @cached_property
    def curves(self) -> dict[str, pd.DataFrame]:
        """By leader, average and marginal tax rates over incomes, on a logarithmic scale, with every threshold."""
        return {leader: rates_by_income(self._incomes(of), of) for leader, of in self._schedules.items()}

    @cached_property
    def rates(self) -> dict[str, pd.DataFrame]:
        """By leader, tax liability, average and marginal tax rates at every threshold of either side."""
        return {leader: rates_by_income(_thresholds(of), of) for leader, of in self._schedules.items()}

    def of_leader(self, text: str, leader: str, between: str) -> str:
        """Return the name or title of what belongs to a leader: with the leader, where there are several."""
        return f"{text}{between}{leader}" if len(self._schedules) > 1 else text

    @property
    def by_income_columns(self) -> dict[str, Column]:
        """The columns of :attr:`by_income` with titles, as far as the game has them."""
        money = f"{self.unit} per person".strip()
        columns = {
            "group": Column("Income group"),
            "people_share": Column("People, share of all", "share"),
            "winners": Column("Winners, share of people", "share"),
            "losers": Column("Losers, share of people", "share"),
            "gain": Column(f"Gain in utility, {money}"),
            "gain_share": Column("Gain in utility, share of consumption", "share"),
        }
        for name in CHANGES:
            columns[name] = Column(f"{name.capitalize()} before, {money}")
            columns[f"{name}_change"] = Column(f"{name.capitalize()}, change, {money}")
        columns["tax_mechanical"] = Column(f"Tax, mechanical change, {money}")
        columns["tax_behavioural"] = Column(f"Tax, behavioural change, {money}")
        present = () if self.by_income is None else self.by_income.columns
        return {name: column for name, column in columns.items() if name in present}

    def exported(self) -> dict[str, pd.DataFrame]:
        """Return the tables for CSV and LaTeX files, by name, all with units in a column or in the titles."""
        unit, labels = self.unit, self.labels
        effects = {"revenue": self.totals, "effects": self.result.table}
        tables = {name: self._titled_effects(table) for name, table in effects.items()}
        tables["changes"] = self.result.description.changes
        if self.by_income is not None:
            tables["by_income"] = _titled(self.by_income, self.by_income_columns)
        for name, by_leader in {"tax_rates": self.rates, "tax_rate_curves": self.curves}.items():
            for leader, rates in by_leader.items():
                tables[self.of_leader(name, leader, "_")] = rates.rename(columns=dict(_rate_titles(labels, unit)))
        return {name: table for name, table in tables.items() if not table.empty}

    def _titled_effects(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table of effects with the names of both sides; its intervals are those of the change."""
        titles = {"title": "Quantity", "unit": "Unit", "baseline": self.labels["baseline"], REFORM: REFORM.capitalize()}
        titles |= {"difference": "Change", **{name: f"Change_{name}" for name in ("low", "high", "interval")}}
        titles |= {name: name.capitalize() for name in ("mechanical", "behavioural")}
        shares = {"difference_share": "Change", "mechanical_share": "Mechanical", "behavioural_share": "Behavioural"}
        titles |= {name: f"{title}, share of {self.labels['baseline']}" for name, title in shares.items()}
        return table[[name for name in titles if name in table]].rename(columns=titles)

    @property
    def _schedules(self) -> Mapping[str, Mapping[str, TaxReform]]:
        return self.result.description.schedules

    def _incomes(self, schedules: Mapping[str, TaxReform]) -> np.ndarray:
        """Return the incomes of the curves: between and beyond the thresholds of both sides."""
        thresholds = _thresholds(schedules)
        positive = thresholds[thresholds > 0]
        if not len(positive):
            positive = self._earned
        between = np.geomspace(positive.min() / 4.0, positive.max() * 3.0, _STEPS + 1)
        return np.union1d(between, positive[positive >= between[0]])

    @property
    def _earned(self) -> np.ndarray:
        """Return the middle 98 % of positive incomes, where no bracket has a threshold."""
        income = self.result.sides.amounts("income")[0]
        return np.quantile(income[income > 0], [0.01, 0.99]) if (income > 0).any() else np.array([1.0])


def _thresholds(schedules: Mapping[str, TaxReform]) -> np.ndarray:
    """Return the lower thresholds of the brackets of both sides, on income before deductions."""
    starts = [side.deduction + np.asarray(side.thresholds) for side in schedules.values()]
    return np.unique(np.concatenate([[0.0], *starts]))


def _titled(table: pd.DataFrame, columns: dict[str, Column]) -> pd.DataFrame:
    names = {f"{name}{end}": f"{column.title}{end}" for name, column in columns.items() for end in ("", *_INTERVAL)}
    return table[[name for name in table if name in names]].rename(columns=names)


def _rate_titles(labels: dict[str, str], unit: str) -> list[tuple[str, str]]:
    money = f", {unit}" if unit else ""
    titles = [("income", f"Income before tax{money}")]
    for name, label in labels.items():
        titles.append((f"{name}_liability", f"{label}: tax liability{money}"))
        titles += [(f"{name}_{kind}_rate", f"{label}: {kind} tax rate, fraction") for kind in ("average", "marginal")]
    return titles
