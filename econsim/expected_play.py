"""Expected play: exact expected returns in games that can be enumerated, computed without sampling actions.

Games of one round have a payoff tensor (:class:`~econsim.game.Enumerable`), finite Markov games tensors of rewards and
transitions (:class:`~econsim.markov.MarkovGame`).

Payoffs are ``[P, A_1, ..., A_P]``, and a strategy is the probability of each option of one player, ``[A_p]``; all are
float64, players in the order of the game's roles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from econsim import random
from econsim.game import Agent, Discrete, Enumerable, Game, Stochastic
from econsim.learning import Certificate
from econsim.markov import EXACT, HISTORY, MarkovGame, cce_gains, joint_policy, profile_of, values

__all__ = [
    "DEVIATIONS",
    "METHOD",
    "BestDeviations",
    "best_deviations",
    "best_payoffs",
    "certificate_of",
    "deviation_payoffs",
    "expected_payoffs",
    "expected_returns",
    "strategies_of",
]

DEVIATIONS, METHOD = "any one option, or any mixture of them", "enumerated"
"""The deviations that certificates of games of one round consider, and the name of the method."""


class BestDeviations(NamedTuple):
    """Exact expected returns of all players, and what each gains from its best deviation, ``[P]`` float64.

    ``deviation_class`` names the deviations that are considered, ``method`` how the best was found.
    """

    own: Tensor
    gains: Tensor
    deviation_class: str
    method: str


def expected_returns(game: Game[Any], agents: Mapping[str, Agent]) -> dict[str, Tensor] | None:
    """Return the expected return of each player, ``{role: [N]}`` float64.

    ``None`` where the game cannot be enumerated, or an agent is not :class:`~econsim.game.Stochastic` or has a memory:
    returns then have to be sampled.
    """
    own = _expected(game, agents)
    if own is None:
        return None
    return dict(zip(game.roles, torch.split(own, [role.count for role in game.roles.values()]), strict=True))


def best_deviations(game: Game[Any], agents: Mapping[str, Agent]) -> BestDeviations | None:
    """Return what each player gains from deviating alone; ``None`` as for :func:`expected_returns`."""
    if isinstance(game, MarkovGame):
        profile, form = profile_of(game, agents), game.markov_form()
        if profile is None:
            return None
        joint = joint_policy(profile)
        return BestDeviations(values(form, joint)[0] @ form.start, cce_gains(form, joint), HISTORY, EXACT)
    strategies = strategies_of(game, agents)
    if strategies is None or not isinstance(game, Enumerable):
        return None
    payoffs = game.payoff_tensor()
    own = expected_payoffs(payoffs, strategies)
    return BestDeviations(own, best_payoffs(payoffs, strategies) - own, DEVIATIONS, METHOD)


def certificate_of(game: Game[Any], agents: Mapping[str, Agent]) -> Certificate | None:
    """Return the exact largest gain of any player from deviating alone; ``None`` as for :func:`expected_returns`."""
    best = best_deviations(game, agents)
    if best is None:
        return None
    largest = max(0.0, float(best.gains.max()))
    return Certificate(largest, largest, best.deviation_class, best.method)


def _expected(game: Game[Any], agents: Mapping[str, Agent]) -> Tensor | None:
    """Return the exact expected return of each player, ``[P]``."""
    if isinstance(game, MarkovGame):
        profile, form = profile_of(game, agents), game.markov_form()
        return None if profile is None else values(form, joint_policy(profile))[0] @ form.start
    strategies = strategies_of(game, agents)
    if strategies is None or not isinstance(game, Enumerable):
        return None
    return expected_payoffs(game.payoff_tensor(), strategies)


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
