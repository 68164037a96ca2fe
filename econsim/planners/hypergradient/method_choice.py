"""Choice of the follower model for a method, with checks that the game satisfies its requirements."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Box, Solvable
from econsim.planners.hypergradient.bilevel.follower_models import (
    Averaged,
    Drawn,
    FollowerModel,
    Implicit,
    Pathwise,
    Unrolled,
)
from econsim.planners.hypergradient.bilevel.hvp import slopes
from econsim.planners.hypergradient.bilevel.leader_objective import LeaderObjective
from econsim.planners.hypergradient.bilevel.rollouts import Rollouts
from econsim.planners.hypergradient.gradient_check import COUPLED
from econsim.planners.hypergradient.parameters import Parameters

__all__ = ["check_followers", "follower_model"]


def follower_model(scene: LeaderObjective, budget: Parameters, points: Tensor) -> FollowerModel:
    """Return the follower model of the method, which is not ``averaged``.

    Raises:
        UserError: the game does not satisfy the requirements of the method.
    """
    if budget.method == "entropy_regularised":
        return _soft(scene, budget, points)
    if budget.method == "pathwise":
        return Pathwise(scene)
    check_followers(scene, points)
    if budget.method == "implicit":
        return Implicit(scene)
    return Unrolled(scene, budget.unrolled_steps, budget.unrolled_rate)


def _soft(scene: LeaderObjective, budget: Parameters, points: Tensor) -> FollowerModel:
    if not isinstance(scene.game, Solvable):
        rollouts = Rollouts(scene, budget.temperature, budget.samples)
        if not rollouts.draws(points):
            raise UserError(
                "planner.method: entropy_regularised needs a game that computes the values of choices (choice_values),"
                f" or followers who draw their actions. {type(scene.game).__name__} does not compute them, and its"
                " followers do not draw"
            )
        return rollouts
    smooth = isinstance(scene.role.action, Box) and _moves(scene, points)
    if budget.expectation == "average" and not smooth:
        raise UserError(f"planner.expectation: average needs continuous actions; {_ROUNDED}, or use drawn")
    if smooth and budget.expectation != "drawn":
        return Averaged(scene, budget.temperature)
    return Drawn(scene, budget.temperature, budget.samples)


_ROUNDED = "this game rounds or lists them (in one_step, economy.hours_step=null makes hours continuous)"


def _moves(scene: LeaderObjective, points: Tensor) -> bool:
    """Return whether the leader's return is a smooth, non-constant function of the followers' actions."""
    return bool(slopes(scene.upper, points, scene.answers(points))[1].abs().max() > 0)


def check_followers(scene: LeaderObjective, points: Tensor) -> None:
    """Raise unless each follower's return depends smoothly on its own actions, and not on those of other followers."""
    responses = scene.answers(points) * 0.9 + 0.05  # away from the optimum, where slopes would be zero
    slope = slopes(scene.lower, points, responses)[1]
    if not bool(slope.abs().max() > 0):
        raise UserError(f"planner.method: this method needs continuous actions; {_ROUNDED}, or use entropy_regularised")
    weight = torch.linspace(1.0, 2.0, scene.role.count).to(points)
    weighted_slope = slopes(lambda x, y: (scene.payoffs(x, y) * weight).sum(-1), points, responses)[1]
    weight_of_entry = weight.repeat_interleave(slope.shape[-1] // scene.role.count)
    if float((weighted_slope - weight_of_entry * slope).abs().max()) > COUPLED * float(slope.abs().max()):
        raise UserError(
            "planner.method: the action of one follower affects the payoffs of others, so that their responses are the"
            " equilibrium of a game, which this method does not support; use entropy_regularised, or planner=search"
        )
