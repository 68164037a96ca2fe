"""Expected play: exact expected returns in games that can be enumerated, without drawing an action.

Payoffs are ``[P, A_1, ..., A_P]``, and a strategy is the probability of each option of one player, ``[A_p]``; all are
float64, players in the order of the game's roles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.game import Agent, Discrete, Enumerable, Game, Stochastic
from econsim.learning import Certificate

__all__ = [
    "DEVIATIONS",
    "METHOD",
    "best_payoffs",
    "certificate_of",
    "deviation_payoffs",
    "expected_payoffs",
    "expected_returns",
    "strategies_of",
]

DEVIATIONS, METHOD = "any one option, or any mixture of them", "enumerated"
"""The deviations that expected play compares with, and what certificates call the method."""


def expected_returns(game: Game[Any], agents: Mapping[str, Agent]) -> dict[str, Tensor] | None:
    """Return the expected return of each player, ``{role: [N]}`` float64.

    ``None`` where the game is not :class:`~econsim.game.Enumerable`, or an agent not
    :class:`~econsim.game.Stochastic`: then returns have to be sampled.
    """
    strategies = strategies_of(game, agents)
    if strategies is None or not isinstance(game, Enumerable):
        return None
    values = expected_payoffs(game.payoff_tensor(), strategies)
    by_role = torch.split(values, [role.count for role in game.roles.values()])
    return dict(zip(game.roles, by_role, strict=True))


def certificate_of(game: Game[Any], agents: Mapping[str, Agent]) -> Certificate | None:
    """Return the largest gain of any player from deviating alone, which is exact; ``None`` as for returns."""
    strategies = strategies_of(game, agents)
    if strategies is None or not isinstance(game, Enumerable):
        return None
    payoffs = game.payoff_tensor()
    gains = best_payoffs(payoffs, strategies) - expected_payoffs(payoffs, strategies)
    largest = max(0.0, float(gains.max()))
    return Certificate(largest, largest, DEVIATIONS, METHOD)


@torch.no_grad()
def strategies_of(game: Game[Any], agents: Mapping[str, Agent]) -> list[Tensor] | None:
    """Return the strategy of each player; ``None`` where the game or an agent does not give any."""
    if not isinstance(game, Enumerable):
        return None
    key = random.keys(0, 1, game.device)  # nobody is told anything beforehand, so that all keys give the same
    seen = game.observe(game.reset(key))
    strategies: list[Tensor] = []
    for name, role in game.roles.items():
        agent = agents[name]
        if not isinstance(role.action, Discrete) or not isinstance(agent, Stochastic):
            return None
        distribution, _ = agent.policy(seen[name], agent.start(game, role, 1))
        likely = distribution.probabilities[0].double()
        strategies += (likely / likely.sum(-1, keepdim=True)).unbind()
    return strategies


def expected_payoffs(payoffs: Tensor, strategies: Sequence[Tensor]) -> Tensor:
    """Return what each player is paid on average, ``[P]``."""
    for strategy in reversed(strategies):
        payoffs = payoffs @ strategy
    return payoffs


def best_payoffs(payoffs: Tensor, strategies: Sequence[Tensor]) -> Tensor:
    """Return what each player is paid on average for its best option, ``[P]``, while all others stay.

    No mixture of options pays more than the best of them does.
    """
    return torch.stack([deviation_payoffs(payoffs, strategies, player).max() for player in range(len(strategies))])


def deviation_payoffs(payoffs: Tensor, strategies: Sequence[Tensor], player: int) -> Tensor:
    """Return what one player is paid on average for each of its options, ``[A_p]``, while all others stay."""
    values = payoffs[player].movedim(player, 0)
    for strategy in reversed([*strategies[:player], *strategies[player + 1 :]]):
        values = values @ strategy
    return values
