"""The leader's total derivative for a soft-optimal follower in a tabular decision process.

A follower whose choices have values ``Q`` plays ``pi = softmax(Q / temperature)``, so that
``d log pi = (dQ - dV) / temperature``, where ``V`` is the soft maximum of ``Q``. By the envelope theorem, ``dQ`` is the
value, under the current ``pi``, of the derivatives of rewards and transitions. Neither second derivatives nor the
learning process of the follower are needed.

Source: Thoma, Pasztor, Krause, Ramponi and Hu 2024 (arXiv:2406.01575).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from econsim.errors import RunError

__all__ = ["SoftProcess", "soft_gradient", "soft_policy"]

_TINY = 1e-300  # below which a probability times its logarithm is zero
_SETTLED = 1e-13  # relative change of a value, of the order of rounding


@dataclass(frozen=True)
class SoftProcess:
    """A decision process of one follower that depends on the leader's ``x`` ``[D]``; functions map ``x`` to tables.

    reward: rewards of the follower, ``[S, A]``. aim: rewards of the leader, ``[S, A]``. transition: probabilities
    ``[S, A, S]``. first: probabilities of initial states, ``[S]``. Both discount with ``discount``.
    """

    reward: Callable[[Tensor], Tensor]
    aim: Callable[[Tensor], Tensor]
    transition: Callable[[Tensor], Tensor]
    first: Tensor
    discount: float
    temperature: float


def soft_policy(process: SoftProcess, x: Tensor, iterations: int = 200) -> tuple[Tensor, Tensor]:
    """Return the soft-optimal policy ``[S, A]`` and its soft values ``[S]`` at ``x`` ``[D]``, by policy iteration.

    Every iteration solves for the values of the current policy, its entropy included, which is Newton's method for the
    soft Bellman equation: values rise from one iteration to the next, and end at the fixed point.

    Raises:
        RunError: values still rise after all iterations.
    """
    reward, transition = process.reward(x).detach(), process.transition(x).detach()
    policy, value = torch.full_like(reward, 1.0 / reward.shape[-1]), torch.full_like(process.first, -torch.inf)
    for _ in range(iterations):
        gain = (policy * (reward - process.temperature * policy.clamp(min=_TINY).log())).sum(-1)
        previous, value = value, torch.linalg.solve(_flow(process, policy, transition), gain)
        log_policy = ((reward + process.discount * transition @ value) / process.temperature).log_softmax(-1)
        policy = log_policy.exp()
        if not bool((value > previous + _SETTLED * (1.0 + value.abs())).any()):
            return policy, value
    raise RunError(f"soft_policy: the values of the follower still rise after {iterations} iterations")


def _flow(process: SoftProcess, policy: Tensor, transition: Tensor) -> Tensor:
    """Return ``I - discount P`` of the states under a policy, ``[S, S]``."""
    moves = torch.einsum("sa,sat->st", policy, transition)
    return torch.eye(len(policy), dtype=policy.dtype, device=policy.device) - process.discount * moves


def soft_gradient(process: SoftProcess, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the leader's return at ``x`` ``[D]``, a scalar, and its total derivative ``[D]``, computed exactly.

    The derivative is ``E[sum_t discount^t (A dlog pi + d aim + discount dP V)]``, where ``A`` and ``V`` are the
    leader's advantage and value under the follower's policy. The sums over time are solutions of linear systems.
    """
    at = x.detach().requires_grad_()
    policy, value = soft_policy(process, x)
    aim, transition = process.aim(at), process.transition(at)
    flow = _flow(process, policy, transition.detach())
    leader_value = torch.linalg.solve(flow, (policy * aim.detach()).sum(-1))
    visits = torch.linalg.solve(flow.T, process.first)[:, None] * policy
    advantage = aim.detach() + process.discount * transition.detach() @ leader_value - leader_value[:, None]
    influence = _spread(visits * advantage / process.temperature, policy, transition.detach(), flow, process.discount)
    follower = process.reward(at) + process.discount * transition @ value
    leader = aim + process.discount * transition @ leader_value
    (gradient,) = torch.autograd.grad((influence * follower).sum() + (visits * leader).sum(), at)
    return process.first @ leader_value, gradient


def _spread(weight: Tensor, policy: Tensor, transition: Tensor, flow: Tensor, discount: float) -> Tensor:
    """Return the weights of all rewards that correspond to weights ``[S, A]`` on the values of choices."""
    arriving = discount * torch.einsum("sa,sat->t", weight, transition)
    later: Tensor = torch.linalg.solve(flow.T, arriving)
    return weight + later[:, None] * policy
