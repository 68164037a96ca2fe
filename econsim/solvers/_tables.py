"""Payoff tables of games, and solutions made of mixed strategies or of a joint distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from econsim.agents import mixed_strategy
from econsim.errors import UserError
from econsim.expected_play import certificate_of, expected_payoffs, joint_payoffs, nash_gap
from econsim.game import Agent, Enumerable, Game
from econsim.learning import Certificate, Joint, Profile, Solution
from econsim.solvers._fitting import not_fitting

CONSTANT_SUM = 1e-9
"""Of sums of payoffs, relative to the largest payoff."""
_SHOWN = 1e-8  # profiles with a smaller probability are left out of a joint distribution

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


class Commitment(NamedTuple):
    """The leader's mixed strategy ``[R]``, the follower's option, and whether all options were tried."""

    mix: Floats
    option: int
    finished: bool


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
    players = sum(role.count for role in game.roles.values())
    if not isinstance(game, Enumerable):
        raise not_fitting(solver, "two players and enumerable payoffs", game)
    if players != 2:
        raise not_fitting(solver, "two players", game, f"has {players:,}")
    table: Floats = game.payoff_tensor().cpu().numpy()
    return table


def payoff_table(game: Game[Any], fixed: Mapping[str, Agent], solver: str) -> Floats:
    """Return the payoffs ``[P, A_1, ..., A_P]`` of all players.

    Raises:
        UserError: payoffs cannot be enumerated, or an agent is fixed.
    """
    if fixed:
        raise UserError(f"{solver}: all players are solved for; {', '.join(fixed)} cannot be fixed")
    if not isinstance(game, Enumerable):
        raise not_fitting(solver, "enumerable payoffs", game)
    table: Floats = game.payoff_tensor().cpu().numpy()
    return table


def player_names(game: Game[Any]) -> list[str]:
    """Return the name of each player: that of its role, with a number from 1 where the role has several players."""
    return [
        name if role.count == 1 else f"{name}_{number}"
        for name, role in game.roles.items()
        for number in range(1, role.count + 1)
    ]


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
        total = table.sum(0)
        sums = f"is not zero-sum: payoffs add up to {total.min():g} at some choices and to {total.max():g} at others"
        raise not_fitting(solver, "payoffs that add up to a constant", game, sums)
    return table


def solution(
    game: Game[Any],
    found: Sequence[Sequence[Floats]],
    chosen: int = 0,
    components: Sequence[int] | None = None,
    residuals: Mapping[str, float] | None = None,
    notes: Sequence[str] = (),
) -> Solution:
    """Return the solution whose profiles are ``found`` and whose agents play the chosen one of them."""
    agents = _agents(game, found[chosen])
    certificate = certificate_of(game, agents)
    assert certificate is not None  # the game is enumerable, and mixed strategies are stochastic
    numbers = components or range(1, len(found) + 1)
    profiles = tuple(_profile(game, mixes, number) for mixes, number in zip(found, numbers, strict=True))
    return Solution(agents, dict(residuals or {}), certificate, profiles, tuple(notes))


def joint_solution(game: Game[Any], joint: Floats, certificate: Certificate, notes: Sequence[str]) -> Solution:
    """Return the solution whose result is a joint distribution ``[A_1, ..., A_P]``, with a certificate of it."""
    assert isinstance(game, Enumerable)
    others = [tuple(axis for axis in range(joint.ndim) if axis != player) for player in range(joint.ndim)]
    agents = _agents(game, [joint.sum(axes) for axes in others])
    paid = joint_payoffs(game.payoff_tensor().cpu(), torch.from_numpy(joint)).tolist()
    outcomes = np.argwhere(joint > _SHOWN)
    held = Joint(
        tuple(tuple(map(int, outcome)) for outcome in outcomes),
        tuple(float(joint[tuple(outcome)]) for outcome in outcomes),
        dict(zip(player_names(game), paid, strict=True)),
    )
    return Solution(agents, {}, certificate, notes=tuple(notes), joint=held)


def _profile(game: Game[Any], mixes: Sequence[Floats], component: int) -> Profile:
    assert isinstance(game, Enumerable)
    payoffs, strategies = game.payoff_tensor().cpu(), [torch.from_numpy(mix) for mix in mixes]
    players, paid = player_names(game), expected_payoffs(payoffs, strategies)
    played = {name: tuple(mix.tolist()) for name, mix in zip(players, mixes, strict=True)}
    gap = nash_gap(payoffs, strategies).lower
    return Profile(played, dict(zip(players, paid.tolist(), strict=True)), gap, component)


def _agents(game: Game[Any], mixes: Sequence[Floats]) -> dict[str, Agent]:
    """Return the agent of each role that plays the strategies of its players."""
    rest = iter(mixes)
    agents: dict[str, Agent] = {}
    for name, role in game.roles.items():
        played = tuple(tuple((mix / mix.sum()).tolist()) for mix in islice(rest, role.count))
        alike = len(set(played)) == 1
        given = {"probabilities": played[0]} if alike else {"by_player": played}
        agents[name] = mixed_strategy.MixedStrategy(mixed_strategy.Parameters.model_validate(given))
    return agents


def positive(payoff: Floats) -> Floats:
    """Return a table with the same best responses whose entries lie between 1 and 2."""
    lowest, span = payoff.min(), payoff.max() - payoff.min()
    scaled: Floats = 1.0 + (payoff - lowest) / (span or 1.0)
    return scaled
