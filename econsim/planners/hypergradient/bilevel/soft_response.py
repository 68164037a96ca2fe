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

__all__ = ["SoftProcess", "soft_gradient", "soft_policy"]


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


def soft_policy(process: SoftProcess, x: Tensor, sweeps: int = 2000) -> tuple[Tensor, Tensor]:
    """Return the soft-optimal policy ``[S, A]`` and its soft values ``[S]`` at ``x`` ``[D]``, by value iteration."""
    reward, transition = process.reward(x).detach(), process.transition(x).detach()
    value = torch.zeros_like(process.first)
    for _ in range(sweeps):
        quality = reward + process.discount * transition @ value
        new = process.temperature * (quality / process.temperature).logsumexp(-1)
        if torch.equal(new, value):
            break
        value = new
    return (quality / process.temperature).softmax(-1), value


def soft_gradient(process: SoftProcess, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the leader's return at ``x`` ``[D]``, a scalar, and its total derivative ``[D]``, computed exactly.

    The derivative is ``E[sum_t discount^t (A dlog pi + d aim + discount dP V)]``, where ``A`` and ``V`` are the
    leader's advantage and value under the follower's policy. The sums over time are solutions of linear systems.
    """
    at = x.detach().requires_grad_()
    policy, value = soft_policy(process, x)
    aim, transition = process.aim(at), process.transition(at)
    moves = (policy[..., None] * transition.detach()).sum(1)
    flow = torch.eye(len(value), dtype=value.dtype, device=value.device) - process.discount * moves
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
