"""Expected play: exact expected returns and equilibrium gaps in games that can be enumerated, without sampling actions.

Payoffs are ``[P, A_1, ..., A_P]``, a strategy is the probability of each option of one player, ``[A_p]``, and a *joint
distribution* the probability of each profile of options, ``[A_1, ..., A_P]``, for any number of players; all are
float64, players in the order of the game's roles.

The gaps of a game are the largest expected gain of a player from deviating alone, within a class of deviations:

- :func:`nash_gap` of strategies that are drawn independently: any one option, or any mixture of them;
- :func:`cce_gap` of a joint distribution: one option, chosen before the recommendation is seen (coarse correlated
  equilibrium, Moulin and Vial 1978);
- :func:`ce_gap` of a joint distribution: an option in response to each recommendation (correlated equilibrium, Aumann
  1974).

All are exact up to rounding: in a game of one round, no deviation can depend on a history. The gap of a joint
distribution in which players are independent is the same in all three classes.
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
    "CCE_DEVIATIONS",
    "CE_DEVIATIONS",
    "DEVIATIONS",
    "METHOD",
    "best_payoffs",
    "cce_gap",
    "ce_gap",
    "certificate_of",
    "deviation_payoffs",
    "expected_payoffs",
    "expected_returns",
    "joint_of",
    "joint_payoffs",
    "nash_gap",
    "strategies_of",
]

DEVIATIONS, METHOD = "any one option, or any mixture of them", "enumerated"
"""The deviations that certificates of independent strategies consider, and the name of the method."""
CCE_DEVIATIONS = "any one option, or any mixture of them, chosen before the recommendation is seen"
CE_DEVIATIONS = "any option in response to each recommendation"
"""The deviations from a joint distribution that :func:`cce_gap` and :func:`ce_gap` consider."""


def expected_returns(game: Game[Any], agents: Mapping[str, Agent]) -> dict[str, Tensor] | None:
    """Return the expected return of each player, ``{role: [N]}`` float64.

    ``None`` where the game is not :class:`~econsim.game.Enumerable` or an agent is not
    :class:`~econsim.game.Stochastic`: returns then have to be sampled.
    """
    strategies = strategies_of(game, agents)
    if strategies is None or not isinstance(game, Enumerable):
        return None
    values = expected_payoffs(game.payoff_tensor(), strategies)
    by_role = torch.split(values, [role.count for role in game.roles.values()])
    return dict(zip(game.roles, by_role, strict=True))


def certificate_of(game: Game[Any], agents: Mapping[str, Agent]) -> Certificate | None:
    """Return the exact largest gain of any player from deviating alone; ``None`` as for :func:`expected_returns`."""
    strategies = strategies_of(game, agents)
    if strategies is None or not isinstance(game, Enumerable):
        return None
    return nash_gap(game.payoff_tensor(), strategies)


def nash_gap(payoffs: Tensor, strategies: Sequence[Tensor]) -> Certificate:
    """Return the exact largest gain of any player from its best option while the others keep their strategies."""
    gains = best_payoffs(payoffs, strategies) - expected_payoffs(payoffs, strategies)
    return _exact(gains, DEVIATIONS)


def cce_gap(payoffs: Tensor, joint: Tensor) -> Certificate:
    """Return the exact largest gain of any player from one option that it plays whatever is recommended.

    The others play their part of a profile that is drawn from ``joint``.
    """
    best = [_recommended(payoffs, joint, player).sum(0).max() for player in range(len(payoffs))]
    return _exact(torch.stack(best) - joint_payoffs(payoffs, joint), CCE_DEVIATIONS)


def ce_gap(payoffs: Tensor, joint: Tensor) -> Certificate:
    """Return the exact largest gain of any player from its best response to each option that is recommended to it.

    The others play their part of a profile that is drawn from ``joint``.
    """
    best = [_recommended(payoffs, joint, player).amax(1).sum() for player in range(len(payoffs))]
    return _exact(torch.stack(best) - joint_payoffs(payoffs, joint), CE_DEVIATIONS)


def _exact(gains: Tensor, deviation_class: str) -> Certificate:
    largest = max(0.0, float(gains.max()))
    return Certificate(largest, largest, deviation_class, METHOD)


def _recommended(payoffs: Tensor, joint: Tensor, player: int) -> Tensor:
    """Return the expected payoff of each option given each recommendation, times its probability, ``[A_p, A_p]``."""
    options = joint.shape[player]
    own = payoffs[player].movedim(player, 0).reshape(options, -1)
    return joint.movedim(player, 0).reshape(options, -1) @ own.T


@torch.no_grad()
def strategies_of(game: Game[Any], agents: Mapping[str, Agent]) -> list[Tensor] | None:
    """Return the strategy of each player; ``None`` where the game cannot be enumerated or an agent has no strategy."""
    if not isinstance(game, Enumerable):
        return None
    key = random.keys(0, 1, game.device)  # players observe nothing before they act, so that all keys give the same
    seen = game.observe(game.reset(key))
    strategies: list[Tensor] = []
    for name, role in game.roles.items():
        agent = agents[name]
        if not isinstance(role.action, Discrete) or not isinstance(agent, Stochastic):
            return None
        distribution, _ = agent.policy(seen[name], agent.start(game, role, 1))
        probabilities = distribution.probabilities[0].double()
        strategies += (probabilities / probabilities.sum(-1, keepdim=True)).unbind()
    return strategies


def joint_of(strategies: Sequence[Tensor]) -> Tensor:
    """Return the joint distribution ``[A_1, ..., A_P]`` of independent strategies."""
    joint = strategies[0]
    for strategy in strategies[1:]:
        joint = joint[..., None] * strategy
    return joint


def joint_payoffs(payoffs: Tensor, joint: Tensor) -> Tensor:
    """Return the expected payoff of each player, ``[P]``, under a joint distribution."""
    return payoffs.flatten(1) @ joint.flatten()


def expected_payoffs(payoffs: Tensor, strategies: Sequence[Tensor]) -> Tensor:
    """Return the expected payoff of each player, ``[P]``."""
    for strategy in reversed(strategies):
        payoffs = payoffs @ strategy
    return payoffs


def best_payoffs(payoffs: Tensor, strategies: Sequence[Tensor]) -> Tensor:
    """Return each player's expected payoff from its best option, ``[P]``, with the other players' strategies fixed.

    No mixture of options has a higher expected payoff than the best of them.
    """
    return torch.stack([deviation_payoffs(payoffs, strategies, player).max() for player in range(len(strategies))])


def deviation_payoffs(payoffs: Tensor, strategies: Sequence[Tensor], player: int) -> Tensor:
    """Return one player's expected payoff from each of its options, ``[A_p]``, with the other strategies fixed."""
    values = payoffs[player].movedim(player, 0)
    for strategy in reversed([*strategies[:player], *strategies[player + 1 :]]):
        values = values @ strategy
    return values
