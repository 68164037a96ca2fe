"""Nash equilibria of games of one round as a table: all of two players, pure ones of more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import comb
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from econsim.analysis.equilibrium.best_responses import best_options
from econsim.report.games.blocks import Block, plain
from econsim.report.games.player_types import BY_TYPE, rows_by_type
from econsim.report.games.words import number, option_names, player_names, player_roles, strategy_text
from econsim.solvers.vertex_enumeration import Parameters, VertexEnumeration

if TYPE_CHECKING:
    from econsim.game import Game
    from econsim.learning import Profile

__all__ = ["Equilibria", "equilibria_of", "profiles_block"]

Floats = NDArray[np.float64]
MOST_BASES = 3_000_000
"""The largest number of bases of the linear systems whose vertices are enumerated, all sets of as many options of both
players as one of them has: those of 12 by 12 options take about a second."""
MOST_ROWS = 24
MOST_ACROSS = 4
"""The largest number of players who have columns of their own; more are in rows, one for each type of player."""
_TITLE = "Equilibria"


class Equilibria(NamedTuple):
    """The block of equilibria, their total payoffs, and whether these are all Nash equilibria up to mixtures."""

    block: Block
    totals: list[float]
    complete: bool


def equilibria_of(game: Game[Any], payoffs: Floats) -> Equilibria:
    """Return the equilibria of a game with payoffs ``[P, A_1, ..., A_P]``."""
    if len(payoffs) != 2:
        return _pure(game, payoffs, "Mixed equilibria of more than two players are not listed.")
    rows, columns = payoffs.shape[1:]
    if comb(rows + columns, rows) > MOST_BASES:
        note = f"Mixed equilibria of {rows} by {columns} options are too many to search in a report: use econsim solve."
        return _pure(game, payoffs, note)
    found = VertexEnumeration(Parameters()).solve(game, {})
    block = profiles_block(_TITLE, game, found.profiles, found.notes)
    return Equilibria(block, [profile.total for profile in found.profiles], complete=True)


def profiles_block(title: str, game: Game[Any], profiles: Sequence[Profile], notes: Sequence[str]) -> Block:
    """Return the block of profiles of mixed strategies, one row each."""
    names, roles = player_names(game), player_roles(game)
    several = len({profile.component for profile in profiles}) < len(profiles)
    header = ["", *names, *(f"payoff of {name}" for name in names), "total", "largest gain"]
    if len(names) > MOST_ACROSS:
        return _long_block(title, game, profiles, notes, several)
    rows = []
    for place, profile in enumerate(profiles[:MOST_ROWS], 1):
        played = [strategy_text(*each) for each in zip(roles, profile.strategies.values(), strict=True)]
        paid = [number(payoff) for payoff in profile.payoffs.values()]
        row = [str(place), *played, *paid, number(profile.total), f"{profile.largest_gain:.2g}"]
        rows.append([*row, str(profile.component)] if several else row)
    header = [*header, "component"] if several else header
    return Block(title, tuple(header), plain(rows), (*notes, *_left_out(profiles)), style="prose")


def _left_out(profiles: Sequence[Profile]) -> list[str]:
    hidden = len(profiles) - MOST_ROWS
    return [f"{hidden:,} more are left out; econsim solve --csv FILE writes all."] if hidden > 0 else []


def _long_block(title: str, game: Game[Any], profiles: Sequence[Profile], notes: Sequence[str], several: bool) -> Block:
    """Return the block of profiles of many players, a row for each type of player."""
    rows = []
    for place, profile in enumerate(profiles[:MOST_ROWS], 1):
        played = [strategy_text(*each) for each in zip(player_roles(game), profile.strategies.values(), strict=True)]
        about = f"largest gain {profile.largest_gain:.2g}" + (f", component {profile.component}" if several else "")
        rows += rows_by_type(game, place, played, list(profile.payoffs.values()), about)
    return Block(title, BY_TYPE, plain(rows), (*notes, *_left_out(profiles)), style="prose")


def _pure(game: Game[Any], payoffs: Floats, note: str) -> Equilibria:
    """Return the equilibria in pure strategies; in a game of one role, with one row for all orders of the players."""
    profiles = [tuple(map(int, profile)) for profile in np.argwhere(best_options(payoffs).all(0))]
    totals = [float(_paid(payoffs, profile).sum()) for profile in profiles]
    if not profiles:
        return Equilibria(Block(_TITLE, notes=("There is no equilibrium in pure strategies.", note)), [], False)
    if len(game.roles) == 1 and len(payoffs) > 2:
        write = _by_count
    else:
        write = _by_type if len(payoffs) > MOST_ACROSS else _by_player
    header, rows = write(game, payoffs, profiles)
    hidden = len(rows) - MOST_ROWS
    notes = [f"Equilibria in pure strategies: {len(profiles):,}. {note}"]
    notes += [f"{hidden:,} more rows are left out."] if hidden > 0 else []
    block = Block(_TITLE, tuple(header), plain(rows[:MOST_ROWS]), tuple(notes), style="prose")
    return Equilibria(block, totals, complete=False)


def _by_player(
    game: Game[Any], payoffs: Floats, profiles: Sequence[tuple[int, ...]]
) -> tuple[list[str], list[list[str]]]:
    names = player_names(game)
    rows = []
    for place, profile in enumerate(profiles, 1):
        paid = _paid(payoffs, profile)
        cells = [*option_names(game, profile), *map(number, paid.tolist())]
        rows.append([str(place), *cells, number(float(paid.sum()))])
    return ["", *names, *(f"payoff of {name}" for name in names), "total"], rows


def _by_type(
    game: Game[Any], payoffs: Floats, profiles: Sequence[tuple[int, ...]]
) -> tuple[list[str], list[list[str]]]:
    rows = [
        row
        for place, profile in enumerate(profiles, 1)
        for row in rows_by_type(game, place, option_names(game, profile), _paid(payoffs, profile).tolist())
    ]
    return list(BY_TYPE), rows


def _by_count(
    game: Game[Any], payoffs: Floats, profiles: Sequence[tuple[int, ...]]
) -> tuple[list[str], list[list[str]]]:
    """Return one row for all profiles in which each option is chosen equally often."""
    labels = player_roles(game)[0].options
    groups = Counter(tuple(sorted(profile)) for profile in profiles)
    rows = []
    for place, (profile, count) in enumerate(groups.items(), 1):
        paid = _paid(payoffs, profile)
        chosen = ", ".join(f"{labels[option]} {times}" for option, times in Counter(profile).items())
        by_option = {labels[option]: number(float(paid[player])) for player, option in enumerate(profile)}
        each = ", ".join(f"{label} {payoff}" for label, payoff in by_option.items())
        rows.append([str(place), chosen, each, number(float(paid.sum())), str(count)])
    return ["", "players per option", "payoff of each", "total", "profiles with these numbers"], rows


def _paid(payoffs: Floats, profile: Sequence[int]) -> Floats:
    """Return the payoff of each player in a profile, ``[P]``."""
    paid: Floats = payoffs[(slice(None), *profile)]  # type: ignore[arg-type]
    return paid
