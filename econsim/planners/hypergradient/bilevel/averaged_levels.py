"""Ascent by averaged levels, for followers who are indifferent between some of their best responses.

The implicit function theorem needs a unique best response. Where followers are indifferent, it takes the response at
hand as given, and ends at a point that is not optimal. Here followers maximise the average
``psi = share * upper + (1 - share) * lower``, in which the leader's objective breaks ties, and the share falls to zero
in the course of the ascent. Leader, followers and the solution ``v`` of the linear system of the implicit function
theorem move together, one step each from the same point:

    y <- y + rate * dpsi/dy
    v <- v + rate * (d2psi/dy2 v - dupper/dy)
    x <- x + leader_rate * (dupper/dx - d2psi/dydx v)

The limit is an optimum of the leader under the *optimistic* choice among best responses: the one that suits it best.

Source: Liu, Liu, Yao, Zeng and Zhang 2023 (arXiv:2302.03407). With their schedule the share falls as ``(k + 1)^-0.1``
and is still 0.38 after 5,000 steps, which leaves a bias wherever the leader's objective moves the followers;
:func:`share_of_leader` falls to a thousandth instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from econsim.planners.hypergradient.bilevel import Objective
from econsim.planners.hypergradient.bilevel.hvp import Slopes, slopes

__all__ = ["AveragedLevels", "averaged_step", "share_of_leader"]

FIRST_SHARE, LAST_SHARE = 0.9, 1e-3


@dataclass(frozen=True)
class AveragedLevels:
    """The state after ``done`` steps.

    points: ``[B, D]``, the leader's actions. responses: ``[B, N]``, the followers'. weights: ``[B, N]``, the solution
    ``v`` of the linear system.
    """

    done: int
    points: Tensor
    responses: Tensor
    weights: Tensor

    @classmethod
    def begin(cls, points: Tensor, responses: Tensor) -> AveragedLevels:
        """Return the state at the leader's actions ``[B, D]`` and the followers' responses ``[B, N]``."""
        return cls(0, points, responses, torch.zeros_like(responses))


def share_of_leader(progress: float) -> float:
    """Return the share of the leader's objective after a share ``progress`` of all steps: it falls geometrically."""
    return FIRST_SHARE * float((LAST_SHARE / FIRST_SHARE) ** progress)


def averaged_step(
    upper: Objective,
    lower: Objective,
    state: AveragedLevels,
    share: float,
    rate: float,
    leader_rate: float,
    low: float = -torch.inf,
    high: float = torch.inf,
) -> AveragedLevels:
    """Return the state after one step of leader, followers and weights.

    A follower that is at a bound and would move beyond it does not respond: its weight is zero.

    Args:
        upper: the leader's objective.
        lower: the followers' objective, concave in ``y``.
        state: from :meth:`AveragedLevels.begin`, or of the step before.
        share: of the leader's objective in what followers maximise.
        rate: step length of followers and weights, below the inverse of the largest curvature of both objectives.
        leader_rate: step length of the leader, smaller than ``rate``, so that followers keep up.
        low: lower bound of all actions.
        high: upper bound of all actions.
    """

    def psi(x: Tensor, y: Tensor) -> Tensor:
        return share * upper(x, y) + (1.0 - share) * lower(x, y)

    average = Slopes(psi, state.points, state.responses)
    in_x, in_y = slopes(upper, state.points, state.responses)
    moved = state.responses + rate * average.slope
    held = (moved < low) | (moved > high)
    weights = torch.where(held, 0.0, state.weights)
    return AveragedLevels(
        done=state.done + 1,
        points=(state.points + leader_rate * (in_x - average.along_x(weights))).clamp(low, high),
        responses=moved.clamp(low, high),
        weights=torch.where(held, 0.0, weights + rate * (average.along_y(weights) - in_y)),
    )
