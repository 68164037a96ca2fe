"""Households who save, in a report: exact beside learned ones, in consumption equivalents, and their statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from econsim.households.facts import US_WEALTH
from econsim.runs.workers import workers_of

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["HouseholdTable", "household_table", "statistics_table"]


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
        [policy, workers_of(run.summary, response).short, *(f"{row[name]:{sign}.2%}" for name, sign in _COLUMNS)]
        for policy, of_policy in gaps["rows"].items()
        for response, row in of_policy.items()
    ]
    header = ["Policy", "Households", f"Welfare over {gaps['reference']}", "A best response adds", "At most"]
    return HouseholdTable(header, rows, _NOTE.format(reference=gaps["reference"]))


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
