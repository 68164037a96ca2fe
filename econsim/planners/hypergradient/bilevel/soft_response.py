"""The leader's total derivative where followers are soft-optimal: better choices are likelier, by a logit.

A follower with value ``Q`` of its choices plays ``pi = softmax(Q / temperature)``, so that
``d log pi = (dQ - dV) / temperature`` with ``V`` the soft maximum of ``Q``. By the envelope theorem ``dQ`` is the
value, under ``pi`` as it stands, of the derivative of rewards and transitions: no second derivatives are needed, and
nothing of how the follower learned.

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
    """A decision process of one follower that a leader shapes; every function maps ``x`` ``[D]`` to a table.

    reward: the follower's, ``[S, A]``. aim: the leader's, ``[S, A]``. transition: ``[S, A, S]``, probabilities.
    first: of the states at the start, ``[S]``. Both discount by ``discount``.
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
    """Return what the leader gets at ``x`` ``[D]``, a scalar, and its total derivative ``[D]``, by exact sums.

    ``E[sum_t discount^t (A dlog pi + d aim + discount dP V)]`` with ``A`` and ``V`` the leader's advantage and value
    under the follower's policy. The sums over time are solved for at once.
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
    (found,) = torch.autograd.grad((influence * follower).sum() + (visits * leader).sum(), at)
    return process.first @ leader_value, found


def _spread(weight: Tensor, policy: Tensor, transition: Tensor, flow: Tensor, discount: float) -> Tensor:
    """Return how much each later reward counts where ``weight`` ``[S, A]`` is put on values of choices."""
    arriving = discount * torch.einsum("sa,sat->t", weight, transition)
    later: Tensor = torch.linalg.solve(flow.T, arriving)
    return weight + later[:, None] * policy
