"""Plain text tables."""

from __future__ import annotations

import itertools
import shutil
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_GAP = "  "
_WIDEST = 34  # greatest width of all columns but the last, unless a word is longer
_NARROWEST = 30  # least width of the last column
_UNLIMITED = 100_000


def table(rows: Sequence[Sequence[str]], indent: str = "") -> str:
    """Return ``rows`` in aligned columns; long cells are wrapped, those of the last column at the terminal's width."""
    if not rows:
        return ""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) if index == 0 else _width(column) for index, column in enumerate(columns[:-1])]
    before = len(indent) + sum(widths) + len(_GAP) * len(widths)
    widths.append(max(shutil.get_terminal_size((120, 24)).columns - before, _NARROWEST))
    return "\n".join(line for row in rows for line in _lines(row, widths, indent))


def _width(column: Sequence[str]) -> int:
    words = (len(word) for cell in column for word in cell.split())
    return min(max(map(len, column)), max(_WIDEST, *words, 0))


def _lines(row: Sequence[str], widths: Sequence[int], indent: str) -> list[str]:
    cells = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
    lines = itertools.zip_longest(*cells, fillvalue="")
    return [
        (indent + _GAP.join(text.ljust(width) for text, width in zip(line, widths, strict=True))).rstrip()
        for line in lines
    ]


def _wrapped(cell: str, width: int) -> list[str]:
    return [cell] if len(cell) <= width else textwrap.wrap(cell, width)


def grid(header: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1, unbroken: int = 0) -> Table:
    """Return a table for a rich console; the first ``words`` columns hold text (left-aligned), the others numbers.

    Cells of up to ``unbroken`` characters are never wrapped: only headings are, between words.
    """
    from rich.table import Table
    from rich.text import Text

    rich_table = Table(box=None, pad_edge=False)
    for index, name in enumerate(header):
        texts = [*name.split(), *(row[index] for row in rows)]
        widest = min(unbroken, max(map(len, texts), default=0))
        rich_table.add_column(name, justify="left" if index < words else "right", min_width=widest)
    for row in rows:
        rich_table.add_row(*(Text(cell) for cell in row))
    return rich_table


def fits(console: Console, rich_table: Table) -> bool:
    """Return whether a table can be shown on a console without breaking its words and unbroken cells."""
    return _least_width(console, rich_table) <= console.width


def print_whole(console: Console, rich_table: Table) -> None:
    """Print a table, wider than the console where its words and unbroken cells would be cut off otherwise."""
    console.print(rich_table, width=max(console.width, _least_width(console, rich_table)), crop=False)


def _least_width(console: Console, rich_table: Table) -> int:
    from rich.measure import Measurement

    unlimited = console.options.update(max_width=_UNLIMITED)
    return Measurement.get(console, unlimited, rich_table).minimum
