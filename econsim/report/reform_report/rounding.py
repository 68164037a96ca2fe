"""Rounding of a change and its parts, so that the numbers of a page add up exactly as they are shown."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from econsim.accounts import Format

__all__ = ["PartsInWords", "parts_in_words"]

_DIGITS = 4


class PartsInWords(NamedTuple):
    """A change as text: both levels, the change, and its two parts."""

    baseline: str
    reform: str
    difference: str
    mechanical: str
    behavioural: str


def parts_in_words(baseline: float, mechanical: float, behavioural: float, form: Format = "amount") -> PartsInWords:
    """Return a change with its parts as text, such that baseline, mechanical and behavioural part add up to the reform.

    Three levels are rounded, that of the baseline, that at unchanged behaviour and that of the reform; changes are
    differences of the rounded levels. The largest change has four digits, and no decimals from 1,000 on.
    """
    scale, suffix = (100.0, "%") if form == "share" else (1.0, "")
    levels = [scale * level for level in (baseline, baseline + mechanical, baseline + mechanical + behavioural)]
    largest = max(abs(levels[1] - levels[0]), abs(levels[2] - levels[1]), abs(levels[2] - levels[0])) or abs(levels[0])
    decimals = _decimals(largest)
    before, held, after = (
        Decimal(level).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN) + 0 for level in levels
    )
    shown = (f"{value:,.{decimals}f}{suffix}" for value in (before, after, after - before, held - before, after - held))
    return PartsInWords(*shown)


def _decimals(size: float) -> int:
    """Return the number of decimals of a number of ``size`` with four digits; 0 for zero."""
    if size == 0:
        return 0
    return min(12, max(0, _DIGITS - 1 - Decimal(size).adjusted()))
