"""How many copies of a game, and how many players, are looked at: as many as memory and time allow."""

from __future__ import annotations

from typing import Any

from econsim.game import Game

__all__ = ["copies_at_once", "players_to_try"]

FLOATS_AT_ONCE = 1 << 22
FLOATS_IN_ALL = 1 << 30
MOST_PLAYERS = 256


def copies_at_once(game: Game[Any], floats: int = FLOATS_AT_ONCE) -> int:
    """Return how many copies have about ``floats`` numbers in what players see, at least one."""
    per_copy = sum(role.count * (role.observation.size + 1) for role in game.roles.values())
    return max(1, floats // per_copy)


def players_to_try(game: Game[Any], role: str, episodes: int) -> int:
    """Return how many players of a role are deviated from, each in every episode: all of them where they are few."""
    affordable = copies_at_once(game, FLOATS_IN_ALL) // episodes
    return min(game.roles[role].count, MOST_PLAYERS, max(1, affordable))
