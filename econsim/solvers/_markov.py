"""Parts of solutions of finite Markov games: the check that a game is one, agents, and returns in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from econsim.agents import markov_strategy
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.markov import MarkovForm, MarkovGame, values
from econsim.solvers._fitting import not_fitting

_DECIMALS = 9  # of returns in words


def markov_form(game: Game[Any], fixed: Mapping[str, Agent], solver: str) -> MarkovForm:
    """Return the tensors of a game, on the CPU.

    Raises:
        UserError: the game is not a finite Markov game, or an agent is fixed.
    """
    if not isinstance(game, MarkovGame):
        raise not_fitting(solver, "a finite Markov game, such as one of the kind tabular", game)
    if fixed:
        raise UserError(f"{solver}: all players are solved for; {', '.join(fixed)} cannot be fixed")
    form = game.to("cpu").markov_form()  # type: ignore[attr-defined]
    assert isinstance(form, MarkovForm)
    return form


def agents_of(game: Game[Any], profile: Sequence[Tensor]) -> dict[str, Agent]:
    """Return agents that play strategies ``[H, S, A_p]``, one per role."""
    parameters = (markov_strategy.Parameters(probabilities=_nested(strategy)) for strategy in profile)
    return dict(zip(game.roles, map(markov_strategy.MarkovStrategy, parameters), strict=True))


def returns_note(game: Game[Any], form: MarkovForm, joint: Tensor) -> str:
    """Return the expected return of each player in words."""
    returns = values(form, joint)[0] @ form.start
    return in_words(game, returns.tolist())


def in_words(game: Game[Any], returns: Sequence[float]) -> str:
    """Return a sentence with the expected return of each player, without noise from rounding."""
    values = (round(value, _DECIMALS) + 0.0 for value in returns)  # adding zero removes the sign of a negative zero
    words = (f"{name} {value:.6g}" for name, value in zip(game.roles, values, strict=True))
    return f"Expected returns: {', '.join(words)}."


def _nested(strategy: Tensor) -> tuple[tuple[tuple[float, ...], ...], ...]:
    return tuple(tuple(map(tuple, states)) for states in strategy.clamp(0.0, 1.0).tolist())
