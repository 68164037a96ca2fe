"""Expected play: the payoff of each player, and its gain from the best deviation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from econsim.errors import UserError
from econsim.expected_play import expected_play
from econsim.report.games.blocks import Block, plain
from econsim.report.games.words import number

if TYPE_CHECKING:
    from econsim.game import Agent, Game
    from econsim.runs.folder import Run

__all__ = ["Play", "gains_are_exact", "play_block"]

_TITLE = "Play and best responses"
_MOST_ROWS = 24


class Play(NamedTuple):
    """The agents whose play a page shows.

    Attributes:
        agents: the agent of each role; empty where no independent agents play, as in a correlated solution.
        who: these agents in words, in the plural.
        label: the title of their columns.
    """

    agents: Mapping[str, Agent]
    who: str
    label: str


def play_block(game: Game[Any], play: Play) -> tuple[Block, float | None]:
    """Return the block of exact expectations of play, and the expected sum of payoffs where it is known.

    Args:
        game: a game with an exact view.
        play: the agents of all roles.
    """
    expected = expected_play(game, play.agents)
    if expected is None:
        note = f"No exact payoffs: {play.who} state no probabilities of their options, or remember earlier play."
        return Block(_TITLE, notes=(note,)), None
    own, best = (expected.by_role(game, values) for values in (expected.own, expected.best))
    rows = [row for name in game.roles for row in _rows(name, own[name].tolist(), best[name].tolist())]
    largest = max(0.0, float((expected.best - expected.own).max()))
    notes = [
        f"Exact expectations of {play.who}. The largest gain of a player from deviating alone is {largest:.2g}."
        f" Deviations: {expected.deviations}."
    ]
    if len(rows) > _MOST_ROWS:
        notes.append(f"{len(rows) - _MOST_ROWS:,} more players are left out.")
    header = ("player", "expected payoff", "with the best deviation", "gain")
    return Block(_TITLE, header, plain(rows[:_MOST_ROWS]), tuple(notes)), float(expected.own.sum())


def gains_are_exact(run: Run) -> bool:
    """Return whether the page of a run contains the exact gains of its players."""
    try:
        return expected_play(run.plan.game, run.agents) is not None
    except UserError:  # a player does not recall its own moves
        return False


def _rows(role: str, own: Sequence[float], best: Sequence[float]) -> list[list[str]]:
    """Return one row per player of a role, or one for all where they are alike."""
    cells = [
        [number(paid), number(deviating), f"{max(0.0, deviating - paid):.2g}"]
        for paid, deviating in zip(own, best, strict=True)
    ]
    if len(cells) == 1:
        return [[role, *cells[0]]]
    if all(row == cells[0] for row in cells):
        return [[f"each of {len(cells):,} {role}s", *cells[0]]]
    return [[f"{role}_{place}", *row] for place, row in enumerate(cells, 1)]
