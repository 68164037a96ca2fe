"""Values of Markov policies, best responses to them, and gains from deviating, by backward induction.

A *profile* is one strategy ``[H, S, A_p]`` per player: the probability of each option in every period and state, drawn
independently of the other players. A *joint policy* ``[H, S, A_1, ..., A_P]`` holds the probability of every action
profile, and so may correlate the players. The draws of a joint policy are independent between periods, so that a player
who deviates from it faces a Markov decision process: the best Markov deviation is the best deviation of any kind, and
all gains of this module are exact for deviations that depend on the whole history.

Source: Shapley (1953); Foster, Golowich and Kakade (2023), *Hardness of Independent Learning and Sparse Equilibrium
Computation in Markov Games*, for the gaps.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from econsim.learning import Certificate
from econsim.markov.form import MarkovForm

__all__ = [
    "EXACT",
    "HISTORY",
    "best_response",
    "cce_gains",
    "cce_gap",
    "ce_gains",
    "ce_gap",
    "joint_policy",
    "reached_states",
    "values",
]

HISTORY = "any policy, which may depend on all earlier states and actions (class history)"
"""The deviation class of policies that depend on the history."""
MODIFIED = "any change of recommended actions, which may depend on all earlier states and actions (class history)"
"""The deviation class of correlated equilibria."""
EXACT = "backward induction"
"""The method of exact gaps of joint policies and profiles."""


def joint_policy(profile: Sequence[Tensor]) -> Tensor:
    """Return the joint policy ``[H, S, A_1, ..., A_P]`` of a profile of independent strategies ``[H, S, A_p]``."""
    joint = profile[0]
    for strategy in profile[1:]:
        joint = joint[..., None] * strategy.reshape(*strategy.shape[:2], *[1] * (joint.ndim - 2), -1)
    return joint


def values(form: MarkovForm, joint: Tensor) -> Tensor:
    """Return every player's value of each state in each period under a joint policy, ``[H + 1, P, S]``."""
    later = form.start.new_zeros(form.players, form.states)
    by_period = [later]
    for period in reversed(range(form.horizon)):
        later = (joint[period] * form.action_values(period, later)).flatten(2).sum(-1)
        by_period.append(later)
    return torch.stack(by_period[::-1])


def reached_states(form: MarkovForm, joint: Tensor) -> Tensor:
    """Return the probability of each state in each period under a joint policy, ``[H, S]``."""
    by_period = [form.start]
    for period in range(form.horizon - 1):
        moves = (joint[period][..., None] * form.transitions[period]).flatten(1, -2).sum(1)  # [S, S]
        by_period.append(by_period[-1] @ moves)
    return torch.stack(by_period)


def best_response(form: MarkovForm, joint: Tensor, player: int) -> tuple[Tensor, Tensor]:
    """Return a player's best policy against the others' part of a joint policy, and its value.

    Returns:
        The option in each period and state, ``[H, S]`` int64, and the value of each state in the first period, ``[S]``.
    """
    later, choices = form.start.new_zeros(form.states), []
    for period in reversed(range(form.horizon)):
        others = joint[period].sum(1 + player).reshape(form.states, -1)  # [S, R], R = 1 of a single player
        paid = torch.einsum("sar,sr->sa", _by_option(form, period, later, player), others)
        later, chosen = paid.max(-1)
        choices.append(chosen)
    return torch.stack(choices[::-1]), later


def cce_gains(form: MarkovForm, joint: Tensor) -> Tensor:
    """Return each player's largest gain from ignoring a joint policy, ``[P]``; for a profile, from deviating."""
    own = values(form, joint)[0] @ form.start
    best = [best_response(form, joint, player)[1] @ form.start for player in range(form.players)]
    return (torch.stack(best) - own).clamp(min=0.0)


def ce_gains(form: MarkovForm, joint: Tensor) -> Tensor:
    """Return each player's largest gain from changing its recommended actions, ``[P]``."""
    own = values(form, joint)[0] @ form.start
    best = [_best_modification(form, joint, player) @ form.start for player in range(form.players)]
    return (torch.stack(best) - own).clamp(min=0.0)


def cce_gap(form: MarkovForm, joint: Tensor) -> Certificate:
    """Return the exact distance of a joint policy from a coarse correlated equilibrium; of a profile, from Nash."""
    return _exact(form, cce_gains(form, joint), HISTORY)


def ce_gap(form: MarkovForm, joint: Tensor) -> Certificate:
    """Return the exact distance of a joint policy from a correlated equilibrium."""
    return _exact(form, ce_gains(form, joint), MODIFIED)


def _exact(form: MarkovForm, gains: Tensor, deviations: str) -> Certificate:
    largest_return = form.horizon * float(form.rewards.abs().max())
    return Certificate.of_gain(float(gains.max()), largest_return, deviations, EXACT)


def _best_modification(form: MarkovForm, joint: Tensor, player: int) -> Tensor:
    """Return the values ``[S]`` of the first period under the best change of every recommended action."""
    later = form.start.new_zeros(form.states)
    for period in reversed(range(form.horizon)):
        recommended = joint[period].movedim(1 + player, 1)
        recommended = recommended.reshape(form.states, form.options[player], -1)  # [S, A, R]
        paid = torch.einsum("sbr,sar->sba", recommended, _by_option(form, period, later, player))
        later = paid.amax(-1).sum(-1)
    return later


def _by_option(form: MarkovForm, period: int, later: Tensor, player: int) -> Tensor:
    """Return a player's action values ``[S, A_p, R]``, where ``R`` counts the profiles of all other players."""
    paid = form.rewards[period, player] + form.discount * (form.transitions[period] @ later)
    return paid.movedim(1 + player, 1).reshape(form.states, form.options[player], -1)
