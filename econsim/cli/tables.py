"""Plain text tables."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence

_GAP = "  "


def table(rows: Sequence[Sequence[str]], indent: str = "") -> str:
    """Return ``rows`` in aligned columns; the last column is wrapped to the terminal's width."""
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    before = len(indent) + sum(widths) + len(_GAP) * len(widths)
    room = max(shutil.get_terminal_size((120, 24)).columns - before, 30)
    lines: list[str] = []
    for row in rows:
        first = indent + "".join(cell.ljust(width) + _GAP for cell, width in zip(row[:-1], widths, strict=True))
        last = textwrap.wrap(row[-1], room) or [""]
        lines += [(first + last[0]).rstrip(), *(" " * before + line for line in last[1:])]
    return "\n".join(lines)
