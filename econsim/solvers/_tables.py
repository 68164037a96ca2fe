"""Payoff tables of two-player games, and solutions made of mixed strategies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from econsim.agents import mixed_strategy
from econsim.errors import UserError
from econsim.expected_play import best_payoffs, certificate_of, expected_payoffs
from econsim.game import Agent, Enumerable, Game
from econsim.learning import Profile, Solution

CONSTANT_SUM = 1e-9
"""Of sums of payoffs, relative to the largest payoff."""

Floats = NDArray[np.float64]
Mixes = tuple[Floats, Floats]
"""The mixed strategies ``[R]`` and ``[C]`` of the two players."""


class Equilibria(NamedTuple):
    """Extreme equilibria of a two-player game.

    Attributes:
        mixes: the strategies ``[R]`` and ``[C]`` of each, pure ones first.
        components: the number of the component of each, from 1.
        degenerate: whether some mixed strategy has more best responses than options that it plays.
    """

    mixes: list[Mixes]
    components: list[int]
    degenerate: bool


class Play(NamedTuple):
    """Strategies ``[G, R]`` and ``[G, C]`` of ``G`` games, float64, their gaps ``[G]``, and all iterations."""

    row: Tensor
    column: Tensor
    gaps: Tensor
    iterations: int


def two_player_table(game: Game[Any], fixed: Mapping[str, Agent], solver: str) -> Floats:
    """Return the payoffs ``[2, R, C]`` of both players.

    Raises:
        UserError: the game does not have two players, its payoffs cannot be enumerated, or an agent is fixed.
    """
    if fixed:
        raise UserError(f"{solver}: both players are solved for; {', '.join(fixed)} cannot be fixed")
    if not isinstance(game, Enumerable) or [role.count for role in game.roles.values()] != [1, 1]:
        name = type(game).__name__
        raise UserError(
            f"{solver}: expected two players, one per role, and enumerable payoffs; {name} is not such a game"
        )
    table: Floats = game.payoff_tensor().cpu().numpy()
    return table


def is_constant_sum(table: Floats) -> bool:
    """Return whether the payoffs ``[2, R, C]`` of both players add up to a constant."""
    total = table.sum(0)
    return bool(total.max() - total.min() <= CONSTANT_SUM * max(1.0, float(np.abs(table).max())))


def zero_sum_table(game: Game[Any], fixed: Mapping[str, Agent], solver: str) -> Floats:
    """Return the payoffs ``[2, R, C]`` of two players, which add up to a constant.

    Raises:
        UserError: as for :func:`two_player_table`, or the payoffs do not add up to a constant.
    """
    table = two_player_table(game, fixed, solver)
    if not is_constant_sum(table):
        total, name = table.sum(0), type(game).__name__
        reason = f"payoffs add up to {total.min():g} at some choices and to {total.max():g} at others"
        raise UserError(f"{solver}: {name} is not zero-sum: {reason}")
    return table


def solution(
    game: Game[Any],
    found: Sequence[Mixes],
    chosen: int = 0,
    components: Sequence[int] | None = None,
    residuals: Mapping[str, float] | None = None,
    notes: Sequence[str] = (),
) -> Solution:
    """Return the solution whose profiles are ``found`` and whose agents play the chosen one of them."""
    agents = {name: _agent(mix) for name, mix in zip(game.roles, found[chosen], strict=True)}
    certificate = certificate_of(game, agents)
    assert certificate is not None  # the game is enumerable, and mixed strategies are stochastic
    numbers = components or range(1, len(found) + 1)
    profiles = tuple(_profile(game, mixes, number) for mixes, number in zip(found, numbers, strict=True))
    return Solution(agents, dict(residuals or {}), certificate, profiles, tuple(notes))


def _profile(game: Game[Any], mixes: Mixes, component: int) -> Profile:
    assert isinstance(game, Enumerable)
    payoffs, strategies = game.payoff_tensor().cpu(), [torch.from_numpy(mix) for mix in mixes]
    paid = expected_payoffs(payoffs, strategies)
    gain = max(0.0, float((best_payoffs(payoffs, strategies) - paid).max()))
    played = {name: tuple(mix.tolist()) for name, mix in zip(game.roles, mixes, strict=True)}
    return Profile(played, dict(zip(game.roles, paid.tolist(), strict=True)), gain, component)


def _agent(mix: Floats) -> Agent:
    return mixed_strategy.MixedStrategy(mixed_strategy.Parameters(probabilities=tuple(mix.tolist())))


def positive(payoff: Floats) -> Floats:
    """Return a table with the same best responses whose entries lie between 1 and 2."""
    lowest, span = payoff.min(), payoff.max() - payoff.min()
    scaled: Floats = 1.0 + (payoff - lowest) / (span or 1.0)
    return scaled
