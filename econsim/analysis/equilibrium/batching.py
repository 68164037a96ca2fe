"""Batch sizes: the numbers of copies and of players that memory and time allow."""

from __future__ import annotations

from typing import Any

from econsim.game import Game

__all__ = ["copies_at_once", "players_to_try"]

FLOATS_AT_ONCE = 1 << 22
FLOATS_IN_ALL = 1 << 30
MOST_PLAYERS = 256


def copies_at_once(game: Game[Any], floats: int = FLOATS_AT_ONCE) -> int:
    """Return the number of copies whose observations have about ``floats`` numbers, at least one."""
    per_copy = sum(role.count * (role.observation.size + 1) for role in game.roles.values())
    return max(1, floats // per_copy)


def players_to_try(game: Game[Any], role: str, episodes: int) -> int:
    """Return the number of players of a role that deviate, each in every episode: all of them if they are few."""
    affordable = copies_at_once(game, FLOATS_IN_ALL) // episodes
    return min(game.roles[role].count, MOST_PLAYERS, max(1, affordable))
