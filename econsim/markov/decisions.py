"""Decision problems of single players in closed form, and the protocol of games in which every player faces one.

The softly optimal policy of a discounted decision problem departs from uniform choice only as far as that pays:

    V(s) = temperature * log(mean_a exp(Q(s, a) / temperature)),  Q(s, a) = r(s, a) + discount * E[V(s') | s, a],
    policy(a | s) proportional to exp(Q(s, a) / temperature).

These are the equations of Thoma et al. (2024), *Contextual Bilevel Reinforcement Learning for Incentive Alignment*,
with relative entropy as the penalty. As the temperature falls to 0, the policy becomes optimal.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Observation

__all__ = ["DecisionGame", "Decisions", "soft_policy"]


@dataclass(frozen=True)
class Decisions:
    """The decision problem of each player of a role, which other players do not affect.

    ``S`` states, ``A`` options, ``J`` possible next states of each option, ``O`` outcomes that a planner can pay for.

    Attributes:
        state: ``[B, N]`` int64, the state that each player observes.
        rewards: ``[B, S, A]`` float64, expected rewards, announced payments included.
        outcomes: ``[1 | B, S, A, O]`` float64, how often each outcome is expected.
        next_states: ``[S, A, J]`` int64.
        probabilities: ``[1 | B, S, A, J]`` float64, rows sum to one.
        discount: the weight of a reward relative to a reward one step earlier.
        start: ``[S]`` float64, the probability of each state at the start of an episode.
    """

    state: Tensor
    rewards: Tensor
    outcomes: Tensor
    next_states: Tensor
    probabilities: Tensor
    discount: float
    start: Tensor


@runtime_checkable
class DecisionGame(Protocol):
    """A game whose players each face a finite decision problem of their own."""

    def decisions(self, role: str, observation: Observation) -> Decisions:
        """Return the decision problems of a role's players in each environment copy, from their observation."""

    def outcome_labels(self, role: str) -> tuple[str, ...]:
        """Return the names of the outcomes of a role's players."""


def soft_policy(problem: Decisions, temperature: float, tolerance: float = 1e-9, most: int = 10_000) -> Tensor:
    """Return the softly optimal probabilities of the options, ``[B, S, A]``, by value iteration.

    Args:
        problem: the decision problem, without limit of time.
        temperature: of the equations above, in units of rewards; positive.
        tolerance: the largest change of a value in the last sweep.
        most: the largest number of sweeps.

    Raises:
        UserError: values still change by more than the tolerance after all sweeps.
    """
    rewards, place = problem.rewards, torch.arange(len(problem.rewards), device=problem.rewards.device)
    if len(problem.probabilities) == 1:  # copies with the same announced payments are solved once
        rewards, place = torch.unique(rewards, dim=0, return_inverse=True)
    value = torch.zeros(rewards.shape[:2], dtype=torch.float64, device=rewards.device)
    shift = temperature * log(rewards.shape[-1])
    for _ in range(most):
        action_values = _action_values(problem, rewards, value)
        previous, value = value, temperature * torch.logsumexp(action_values / temperature, -1) - shift
        change = float((value - previous).abs().max())
        if change <= tolerance:
            break
    else:
        raise UserError(
            f"value iteration did not converge: after {most:,} sweeps values still change by {change:.2g} (tolerance"
            f" {tolerance:g}); lower the discount factor of the game"
        )
    return torch.softmax(_action_values(problem, rewards, value) / temperature, -1)[place]


def _action_values(problem: Decisions, rewards: Tensor, value: Tensor) -> Tensor:
    """Return the value of every option, ``[C, S, A]``, from rewards ``[C, S, A]`` and values of states ``[C, S]``."""
    later = value[:, problem.next_states]  # [C, S, A, J]
    return rewards + problem.discount * (later * problem.probabilities).sum(-1)
