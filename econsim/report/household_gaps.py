"""Households who save, in a report: exact beside learned ones, in consumption equivalents."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from econsim.runs.workers import workers_of

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["HouseholdTable", "household_table"]


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


_COLUMNS = (("welfare", "+"), ("mean", ""), ("largest", ""))
_NOTE = (
    "In consumption equivalents, for the whole population and for ever. Welfare: the share by which consumption under"
    " {reference} would have to rise, for households who do not know their state. A best response: what a single"
    " household would gain at the same prices, taxes and transfers, as a mean and for the household that gains most; it"
    " is zero for households who are in equilibrium, and exact ones are so only where the economy is stationary."
)
