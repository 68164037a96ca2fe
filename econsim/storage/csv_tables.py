"""CSV tables in which no text is a formula for the spreadsheet that opens them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from econsim.storage.files import write_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["write_csv"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""First characters that make a spreadsheet read a cell as a formula (OWASP, "CSV Injection")."""


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table without its index; an apostrophe goes before texts, also column names, that look like formulas.

    Raises:
        RunError: the disk is full or refuses the file; no partial file remains.
    """
    from pandas.api.types import is_numeric_dtype

    inert = table.apply(lambda column: column if is_numeric_dtype(column) else column.astype(object).map(_inert))
    write_text(path, inert.rename(columns=_inert).to_csv(index=False))


def _inert(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    text = "\n".join(cell.splitlines()) if "\r" in cell else cell  # the csv module does not quote "\r"
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
