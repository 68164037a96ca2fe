"""The error for a game that a solver does not fit, with the name of the solver that does."""

from __future__ import annotations

from typing import Any

from econsim.errors import UserError
from econsim.game import Game
from econsim.solvers import default_solver


def not_fitting(solver: str, expected: str, game: Game[Any], found: str = "is not such a game") -> UserError:
    """Return the error for a game that is not what ``solver`` expects; ``found`` continues the name of the game."""
    try:
        advice = f"; use the solver {default_solver(game)}"
    except UserError:  # no solver fits the game
        advice = ""
    return UserError(f"{solver}: expected {expected}; {type(game).__name__} {found}{advice}")
