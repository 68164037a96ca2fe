"""Households who save, in a report: exact beside learned ones, in consumption equivalents, and their statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from econsim.analysis.plots import metrics_over_steps
from econsim.errors import UserError
from econsim.households.facts import US_WEALTH
from econsim.runs.workers import workers_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from econsim.runs.folder import Run

__all__ = ["HouseholdTable", "draw_means_by_age", "draw_profiles", "household_table", "statistics_table"]


def draw_means_by_age(run: Run) -> Figure:
    """Draw means by age in the last period, under each policy and set of households, beside the equilibrium.

    Raises:
        UserError: households have no ages, or no best response is known.
    """
    profiles = (run.summary.get("households") or {}).get("profiles")
    if not profiles:
        raise UserError(f"{run.path}: there are no means of the whole population by age")
    curves = {"equilibrium before": profiles["stationary"]}
    several = len(run.summary["responses"]) > 1
    for policy, of_policy in profiles["rows"].items():
        for response, found in of_policy.items():
            households = f", {workers_of(run.summary, response).short}" if several else ""
            curves[f"{policy}{households}"] = found
    return draw_profiles(curves, profiles["first"])


def draw_profiles(curves: Mapping[str, Mapping[str, Sequence[float]]], first: int) -> Figure:
    """Draw means by age, one panel for each name; ``curves`` holds ``[J]`` by label and name, from age ``first`` on."""
    tables = {label: _over_ages(found, first) for label, found in curves.items()}
    names = next(iter(curves.values()))
    return metrics_over_steps(tables, {name: f"mean {name}" for name in names}, "age", smoothed=1)


def _over_ages(found: Mapping[str, Sequence[float]], first: int) -> pd.DataFrame:
    rows = [(first + age, name, value) for name, values in found.items() for age, value in enumerate(values)]
    return pd.DataFrame(rows, columns=["step", "name", "value"])


class HouseholdTable(NamedTuple):
    """One row per policy and set of households, with a note."""

    header: list[str]
    rows: list[list[str]]
    note: str


def household_table(run: Run) -> HouseholdTable | None:
    """Return what policies are worth to households and what a best response would add; ``None`` where not known."""
    gaps = run.summary.get("households")
    if not gaps:
        return None
    rows = [
        [
            policy,
            workers_of(run.summary, response).short,
            *(f"{row[name]:{sign}.2%}" for name, sign in _COLUMNS),
            *(f"{gain:.2%}" for gain in row.get("by_age", {}).values()),
        ]
        for policy, of_policy in gaps["rows"].items()
        for response, row in of_policy.items()
    ]
    header = ["Policy", "Households", f"Welfare over {gaps['reference']}", "A best response adds", "At most"]
    ages = next(row.get("by_age", {}) for of_policy in gaps["rows"].values() for row in of_policy.values())
    note = _NOTE.format(reference=gaps["reference"]) + (_OF_AGES if ages else "")
    return HouseholdTable([*header, *(name.capitalize() for name in ages)], rows, note)


def statistics_table(run: Run) -> HouseholdTable | None:
    """Return inequality and marginal propensities to consume, beside the stationary equilibrium and US data."""
    gaps = run.summary.get("households")
    if not gaps or "statistics" not in gaps:  # of an earlier version
        return None
    rows = [
        [policy, workers_of(run.summary, response).short, *(f"{found[name]:.3f}" for name in _STATISTICS)]
        for policy, of_policy in gaps["statistics"].items()
        for response, found in of_policy.items()
    ]
    rows.append(["before", "equilibrium", *(f"{gaps['stationary'][name]:.3f}" for name in _STATISTICS)])
    facts = (f"{US_WEALTH[fact]:.3f}" if fact else "" for _, fact in _STATISTICS.values())
    rows.append(["United States", "net worth", *facts])
    return HouseholdTable(["Policy", "Households", *(title for title, _ in _STATISTICS.values())], rows, _ABOUT)


_SPENT = "marginal propensity to consume"
_STATISTICS = {
    f"{_SPENT}: mean": ("MPC, mean", ""),
    f"{_SPENT}: 10th percentile": ("10 %", ""),
    f"{_SPENT}: median": ("median", ""),
    f"{_SPENT}: 90th percentile": ("90 %", ""),
    "wealth: hand to mouth: at most half a month's income": ("Hand to mouth", "hand to mouth, by net worth"),
    "wealth: Gini": ("Gini of wealth", "Gini"),
    "wealth: share of the top 1 %": ("Top 1 %", "share of the top 1 %"),
    "wealth: share of the top 10 %": ("Top 10 %", "share of the top 10 %"),
    "wealth: share of the bottom 50 %": ("Poorer half", "share of the bottom 50 %"),
}
_ABOUT = (
    "Households of the last period, the whole population without sampling. MPC, the marginal propensity to consume: the"
    " share of a one-time transfer of 1 % of output per household that is spent in the same period, and its"
    " percentiles over households; each household's policy is evaluated with the transfer, at the same prices. Hand to"
    " mouth: at most half a month's income, for periods of a year. The equilibrium is the exact stationary one before a"
    " planner acts, as printed by econsim solve; the data are those of the Survey of Consumer Finances 2022."
)
_COLUMNS = (("welfare", "+"), ("mean", ""), ("largest", ""))
_NOTE = (
    "In consumption equivalents, for the whole population and for ever. Welfare: the share by which consumption under"
    " {reference} would have to rise, for households who do not know their state. A best response: what a single"
    " household would gain at the same prices, taxes and transfers, as a mean and for the household that gains most; it"
    " is zero for households who are in equilibrium, and exact ones are so only where the economy is stationary."
)
_OF_AGES = (
    " With a life cycle these are gains for the rest of a life of people who are alive in the first period, also as"
    " means by age in that period."
)
