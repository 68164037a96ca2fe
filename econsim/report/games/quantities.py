"""Prices, aggregates and statistics of a solution as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from econsim.report.games.blocks import Block, plain

if TYPE_CHECKING:
    from econsim.learning import Quantity

__all__ = ["quantities_blocks", "quantity_rows", "shown_quantity"]


def quantity_rows(quantities: Sequence[Quantity]) -> list[list[str]]:
    """Return group, name, value and unit of each; the name of a group is shown once."""
    rows, group = [], ""
    for quantity in quantities:
        heading = "" if quantity.group == group else quantity.group
        group = quantity.group
        rows.append([heading, quantity.name, *shown_quantity(quantity)])
    return rows


def shown_quantity(quantity: Quantity) -> tuple[str, str]:
    """Return value and unit as they are shown."""
    if quantity.unit == "share":
        return f"{100 * quantity.value:.3f} %", ""
    return f"{quantity.value:.5g}", quantity.unit


def quantities_blocks(quantities: Sequence[Quantity]) -> list[Block]:
    """Return one table for each group."""
    groups: dict[str, list[list[str]]] = {}
    for quantity in quantities:
        groups.setdefault(quantity.group, []).append([quantity.name, *shown_quantity(quantity)])
    return [Block(_capital(title), ("", "value", "unit"), plain(rows)) for title, rows in groups.items()]


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]
