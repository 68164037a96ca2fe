"""Text form of payoff tables: one line per action profile of a one-shot game."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from econsim.game import Box, Enumerable, Game
from econsim.text.names import option_names

__all__ = ["payoff_lines"]

_MOST_LINES = 200


def payoff_lines(game: Game[Any]) -> list[str]:
    """Return the players' payoffs for each action profile, one line each.

    The list is empty for games without a payoff table and for tables of more than 200 profiles.
    """
    if not isinstance(game, Enumerable) or any(isinstance(role.action, Box) for role in game.roles.values()):
        return []
    payoffs = game.payoff_tensor()
    return list(_lines(game, payoffs.tolist())) if payoffs[0].numel() <= _MOST_LINES else []


def _lines(game: Game[Any], payoffs: list[Any]) -> Iterator[str]:
    players = [
        (role.name if role.count == 1 else f"{role.name} {number}", option_names(role)[0])
        for role in game.roles.values()
        for number in range(role.count)
    ]
    for choice in product(*(range(len(options)) for _, options in players)):
        actions = [f"{name}: {options[option]}" for (name, options), option in zip(players, choice, strict=True)]
        paid = [f"{name} {_entry(table, choice):.6g}" for (name, _), table in zip(players, payoffs, strict=True)]
        yield f"{', '.join(actions)}. Paid: {', '.join(paid)}"


def _entry(table: Any, choice: tuple[int, ...]) -> float:
    for option in choice:
        table = table[option]
    return float(table)
