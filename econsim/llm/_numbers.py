"""Numbers as models write them: ``40``, ``"$1,200"``, ``"40 hours"``, ``"10%"``."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

__all__ = ["NotRead", "Number", "number", "on_grid"]

_WRITTEN = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?")
_DIGITS_KEPT = 10


class NotRead(ValueError):  # noqa: N818 (says what happened)
    """A reply that cannot be read without guessing; the message says why, in words that a model understands."""


class Number(NamedTuple):
    """A number, whether it was written as per cent, and what had to be done to read it."""

    value: float
    per_cent: bool = False
    note: str = ""


def number(value: Any) -> Number:
    """Return a number that a JSON value holds.

    Raises:
        NotRead: it holds none, several, or one that is not finite.
    """
    if isinstance(value, str):
        return _written(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise NotRead(f"expected a number, found {_short(value)}")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise NotRead("expected a finite number")
    return Number(found)


def on_grid(value: float, low: float, high: float, step: float | None) -> tuple[float, str]:
    """Return the nearest value that is allowed, and a note where that is another."""
    inside = min(max(value, low), high)
    note = f"{value:g} is not between {low:g} and {high:g}" if _differ(inside, value) else ""
    if step is None:
        return float(inside), note
    last = math.floor((high - low) / step + 1e-9)
    place = min(math.floor((inside - low) / step + 0.5), last)
    snapped = float(round(low + place * step, _DIGITS_KEPT))
    return snapped, note or (
        f"{value:g} is not a multiple of {step:g} from {low:g}" if _differ(snapped, inside) else ""
    )


def _written(text: str) -> Number:
    found = _WRITTEN.findall(text[:200])
    if len(found) != 1:
        raise NotRead(f"expected one number, found {_short(text)}")
    value = float(found[0].replace(",", ""))
    if not math.isfinite(value):
        raise NotRead("expected a finite number")
    return Number(value, "%" in text or "per cent" in text.lower() or "percent" in text.lower(), "a number in a string")


def _differ(one: float, other: float) -> bool:
    """Return whether numbers differ by more than the rounding of their last digits."""
    return abs(one - other) > 1e-9 * max(1.0, abs(one))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
