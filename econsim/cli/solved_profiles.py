"""Equilibria of games of one round as tables: wide ones, or long ones where a terminal is too narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from econsim.cli.console_tables import fits, grid
from econsim.report.games.player_types import BY_TYPE, rows_by_type
from econsim.report.games.words import number, option_names, player_roles, strategy_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from econsim.game import Game
    from econsim.learning import Joint, Profile, Solution

__all__ = ["MOST_ROWS", "joint_table", "profile_table"]

MOST_ROWS = 40
"""The largest number of equilibria, profiles or information sets that are shown."""
_UNBROKEN = 24  # characters of a strategy that is not wrapped


def profile_table(game: Game[Any], solution: Solution, console: Console) -> Table:
    """Return the first equilibria: one row each, or one for each type of player where that is too wide to be shown."""
    profiles = solution.profiles[:MOST_ROWS]
    names = list(profiles[0].strategies)
    header = ["", *names, *(f"{name} payoff" for name in names), "total"]
    rows = [
        [str(place), *_played(game, profile), *map(number, (*profile.payoffs.values(), profile.total))]
        for place, profile in enumerate(profiles, 1)
    ]
    can_be_mixed = len({profile.component for profile in solution.profiles}) < len(solution.profiles)
    if can_be_mixed:
        header = [*header, "component"]
        rows = [[*row, str(profile.component)] for row, profile in zip(rows, profiles, strict=True)]
    wide = grid(header, rows, words=1 + len(names), unbroken=_UNBROKEN)
    if fits(console, wide):
        return wide
    long = [
        row
        for place, profile in enumerate(profiles, 1)
        for row in rows_by_type(
            game,
            place,
            _played(game, profile),
            list(profile.payoffs.values()),
            f"component {profile.component}" if can_be_mixed else "",
        )
    ]
    return grid(BY_TYPE, long, words=3)


def _played(game: Game[Any], profile: Profile) -> list[str]:
    return [strategy_text(*each) for each in zip(player_roles(game), profile.strategies.values(), strict=True)]


def joint_table(game: Game[Any], joint: Joint, console: Console) -> Table:
    """Return a joint distribution, likeliest profiles first, and the expected payoffs in its last row.

    There is one column per player, or one for all players where that is too wide for the console.
    """
    likely = sorted(zip(joint.probabilities, joint.outcomes, strict=True), key=lambda entry: -entry[0])[:MOST_ROWS]
    rows = [[*option_names(game, outcome), f"{share:.4g}"] for share, outcome in likely]
    rows.append([*map(number, joint.payoffs.values()), "expected payoffs"])
    wide = grid([*joint.payoffs, "probability"], rows, words=len(joint.payoffs), unbroken=_UNBROKEN)
    if fits(console, wide):
        return wide
    long = [
        [", ".join(f"{name} {cell}" for name, cell in zip(joint.payoffs, row, strict=False)), row[-1]] for row in rows
    ]
    return grid(["players", "probability"], long)
