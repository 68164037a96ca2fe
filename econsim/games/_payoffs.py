"""Payoffs that a user gives: their range, and the columns of CSV tables that hold them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from econsim.errors import UserError
from econsim.storage.csv_reader import CsvTable

__all__ = ["LARGEST", "PAYOFF", "check_range", "players_of"]

LARGEST = 1e100
"""The largest payoff, so that sums and products of payoffs are finite."""
PAYOFF = "payoff_"
"""The start of the name of a column of payoffs; the name of the player follows."""


def check_range(what: str, payoffs: NDArray[np.float64]) -> None:
    """Raise ``ValueError`` if a payoff is too large for arithmetic."""
    if payoffs.size and np.abs(payoffs).max() > LARGEST:
        raise ValueError(f"{what}: expected numbers between -{LARGEST:g} and {LARGEST:g}, found {_extreme(payoffs):g}")


def _extreme(payoffs: NDArray[np.float64]) -> float:
    return float(payoffs.flat[np.abs(payoffs).argmax()])


def players_of(table: CsvTable, key: str, others: Collection[str] = ()) -> list[str]:
    """Return the players of a table: the columns with a column of payoffs; ``others`` are columns with other content.

    Raises:
        UserError: a column belongs to no player, since a game that leaves it out would be another one.
    """
    players = [name for name in table.columns if f"{PAYOFF}{name}" in table.columns]
    known = {*others, *players, *(f"{PAYOFF}{name}" for name in players)}
    for name in table.columns if players else ():
        if name not in known:
            partner = name.removeprefix(PAYOFF) if name.startswith(PAYOFF) else f"{PAYOFF}{name}"
            raise UserError(f"{key}: {table.name}: column {name}: expected a column {partner} too, or none of both")
    return players
