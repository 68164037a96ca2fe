"""Profiles of agents: the strategy that each agent plays in every period and state of a finite Markov game."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from econsim.game import Agent, Discrete, Game, Stochastic
from econsim.markov.form import MarkovGame

__all__ = ["profile_of"]


@torch.no_grad()
def profile_of(game: Game[Any], agents: Mapping[str, Agent]) -> list[Tensor] | None:
    """Return each player's strategy ``[H, S, A_p]``, float64.

    ``None`` where the game is not a :class:`~econsim.markov.form.MarkovGame`, or where an agent states no probabilities
    or has a memory, so that it does not play a Markov strategy.
    """
    if not isinstance(game, MarkovGame):
        return None
    form, states = game.markov_form(), game.markov_states()
    observations, strategies = game.observe(states), []
    for name, role in game.roles.items():
        agent = agents[name]
        if not isinstance(role.action, Discrete) or not isinstance(agent, Stochastic):
            return None
        memory = agent.start(game, role, form.horizon * form.states)
        distribution, after = agent.policy(observations[name], memory)
        if _differ(memory, after):
            return None
        shares = distribution.probabilities.double()
        shares = shares / shares.sum(-1, keepdim=True)
        strategies += list(shares.reshape(form.horizon, form.states, role.count, -1).unbind(2))
    return strategies


def _differ(memory: Any, after: Any) -> bool:
    before, now = ([leaf for leaf in pytree.tree_leaves(tree) if isinstance(leaf, Tensor)] for tree in (memory, after))
    return len(before) != len(now) or not all(map(torch.equal, before, now))
