"""Prices, aggregates and statistics of a solution as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from econsim.cli.console_tables import grid

if TYPE_CHECKING:
    from rich.table import Table

    from econsim.learning import Quantity, Solution

__all__ = ["quantity_table"]


def quantity_table(solution: Solution) -> Table:
    """Return one row per quantity; the name of a group is shown once."""
    rows, group = [], ""
    for quantity in solution.quantities:
        heading = "" if quantity.group == group else quantity.group
        group = quantity.group
        rows.append([heading, quantity.name, *_shown(quantity)])
    return grid(["", "quantity", "value", "unit"], rows, words=2)


def _shown(quantity: Quantity) -> tuple[str, str]:
    if quantity.unit == "share":
        return f"{100 * quantity.value:.3f} %", ""
    return f"{quantity.value:.5g}", quantity.unit
