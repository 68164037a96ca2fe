"""Prices, aggregates and statistics of a solution as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from econsim.cli.console_tables import grid
from econsim.report.games.quantities import quantity_rows

if TYPE_CHECKING:
    from rich.table import Table

    from econsim.learning import Solution

__all__ = ["quantity_table"]


def quantity_table(solution: Solution) -> Table:
    """Return one row per quantity; the name of a group is shown once."""
    return grid(["", "quantity", "value", "unit"], quantity_rows(solution.quantities), words=2)
