"""Best response of a player who infers from the others' actions which profile was drawn."""

from __future__ import annotations

from time import monotonic
from typing import NamedTuple

import torch
from torch import Tensor

from econsim.markov.form import MarkovForm


class _Level(NamedTuple):
    """Nodes of one period: their states ``[N]``, the predicted law ``[N, R]`` of the others' actions, and children.

    ``children`` ``[N, R, S]`` holds the node of the next period after each action of the others and each next state;
    0 where it cannot be reached, or in the last period.
    """

    states: Tensor
    law: Tensor
    children: Tensor


def best_history_value(
    form: MarkovForm, others: Tensor, weights: Tensor, player: int, most: int, deadline: float
) -> float | None:
    """Return the highest expected return of any policy of a player; ``None`` where the tree is too large or late.

    Args:
        form: the game.
        others: ``[T, H, S, R]``, the law of the other players' actions in each profile.
        weights: ``[T]``, the probability of each profile.
        player: the player who deviates.
        most: the most numbers to store in one level.
        deadline: on the clock of :func:`time.monotonic`.
    """
    possible = form.transitions.movedim(2 + player, 2).flatten(3, -2).amax(2) > 0  # [H, S, R, S]
    roots = form.start.nonzero()[:, 0]
    states, beliefs, levels = roots, weights.expand(len(roots), -1), []
    for period in range(form.horizon):
        if len(states) * len(weights) * others.shape[-1] * form.states > most or monotonic() >= deadline:
            return None
        level, states, beliefs = _expand(states, beliefs, others[:, period], possible[period])
        levels.append(level)
    later = form.start.new_zeros(1)
    for period in reversed(range(form.horizon)):
        later = _back(form, period, player, levels[period], later)
    return float(form.start[roots] @ later)


def _expand(states: Tensor, beliefs: Tensor, others: Tensor, possible: Tensor) -> tuple[_Level, Tensor, Tensor]:
    """Return a level, and the states ``[M]`` and beliefs ``[M, T]`` of the next one; equal nodes are merged."""
    joint = beliefs[:, :, None] * others[:, states].movedim(0, 1)  # [N, T, R]
    law = joint.sum(1)
    posterior = (joint / law.clamp(min=torch.finfo(law.dtype).tiny)[:, None]).movedim(1, 2)  # [N, R, T]
    node, action, following = ((law > 0)[..., None] & possible[states]).nonzero(as_tuple=True)
    keyed = torch.cat([following[:, None].to(posterior), posterior[node, action]], -1)
    merged, place = torch.unique(keyed, dim=0, return_inverse=True)
    children = torch.zeros((*law.shape, possible.shape[-1]), dtype=torch.int64, device=states.device)
    children[node, action, following] = place
    return _Level(states, law, children), merged[:, 0].long(), merged[:, 1:]


def _back(form: MarkovForm, period: int, player: int, level: _Level, later: Tensor) -> Tensor:
    """Return the value ``[N]`` of the nodes of a level from the values of the next one."""
    rewards = form.rewards[period, player].movedim(1 + player, 1).flatten(2)[level.states]  # [N, A, R]
    transitions = form.transitions[period].movedim(1 + player, 1).flatten(2, -2)[level.states]  # [N, A, R, S]
    children = later[level.children] if period + 1 < form.horizon else torch.zeros_like(transitions[:, 0])
    paid = rewards + form.discount * torch.einsum("narz,nrz->nar", transitions, children)
    return torch.einsum("nar,nr->na", paid, level.law).amax(-1)
