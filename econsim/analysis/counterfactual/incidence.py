"""Incidence of a reform: who gains and who loses by decile, by utility, with its value in money and its components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from econsim.accounts import MONEY
from econsim.analysis.counterfactual.gains import gains_by_group
from econsim.analysis.inequality import Floats, arrays, deciles
from econsim.analysis.welfare.equivalents import equivalent_variation
from econsim.economics import MoneyUtility
from econsim.game import Game

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AMOUNTS", "ROUNDING", "gains_table", "money_gain", "ranks"]

AMOUNTS = ("utility", "consumption", "income", "tax", "rebate")
"""The accounts that the table shows, as far as a game declares them."""
_FEWEST = 20  # people: two per decile
ROUNDING = 1e-9
"""Changes that are smaller, relative to consumption, are rounding."""


def money_gain(game: Game[Any], before: Mapping[str, Tensor], utility_after: Tensor) -> Floats | None:
    """Return each person's gain from a reform in money, ``[E * N]``; ``None`` where the game cannot value money.

    It is the change of utility where the game measures utility in money, otherwise the lump sum before the reform, at
    the actions before it, that is worth as much as the reform (the equivalent surplus of Hicks 1943).

    Args:
        game: the game of the baseline, which declares an account ``utility``.
        before: accounts ``{name: [E, N]}`` of the baseline.
        utility_after: ``[E, N]``, of the same people under the reform.
    """
    utility = before["utility"].double()
    unit = next((account.unit for account in game.accounts_spec if account.name == "utility"), "")
    if unit == MONEY:
        return arrays((utility_after.double() - utility).cpu())[0].ravel()
    if not isinstance(game, MoneyUtility):
        return None
    valued = game

    def worth(lump_sum: Floats) -> ArrayLike:
        return arrays(valued.utility_with(before, torch.from_numpy(lump_sum).reshape(utility.shape)))[0].ravel()

    return equivalent_variation(worth, utility_after.double().ravel())


def gains_table(
    before: Mapping[str, ArrayLike],
    after: Mapping[str, ArrayLike],
    people: ArrayLike | None = None,
    gain: ArrayLike | None = None,
) -> pd.DataFrame | None:
    """Return one row per decile of income at 40 hours (of income before where there is no such account), and ``all``.

    Columns: ``decile``; ``winners`` and ``losers``, shares of people whose *utility* rises or falls; ``gain``, its mean
    value in money where it is given; the mean before and the change of each of :data:`AMOUNTS` (``income``,
    ``income_change``), per person. The change of consumption is that of income, minus tax, plus rebate, plus
    ``other_change`` where a game has other sources of consumption.

    Args:
        before: accounts ``{name: [N]}`` under the baseline.
        after: those of the same people under the reform.
        people: ``[N]`` weights, one each if not given.
        gain: ``[N]``, see :func:`money_gain`.

    Returns:
        ``None`` without accounts of utility and income, or with fewer than 20 people.
    """
    import pandas as pd

    rank = ranks(before)
    if rank is None:
        return None
    groups = (deciles(rank, people), np.full(np.size(rank), "all"))
    table = pd.concat([_rows(group, before, after, people, gain) for group in groups], ignore_index=True)
    return table.drop(columns="other_change") if not table.get("other_change", pd.Series([1.0])).any() else table


def ranks(before: Mapping[str, ArrayLike]) -> Floats | None:
    """Return the income by which people are ranked, ``[N]``: income at 40 hours where there is such an account.

    ``None`` without accounts of utility and income, or with fewer than 20 people.
    """
    rank = before.get("potential_income", before.get("income"))
    if rank is None or "utility" not in before:
        return None
    values = arrays(rank)[0].ravel()
    return values if values.size >= _FEWEST else None


def _rows(
    group: Any,
    before: Mapping[str, ArrayLike],
    after: Mapping[str, ArrayLike],
    people: ArrayLike | None,
    gain: ArrayLike | None,
) -> pd.DataFrame:
    names = [name for name in AMOUNTS if name in before and name in after]
    by_name = {name: gains_by_group(before[name], after[name], group, people, name="decile") for name in names}
    table = by_name["utility"][["decile", "winners", "losers"]]
    if gain is not None:
        table = table.assign(gain=gains_by_group(np.zeros_like(gain), gain, group, people)["gain"])
    for name, gains in by_name.items():
        table = table.assign(**{name: gains["before"], f"{name}_change": gains["gain"]})
    return _with_other(table) if names == list(AMOUNTS) else table


def _with_other(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the change of consumption that income, tax and rebate do not account for."""
    accounted = table["income_change"] - table["tax_change"] + table["rebate_change"]
    other = table["consumption_change"] - accounted
    scale = table[["consumption", "income", "tax", "rebate"]].abs().sum(axis="columns")
    return table.assign(other_change=other.where(other.abs() > ROUNDING * scale, 0.0))
