"""Prices, aggregates and statistics of a solution as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """Return one table for each group, and one for groups of the same quantities that follow each other."""
    groups: dict[str, list[Quantity]] = {}
    for quantity in quantities:
        groups.setdefault(quantity.group, []).append(quantity)
    tables: list[list[str]] = []
    for title in groups:
        if tables and _names(groups[title]) == _names(groups[tables[-1][0]]):
            tables[-1].append(title)
        else:
            tables.append([title])
    return [_block({title: groups[title] for title in titles}) for titles in tables]


def _names(group: Sequence[Quantity]) -> list[tuple[str, str]]:
    return [(quantity.name, quantity.unit) for quantity in group]


def _block(groups: Mapping[str, Sequence[Quantity]]) -> Block:
    """Return the table of groups that have the same quantities, a column each."""
    rows = []
    for same in zip(*groups.values(), strict=True):
        values, unit = [shown_quantity(quantity)[0] for quantity in same], shown_quantity(same[0])[1]
        rows.append([same[0].name, *values, unit])
    header = ["", *(groups if len(groups) > 1 else ("value",)), "unit"]
    if not any(row[-1] for row in rows):
        rows, header = [row[:-1] for row in rows], header[:-1]
    return Block(_capital("; ".join(groups)), tuple(header), plain(rows))


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]
