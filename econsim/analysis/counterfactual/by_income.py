"""Reform by income group: winners, losers and changes in each decile, the top 5 % and the top 1 %, with intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from econsim.analysis.counterfactual.differences import Difference, paired_difference
from econsim.analysis.counterfactual.gains import better_and_worse
from econsim.analysis.counterfactual.incidence import ROUNDING, money_gain, ranks
from econsim.analysis.counterfactual.sides import Sides
from econsim.analysis.inequality import Floats, deciles, quantile_groups

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALL", "CHANGES", "TOP", "income_groups", "reform_by_income"]

TOP = {"top 5 %": 20, "top 1 %": 100}
"""Groups at the top, each the highest of so many quantile groups."""
ALL = "all"
CHANGES = ("income", "tax", "rebate", "consumption")
"""The accounts whose changes the table shows, as far as a game declares them."""


def income_groups(rank_by: Floats, people: Floats) -> dict[str, NDArray[np.bool_]]:
    """Return who is in each income group, ``{name: [N]}``: deciles ``1`` to ``10``, the :data:`TOP`, and ``all``.

    Groups are by the midpoint of a person's rank, as in :func:`econsim.analysis.inequality.quantile_groups`; a group
    without people is left out.
    """
    decile = deciles(rank_by, people)
    groups = {str(number): decile == number for number in range(1, 11)}
    groups |= {name: quantile_groups(rank_by, count, people) == count for name, count in TOP.items()}
    groups[ALL] = np.ones_like(decile, dtype=np.bool_)
    return {name: members for name, members in groups.items() if people[members].sum() > 0}


def reform_by_income(sides: Sides) -> pd.DataFrame | None:
    """Return one row per group of income at 40 hours (of income before the reform where there is no such account).

    Columns: ``group``, see :func:`income_groups`; ``people_share``; ``winners`` and ``losers``, the shares of its
    people whose *utility* rises or falls, as in :func:`econsim.analysis.counterfactual.winners_and_losers`; ``gain``,
    the mean gain in money, as :func:`econsim.analysis.counterfactual.money_gain`, and ``gain_share``, the same as a
    share of consumption before; for each of income, tax, rebate and consumption the mean before (``tax``) and its
    change (``tax_change``), per person; ``tax_mechanical`` and ``tax_behavioural``, whose sum is the change exactly.
    ``winners``, ``losers``, ``gain`` and changes have a paired 95 % interval over episodes or training seeds (``_low``
    and ``_high``) with its method, or why there is none (``_interval``).

    Returns:
        ``None`` without accounts of utility and income, or with fewer than 20 people.
    """
    import pandas as pd

    rank = ranks(sides.baseline.accounts_of_people())
    if rank is None:
        return None
    people, gain = sides.people("utility"), _money_gains(sides)
    groups = income_groups(rank, people)
    table = pd.DataFrame([dict(_row(sides, people * members, gain)) for members in groups.values()])
    table.insert(0, "group", list(groups))
    table.insert(1, "people_share", [people[members].sum() / people.sum() for members in groups.values()])
    return table


def _row(sides: Sides, people: Floats, gain: Floats | None) -> Iterator[tuple[str, Any]]:
    """Yield the columns of one group, whose people have positive weights ``[E * N]``."""
    before, _, after = sides.amounts("utility")
    for name, members in zip(("winners", "losers"), better_and_worse(before, after), strict=True):
        share = _difference(sides, members.astype(np.float64), people)
        yield from _with_interval(name, share, share.difference)
    amounts = {name: sides.per_person(name, people) for name in CHANGES if name in sides.accounts}
    if gain is not None:
        mean_gain = _difference(sides, gain, people)
        yield from _with_interval("gain", mean_gain, mean_gain.difference)
        if "consumption" in amounts:
            yield "gain_share", _share(mean_gain.difference, amounts["consumption"].paired.baseline)
    for name, parts in amounts.items():
        yield name, parts.paired.baseline
        yield from _with_interval(f"{name}_change", parts.paired, parts.total)
    if "tax" in amounts:
        yield "tax_mechanical", amounts["tax"].mechanical
        yield "tax_behavioural", amounts["tax"].behavioural


def _money_gains(sides: Sides) -> Floats | None:
    """Return each person's gain in money, ``[E * N]``, zero where it is rounding."""
    before = sides.baseline.accounts_of_people()
    gain = money_gain(sides.baseline.game, before, sides.reform.accounts_of_people()["utility"])
    if gain is None or "consumption" not in sides.accounts:
        return gain
    return np.where(np.abs(gain) > ROUNDING * np.abs(sides.amounts("consumption")[0]), gain, 0.0)


def _difference(sides: Sides, gain: Floats, people: Floats) -> Difference:
    """Return the mean of gains ``[E * N]`` of a group, as a difference from none."""
    values = sides.by_cluster(gain, people)
    return paired_difference(np.zeros_like(values), values)


def _with_interval(name: str, paired: Difference, value: float) -> Iterator[tuple[str, Any]]:
    yield name, value
    yield from ((f"{name}_low", paired.low), (f"{name}_high", paired.high), (f"{name}_interval", paired.method))


def _share(amount: float, of: float) -> float:
    return amount / of if of else float("nan")
