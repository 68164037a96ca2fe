"""Types of players: those of one role with the same strategy and payoff, who share a row of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from econsim.report.games.words import number, player_roles

if TYPE_CHECKING:
    from econsim.game import Game

__all__ = ["BY_TYPE", "rows_by_type"]

BY_TYPE = ("", "player", "strategy", "payoff")
"""The header of :func:`rows_by_type`."""


def rows_by_type(
    game: Game[Any], place: int, played: Sequence[str], paid: Sequence[float], about: str = ""
) -> list[list[str]]:
    """Return the rows of one profile in a table of few columns (:data:`BY_TYPE`), and a row for the total.

    Players of one role with the same strategy and payoff are of one type, and share a row.

    Args:
        game: the game.
        place: the number of the profile, from 1.
        played: the strategy of each player in words.
        paid: the payoff of each player.
        about: what the last row says beside the total.
    """
    roles = player_roles(game)
    each = zip(roles, played, map(number, paid), strict=True)
    types = Counter((role.name, role.count, strategy, payoff) for role, strategy, payoff in each)
    rows = [
        ["", name if players == 1 else f"{name}, {count} of {players}", strategy, payoff]
        for (name, players, strategy, payoff), count in types.items()
    ]
    rows[0][0] = str(place)
    return [*rows, ["", "total", about, number(sum(paid))]]
