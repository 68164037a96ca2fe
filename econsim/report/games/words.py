"""Players, options, strategies and payoffs of games in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from econsim.game import Game, Role

__all__ = [
    "PLAYED",
    "number",
    "option_names",
    "player_names",
    "player_roles",
    "shares_text",
    "strategy_text",
]

PLAYED = 5e-4
"""Smaller probabilities are shown as zero; a CSV file contains them."""
_DECIMALS = 9  # below which a payoff is rounding
_MOST_OPTIONS = 6  # of a mixed strategy


def player_names(game: Game[Any]) -> list[str]:
    """Return the name of each player: that of its role, with a number from 1 where the role has several players."""
    return [
        name if role.count == 1 else f"{name}_{number}"
        for name, role in game.roles.items()
        for number in range(1, role.count + 1)
    ]


def player_roles(game: Game[Any]) -> list[Role]:
    """Return the role of every player."""
    return [role for role in game.roles.values() for _ in range(role.count)]


def option_names(game: Game[Any], outcome: tuple[int, ...]) -> list[str]:
    """Return the name of each player's option in a profile."""
    return [role.options[option] for role, option in zip(player_roles(game), outcome, strict=True)]


def number(value: float) -> str:
    """Return a payoff as text."""
    return f"{round(value, _DECIMALS) + 0.0:.4g}"  # adding zero removes the sign of a rounded negative number


def strategy_text(role: Role, probabilities: tuple[float, ...]) -> str:
    """Return a mixed strategy in words: the options that are played, each with its probability unless it is one."""
    return shares_text(dict(zip(role.options, probabilities, strict=True)))


def shares_text(shares: Mapping[str, float]) -> str:
    """Return the options that are played, each with its probability unless it is one.

    Probabilities below :data:`PLAYED` are left out where another option is played.
    """
    least = min(PLAYED, max(shares.values()))
    played = [(name, share) for name, share in shares.items() if share >= least]
    if len(played) == 1:
        return played[0][0]
    likely = sorted(played, key=lambda entry: -entry[1])[:_MOST_OPTIONS]
    text = ", ".join(f"{name} {share:.3g}" for name, share in played if (name, share) in likely)
    return text if len(played) <= _MOST_OPTIONS else f"{text}, and {len(played) - _MOST_OPTIONS} more"
