"""Revenue and other totals of a reform: per person and for all people, with mechanical and behavioural parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from econsim.analysis.counterfactual.sides import Parts, Sides

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TOTALS", "totals_table"]

TOTALS = ("tax", "income", "rebate", "consumption")
"""The accounts that the table shows, as far as a game declares them."""


def totals_table(sides: Sides) -> pd.DataFrame:
    """Return revenue, income, rebates and consumption, each per person and for all people, one row each.

    Columns: ``account``, ``measure`` (``per person`` or ``total``), ``title`` and ``unit``; ``baseline`` and
    ``reform``; ``difference`` with its paired 95 % interval ``low`` to ``high`` over episodes or seeds, and its method
    (``interval``); ``mechanical`` and ``behavioural``, whose sum is the difference exactly; and these three as shares
    of the absolute baseline (``difference_share``, ``mechanical_share``, ``behavioural_share``), missing where that is
    zero. Totals are means over episodes of sums over people, weighted by how many people each represents.
    """
    import pandas as pd

    return pd.DataFrame(list(_rows(sides)))


def _rows(sides: Sides) -> Iterator[dict[str, Any]]:
    for name in TOTALS:
        if name in sides.accounts:
            noun = "revenue" if name == "tax" else name
            unit, per_person = sides.unit(name), sides.per_person(name, sides.people(name))
            yield _row(name, "per person", noun.capitalize(), f"{unit} per person".strip(), per_person)
            yield _row(name, "total", f"Total {noun}", unit, sides.total(name))


def _row(account: str, measure: str, title: str, unit: str, parts: Parts) -> dict[str, Any]:
    paired = parts.paired
    effects = {"difference": parts.total, "mechanical": parts.mechanical, "behavioural": parts.behavioural}
    base = abs(paired.baseline)
    return {
        "account": account,
        "measure": measure,
        "title": title,
        "unit": unit,
        "baseline": paired.baseline,
        "reform": paired.reform,
        **effects,
        **{f"{name}_share": value / base if base else float("nan") for name, value in effects.items()},
        "low": paired.low,
        "high": paired.high,
        "interval": paired.method,
    }
