"""Parsing of numbers as models write them: ``40``, ``"$1,200"``, ``"40 hours"``, ``"10%"``."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

from econsim.llm.json_extraction import NotRead

__all__ = ["Number", "grid", "number", "on_grid"]

_WRITTEN = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?")
_DIGITS_KEPT = 10
MOST_LISTED = 500
"""Number of values up to which a schema lists them; hosted providers accept between 500 and 1,000."""
_TOLERANCE = 0.01  # of the range: what is further outside is not meant as its end


class Number(NamedTuple):
    """A number, whether it was written as a percentage, and a note on the repair that parsing it required."""

    value: float
    per_cent: bool = False
    note: str = ""


def number(value: Any) -> Number:
    """Return the number in a JSON value.

    Raises:
        NotRead: the value contains no number, several numbers, or a number that is not finite.
    """
    if isinstance(value, str):
        return _written(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise NotRead(f"expected a number, found {_short(value)}")
    try:
        parsed = float(value)
    except OverflowError:
        parsed = math.inf
    if not math.isfinite(parsed):
        raise NotRead("expected a finite number")
    return Number(parsed)


def on_grid(value: float, low: float, high: float, step: float | None) -> tuple[float, str]:
    """Return the nearest allowed value, and a note if it differs from ``value``.

    Raises:
        NotRead: the value lies outside the range by more than 1 % of the range.
    """
    inside, range_in_words = min(max(value, low), high), f"between {low:g} and {high:g}"
    tolerance = _TOLERANCE * (high - low) if math.isfinite(high - low) else 0.0
    if _differ(inside, value) and abs(value - inside) > tolerance:
        raise NotRead(f"expected a number {range_in_words}, found {value:g}")
    note = f"a number that is not quite {range_in_words}" if _differ(inside, value) else ""
    if step is None:
        return float(inside), note
    index = min(math.floor((inside - low) / step + 0.5), _last(low, high, step))
    snapped = _point(low, step, index)
    return snapped, note or (f"not a multiple of {step:g} from {low:g}" if _differ(snapped, inside) else "")


def grid(low: float, high: float, step: float) -> list[int | float] | None:
    """Return the allowed values, whole ones as integers; ``None`` if there are more than can be listed in a schema."""
    if not math.isfinite(high - low) or (last := _last(low, high, step)) >= MOST_LISTED:
        return None
    points = [_point(low, step, index) for index in range(last + 1)]
    return [int(point) if point.is_integer() else point for point in points]


def _last(low: float, high: float, step: float) -> int:
    return math.floor((high - low) / step + 1e-9)


def _point(low: float, step: float, index: int) -> float:
    return float(round(low + index * step, _DIGITS_KEPT))


def _written(text: str) -> Number:
    matches = _WRITTEN.findall(text[:200])
    if len(matches) != 1:
        raise NotRead(f"expected one number, found {_short(text)}")
    value = float(matches[0].replace(",", ""))
    if not math.isfinite(value):
        raise NotRead("expected a finite number")
    return Number(value, "%" in text or "per cent" in text.lower() or "percent" in text.lower(), "a number in a string")


def _differ(one: float, other: float) -> bool:
    """Return whether two numbers differ by more than rounding error."""
    return abs(one - other) > 1e-9 * max(1.0, abs(one))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
