"""Expected play: exact expected returns and equilibrium gaps in games that can be enumerated, without sampling actions.

Games of several moves are enumerated by their information trees (:mod:`econsim.information_tree`), finite Markov games
by tensors of rewards and transitions (:class:`~econsim.markov.MarkovGame`). In games of one round, payoffs are
``[P, A_1, ..., A_P]``, a strategy is the probability of each option of one player, ``[A_p]``, and a *joint
distribution* the probability of each profile of options, ``[A_1, ..., A_P]``, for any number of players. All are
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
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from econsim import random
from econsim.anonymous import is_crowd, option_payoffs
from econsim.errors import UserError
from econsim.game import Agent, Discrete, Enumerable, Game, Stochastic
from econsim.information_tree import Floats, HasInformationTree
from econsim.learning import Certificate
from econsim.markov import EXACT, MarkovGame, cce_gains, joint_policy, profile_of, values
from econsim.markov import HISTORY as MARKOV_HISTORY
from econsim.mechanisms.incentives import AnnouncesGame

__all__ = [
    "CCE_DEVIATIONS",
    "CE_DEVIATIONS",
    "DEVIATIONS",
    "HISTORY",
    "METHOD",
    "ON_TREE",
    "Expected",
    "announced_play",
    "behaviours_of",
    "best_payoffs",
    "cce_gap",
    "ce_gap",
    "certificate_of",
    "deviation_payoffs",
    "expected_payoffs",
    "expected_play",
    "expected_returns",
    "joint_of",
    "joint_payoffs",
    "nash_gap",
    "plans_of",
    "strategies_of",
]

DEVIATIONS, METHOD = "any one option, or any mixture of them", "enumerated"
"""The deviations that certificates of independent strategies consider, and the name of the method."""
CCE_DEVIATIONS = "any one option, or any mixture of them, chosen before the recommendation is seen"
CE_DEVIATIONS = "any option in response to each recommendation"
"""The deviations from a joint distribution that :func:`cce_gap` and :func:`ce_gap` consider."""
HISTORY, ON_TREE = "any strategy, which may depend on all that the player has observed (history)", "tree"
"""The same for games of several moves."""


class Expected(NamedTuple):
    """Exact expectations.

    Attributes:
        own: the expected return of each player, ``[P]``.
        best: each player's expected return from its best deviation while all others keep their strategies, ``[P]``.
        deviations: the deviations that are considered, in words.
        method: how they were computed.
    """

    own: Tensor
    best: Tensor
    deviations: str
    method: str

    def by_role(self, game: Game[Any], values: Tensor) -> dict[str, Tensor]:
        """Return values ``[P]`` of all players as ``{role: [N]}``."""
        by_role = torch.split(values, [role.count for role in game.roles.values()])
        return dict(zip(game.roles, by_role, strict=True))


def expected_play(game: Game[Any], agents: Mapping[str, Agent]) -> Expected | None:
    """Return exact expectations of returns, with and without deviating.

    ``None`` where the game is neither :class:`~econsim.game.Enumerable` nor a
    :class:`~econsim.information_tree.HasInformationTree` or a :class:`~econsim.markov.MarkovGame`, an agent is not
    :class:`~econsim.game.Stochastic`, or it remembers what happened before its observation: returns then have to be
    sampled.

    Raises:
        UserError: a player does not recall its own moves in some information set of the game.
    """
    if isinstance(game, HasInformationTree):
        plans = plans_of(game, agents)
        if plans is None:
            return None
        tree = game.information_tree()
        return Expected(torch.tensor(tree.values(plans)), torch.tensor(tree.best_values(plans)), HISTORY, ON_TREE)
    if isinstance(game, MarkovGame):
        profile, form = profile_of(game, agents), game.markov_form()
        if profile is None:
            return None
        joint = joint_policy(profile)
        own = values(form, joint)[0] @ form.start
        return Expected(own, own + cce_gains(form, joint), MARKOV_HISTORY, EXACT)
    strategies = strategies_of(game, agents)
    if strategies is None or not isinstance(game, Enumerable):
        return None
    if is_crowd(game):
        return _by_counts(game, strategies)
    payoffs = game.payoff_tensor()
    return Expected(expected_payoffs(payoffs, strategies), best_payoffs(payoffs, strategies), DEVIATIONS, METHOD)


def _by_counts(game: Any, strategies: Sequence[Tensor]) -> Expected | None:
    """Return the expectations of an anonymous game of many players; ``None`` where they are too many to compute."""
    of_options = option_payoffs(game, strategies)
    if of_options is None:
        return None
    return Expected((of_options * torch.stack(list(strategies))).sum(1), of_options.amax(1), DEVIATIONS, METHOD)


@torch.no_grad()
def announced_play(game: Game[Any], agents: Mapping[str, Agent], key: Tensor) -> Expected | None:
    """Return exact expectations of the followers in the game that a leader's announcement makes.

    Args:
        game: a game whose leader announces payments in its first step (:class:`~econsim.games.incentives.Incentives`).
        agents: the agent of each role.
        key: ``[E]``, of draws that may enter the announcement.

    Returns:
        ``None`` where the game announces no payments, the game after the announcement has no exact view, the
        announcement differs between keys, or as for :func:`expected_play`. Entries of the leader are NaN.
    """
    if not isinstance(game, AnnouncesGame):
        return None
    seen = game.observe(game.reset(key))
    (leader,) = (name for name, role in game.roles.items() if role.leads)
    memory = agents[leader].start(game, game.roles[leader], len(key))
    announced = agents[leader].act(seen[leader], memory, key)[0][:, 0]
    if not torch.equal(announced, announced[:1].expand_as(announced)):
        return None
    try:
        expected = expected_play(game.announced_game(announced[0]), agents)
    except UserError:  # the game after the announcement has no exact view
        return None
    if expected is None or any(_remembers(game, agents[name], name) for name in game.roles if name != leader):
        return None
    leading = expected.own.new_full((game.roles[leader].count,), torch.nan)
    own, best = (torch.cat([game.discount * values, leading]) for values in (expected.own, expected.best))
    return expected._replace(own=own, best=best)


def _remembers(game: Game[Any], agent: Agent, name: str) -> bool:
    """Return whether an agent that states probabilities keeps a memory of what it observes."""
    seen = game.observe(game.reset(random.keys(0, 1, game.device)))[name]
    memory = agent.start(game, game.roles[name], 1)
    return isinstance(agent, Stochastic) and agent.policy(seen, memory)[1] is not memory


def expected_returns(game: Game[Any], agents: Mapping[str, Agent]) -> dict[str, Tensor] | None:
    """Return the expected return of each player, ``{role: [N]}`` float64; ``None`` as for :func:`expected_play`."""
    expected = expected_play(game, agents)
    return None if expected is None else expected.by_role(game, expected.own)


def certificate_of(game: Game[Any], agents: Mapping[str, Agent]) -> Certificate | None:
    """Return the exact largest gain of any player from deviating alone; ``None`` as for :func:`expected_play`."""
    expected = expected_play(game, agents)
    if expected is None:
        return None
    gain, largest = (expected.best - expected.own).max(), torch.cat([expected.own, expected.best]).abs().max()
    return Certificate.of_gain(float(gain), float(largest), expected.deviations, expected.method)


def plans_of(game: HasInformationTree, agents: Mapping[str, Agent]) -> list[Floats] | None:
    """Return the plan ``[S]`` of each player in the game's information tree; ``None`` as for :func:`expected_play`."""
    behaviours = behaviours_of(game, agents)
    if behaviours is None:
        return None
    players = game.information_tree().players
    return [player.plan(behaviour) for player, behaviour in zip(players, behaviours, strict=True)]


@torch.no_grad()
def behaviours_of(game: HasInformationTree, agents: Mapping[str, Agent]) -> list[Floats] | None:
    """Return the behaviour ``[S]`` of each player, also where play does not lead; ``None`` as for the plans."""
    assert isinstance(game, Game)
    behaviours = []
    for (name, role), player in zip(game.roles.items(), game.information_tree().players, strict=True):
        agent, observed = agents[name], game.information_sets(name)
        if not isinstance(agent, Stochastic):
            return None
        memory = agent.start(game, role, len(player.names))
        distribution, after = agent.policy(observed, memory)
        if after is not memory:
            return None
        table = distribution.probabilities[:, 0].double().cpu().numpy()  # [I, A]
        behaviour = np.append(1.0, table[player.information_set, player.option[1:]])
        total = np.bincount(player.information_set, behaviour[1:], len(player.names))
        behaviour[1:] /= total[player.information_set]
        behaviours.append(behaviour)
    return behaviours


def nash_gap(payoffs: Tensor, strategies: Sequence[Tensor]) -> Certificate:
    """Return the exact largest gain of any player from its best option while the others keep their strategies."""
    gains = best_payoffs(payoffs, strategies) - expected_payoffs(payoffs, strategies)
    return _exact(gains, payoffs, DEVIATIONS)


def cce_gap(payoffs: Tensor, joint: Tensor) -> Certificate:
    """Return the exact largest gain of any player from one option that it plays whatever is recommended.

    The others play their part of a profile that is drawn from ``joint``.
    """
    best = [_recommended(payoffs, joint, player).sum(0).max() for player in range(len(payoffs))]
    return _exact(torch.stack(best) - joint_payoffs(payoffs, joint), payoffs, CCE_DEVIATIONS)


def ce_gap(payoffs: Tensor, joint: Tensor) -> Certificate:
    """Return the exact largest gain of any player from its best response to each option that is recommended to it.

    The others play their part of a profile that is drawn from ``joint``.
    """
    best = [_recommended(payoffs, joint, player).amax(1).sum() for player in range(len(payoffs))]
    return _exact(torch.stack(best) - joint_payoffs(payoffs, joint), payoffs, CE_DEVIATIONS)


def _exact(gains: Tensor, payoffs: Tensor, deviation_class: str) -> Certificate:
    return Certificate.of_gain(float(gains.max()), float(payoffs.abs().max()), deviation_class, METHOD)


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
