"""Choice of the follower model that a method asks for, and checks of what it needs of the game."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Box, Solvable
from econsim.planners.hypergradient.bilevel.follower_models import Averaged, Drawn, FollowerModel, Implicit, Unrolled
from econsim.planners.hypergradient.bilevel.hvp import slopes
from econsim.planners.hypergradient.bilevel.leader_objective import LeaderObjective
from econsim.planners.hypergradient.bilevel.rollouts import Rollouts
from econsim.planners.hypergradient.gradient_check import COUPLED
from econsim.planners.hypergradient.parameters import Parameters

__all__ = ["follower_model"]


def follower_model(scene: LeaderObjective, budget: Parameters, points: Tensor) -> FollowerModel:
    """Return how the method sees the followers.

    Raises:
        UserError: the game lacks what the method needs.
    """
    if budget.method == "entropy_regularised":
        return _soft(scene, budget, points)
    _check_followers(scene, points)
    if budget.method == "implicit":
        return Implicit(scene)
    return Unrolled(scene, budget.unrolled_steps, budget.unrolled_rate)


def _soft(scene: LeaderObjective, budget: Parameters, points: Tensor) -> FollowerModel:
    if not isinstance(scene.game, Solvable):
        rollouts = Rollouts(scene, budget.temperature, budget.samples)
        if not rollouts.draws(points):
            raise UserError(
                "planner.method: entropy_regularised needs a game that knows what choices are worth (choice_values),"
                f" or followers who draw their actions; {type(scene.game).__name__} does not, and these do not"
            )
        return rollouts
    smooth = isinstance(scene.role.action, Box) and _moves(scene, points)
    if budget.expectation == "average" and not smooth:
        raise UserError(f"planner.expectation: average needs actions that move smoothly; {_ROUNDED}, or say drawn")
    if smooth and budget.expectation != "drawn":
        return Averaged(scene, budget.temperature)
    return Drawn(scene, budget.temperature, budget.samples)


_ROUNDED = "this game rounds or lists them (one_step: economy.hours_step=null makes hours continuous)"


def _moves(scene: LeaderObjective, points: Tensor) -> bool:
    """Whether what followers do moves the leader's return smoothly."""
    return bool(slopes(scene.upper, points, scene.answers(points))[1].abs().max() > 0)


def _check_followers(scene: LeaderObjective, points: Tensor) -> None:
    """Raise where followers' returns have no slope in their own actions, or one in those of others."""
    responses = scene.answers(points) * 0.9 + 0.05  # beside the optimum, where slopes would be zero
    own = slopes(scene.lower, points, responses)[1]
    if not bool(own.abs().max() > 0):
        raise UserError(f"planner.method: needs actions that move smoothly; {_ROUNDED}, or say entropy_regularised")
    players = torch.linspace(1.0, 2.0, scene.role.count).to(points)
    weighed = slopes(lambda x, y: (scene.payoffs(x, y) * players).sum(-1), points, responses)[1]
    each = players.repeat_interleave(own.shape[-1] // scene.role.count)
    if float((weighed - each * own).abs().max()) > COUPLED * float(own.abs().max()):
        raise UserError(
            "planner.method: what one follower does changes what another one gets, so that their answers are a game of"
            " their own; say entropy_regularised, or planner=search"
        )
