"""Gradient ascent on a leader's announcement, through the answers of its followers, from many starts at once.

The total derivative of what a leader gets is ``dF/dx + (dy/dx) dF/dy``: without the second part, the followers' answer,
a tax on work looks good at any rate. The planner's ``method`` says where the answer comes from:

``entropy_regularised``
    Followers are soft-optimal, ``pi = softmax(Q / temperature)`` and ``d log pi = (dQ - dV) / temperature``. Soft
    choices also smooth what jumps: somebody who is torn between two brackets moves between them bit by bit. Games that
    know the worth of choices give exact sums; in others the followers' agents are rolled out, and have to draw.
``implicit``
    Followers stand at an optimum; the implicit function theorem says how it moves. Whoever bunches at a kink or stands
    at a bound does not respond, and jumps between brackets go unseen.
``unrolled``
    Followers take a few steps uphill from where they stand, and the derivative goes through these steps. Few steps
    understate the answer.

All three climb in the unit cube and are judged by the leader's true return. Before the climb, the gradient is compared
with central finite differences of the same method's objective at the starts (``hypergradient/check_error``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.errors import RunError, UserError
from econsim.game import Agent, Box, Game, Solvable
from econsim.learning import Recorder
from econsim.parameters import Model
from econsim.planners import hypergradient as planner
from econsim.training._bilevel.follower_models import Averaged, Drawn, FollowerModel, Implicit, Unrolled
from econsim.training._bilevel.hvp import slopes
from econsim.training._bilevel.leader_objective import LeaderObjective
from econsim.training._bilevel.rollouts import Rollouts
from econsim.training._gradient_ascent import Climb, climb
from econsim.training._leader_evaluation import leader_of

__all__ = ["Hypergradient", "Parameters"]

LOOK_EVERY = 10
CHECKED = 5  # starts
DIFFERENCE = 1e-6
# Differences of step 1e-6 in float64 are good to about 1e-8; what is worse by far is the derivative of something else.
TOLERANCE = 1e-4
COUPLED = 1e-6


class Parameters(Model):
    """The budget of the climb is a parameter of the planner that climbs."""


class Hypergradient:
    """Fits planners of kind ``hypergradient``."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents with the leader's best announcement found.

        Raises:
            UserError: the leader is no ``hypergradient`` planner, or the game lacks what the method needs.
            RunError: the gradient differs from finite differences.
        """
        leader = leader_of(game)
        agent = agents[leader]
        if not isinstance(agent, planner.Hypergradient):
            raise UserError(f"training.hypergradient: role {leader} needs a planner of kind hypergradient")
        scene, budget = LeaderObjective(game, agents, seed), agent.parameters
        starts = _starts(scene, budget.starts)
        following = _following(scene, budget, starts[:CHECKED])
        check(following, starts[:CHECKED], recorder)

        def report(iteration: int, values: Tensor) -> None:
            recorder.log("hypergradient/value", float(values.max()), step=iteration)
            recorder.progress(iteration, budget.iterations, "hypergradient")

        how = Climb(budget.first_step, budget.finest_step, budget.iterations, min(LOOK_EVERY, budget.iterations))
        points, values = climb(following.gradient, scene.value, starts, how, report)
        best = values.argmax()
        recorder.log("hypergradient/value", float(values[best]), step=budget.iterations)
        recorder.log("leader_evaluations", scene.played, step=budget.iterations)
        recorder.progress(budget.iterations, budget.iterations, "hypergradient")
        rates = scene.actions(points[best : best + 1])[0].reshape(scene.box.shape)
        agent.load_state_dict({"rates": rates, "value": values[best : best + 1]})
        return dict(agents)


def check(following: FollowerModel, points: Tensor, recorder: Recorder) -> None:
    """Compare the gradient with central finite differences at ``points`` ``[C, D]`` and log the relative error.

    The error is the median over points: at any one, somebody may be about to jump.

    Raises:
        RunError: the gradient is that of something else.
    """
    anchor, found = following.anchor(points, 0), following.gradient(points, 0)
    moves = DIFFERENCE * torch.eye(points.shape[-1], dtype=points.dtype, device=points.device)
    with torch.enable_grad():
        slopes_ = [
            (following.objective(points + move, anchor) - following.objective(points - move, anchor)).detach()
            for move in moves
        ]
    exact = torch.stack(slopes_, -1) / (2.0 * DIFFERENCE)
    size = exact.norm(dim=-1).clamp(min=COUPLED)
    error = float(((found - exact).norm(dim=-1) / size).median())
    recorder.log("hypergradient/check_error", error, step=0)
    if not error <= TOLERANCE:
        raise RunError(
            f"training.hypergradient: the gradient differs from finite differences by {error:.1e} (at most"
            f" {TOLERANCE:g}): followers do not answer as this method takes them to. Say method: entropy_regularised,"
            " or planner=search, which needs no gradient"
        )


def _starts(scene: LeaderObjective, count: int) -> Tensor:
    """Return starts ``[S, D]``: random ones, after the middle and the status quo where the game knows one."""
    key = random.keys(scene.seed, 1, scene.game.device)
    starts = random.uniform(key, 0, "hypergradient/starts", (count, scene.box.size), torch.float64)[0]
    starts[0] = 0.5
    status_quo = getattr(scene.game, "status_quo", None)
    if count > 1 and status_quo is not None:
        now = status_quo(scene.leader).to(starts).reshape(-1)
        starts[1] = (now - scene.box.low) / (scene.box.high - scene.box.low)
    return starts


def _following(scene: LeaderObjective, budget: planner.Parameters, points: Tensor) -> FollowerModel:
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


def _soft(scene: LeaderObjective, budget: planner.Parameters, points: Tensor) -> FollowerModel:
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
    deeds = scene.answers(points) * 0.9 + 0.05  # beside the optimum, where slopes would be zero
    own = slopes(scene.lower, points, deeds)[1]
    if not bool(own.abs().max() > 0):
        raise UserError(f"planner.method: needs actions that move smoothly; {_ROUNDED}, or say entropy_regularised")
    players = torch.linspace(1.0, 2.0, scene.role.count).to(points)
    weighed = slopes(lambda x, y: (scene.payoffs(x, y) * players).sum(-1), points, deeds)[1]
    each = players.repeat_interleave(own.shape[-1] // scene.role.count)
    if float((weighed - each * own).abs().max()) > COUPLED * float(own.abs().max()):
        raise UserError(
            "planner.method: what one follower does changes what another one gets, so that their answers are a game of"
            " their own; say entropy_regularised, or planner=search"
        )
