"""Gradient planner: climbs the leader's aim along its total derivative, the followers' answers included.

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
from econsim.game import Agent, Game, Role, StatusQuo
from econsim.learning import Recorder
from econsim.planners._fitted_action import FittedAction
from econsim.planners.hypergradient.bilevel.leader_objective import LeaderObjective
from econsim.planners.hypergradient.gradient_ascent import Climb, climb
from econsim.planners.hypergradient.gradient_check import check
from econsim.planners.hypergradient.method_choice import follower_model
from econsim.planners.hypergradient.parameters import Parameters

__all__ = ["Hypergradient", "Parameters"]

REFERENCES = (
    "@article{thoma2024contextual, title={Contextual Bilevel Reinforcement Learning for Incentive Alignment}, "
    "author={Thoma, Vinzenz and Pasztor, Barna and Krause, Andreas and Ramponi, Giorgia and Hu, Yifan}, "
    "journal={arXiv:2406.01575}, year={2024}}",
)
LOOK_EVERY = 10
CHECKED = 5  # starts


class Hypergradient(FittedAction):
    """Announces the best action that the climb met."""

    kind = "hypergradient"

    def __init__(self, parameters: Parameters) -> None:
        super().__init__()
        self.parameters = parameters

    def fit(self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        """Check the gradient, climb from all starts, and keep the best point of all.

        Raises:
            UserError: the role's action is not real-valued and bounded, or the game lacks what the method needs.
            RunError: the gradient differs from finite differences.
        """
        objective, budget = LeaderObjective(game, role, agents, seed), self.parameters
        starts = _starts(objective, budget.starts)
        model = follower_model(objective, budget, starts[:CHECKED])
        check(model, starts[:CHECKED], recorder)

        def report(iteration: int, values: Tensor) -> None:
            recorder.log("hypergradient/value", float(values.max()), step=iteration)
            recorder.progress(iteration, budget.iterations, "hypergradient")

        steps = Climb(budget.first_step, budget.finest_step, budget.iterations, min(LOOK_EVERY, budget.iterations))
        points, values = climb(model.gradient, objective.value, starts, steps, report)
        best = values.argmax()
        recorder.log("hypergradient/value", float(values[best]), step=budget.iterations)
        recorder.log("leader_evaluations", objective.played, step=budget.iterations)
        recorder.progress(budget.iterations, budget.iterations, "hypergradient")
        action = objective.actions(points[best : best + 1])[0].reshape(objective.box.shape)
        self.load_state_dict({"rates": action, "value": values[best : best + 1]})


def _starts(objective: LeaderObjective, count: int) -> Tensor:
    """Return starts ``[S, D]``: random ones, after the middle and the status quo where the game knows one."""
    key, box = random.keys(objective.seed, 1, objective.game.device), objective.box
    starts = random.uniform(key, 0, "hypergradient/starts", (count, box.size), torch.float64)[0]
    starts[0] = 0.5
    if count > 1 and isinstance(objective.game, StatusQuo):
        now = objective.game.status_quo(objective.leader).to(starts).reshape(-1)
        starts[1] = (now - box.low) / (box.high - box.low)
    return starts
