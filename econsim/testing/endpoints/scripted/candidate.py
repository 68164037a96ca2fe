"""Scripted candidates and elected planners: they propose, or set, the tax rates that are best for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from econsim.testing.endpoints.responders import Unanswerable

__all__ = ["rates"]


def rates(facts: Mapping[str, Any], count: int | None = None) -> list[float]:
    """Return ``best_for_you``, on the ``grid`` from ``lowest`` (0) to ``highest``; its first ``count`` entries only.

    Raises:
        Unanswerable: the facts do not contain the best rates.
    """
    try:
        grid, highest = float(facts["grid"]), float(facts["highest"])
        lowest = float(facts.get("lowest", 0.0))
        best = [max(lowest, min(highest, round(float(rate) / grid) * grid)) for rate in facts["best_for_you"]]
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise Unanswerable(f"the facts of a candidate are incomplete ({error})") from None
    return [round(rate, 6) for rate in best[:count]]
