"""Gradient planner: gradient ascent on the leader's return with its total derivative, including followers' responses.

The total derivative of the leader's return ``F(x, y(x))`` is ``dF/dx + (dy/dx) dF/dy``. Without the second term, the
followers' response, a tax on labour income would appear beneficial at any rate. The parameter ``method`` determines how
the response is computed:

``entropy_regularised``
    Followers are soft-optimal, ``pi = softmax(Q / temperature)`` and ``d log pi = (dQ - dV) / temperature``. Soft
    choices also smooth jumps: a follower who is almost indifferent between two brackets moves between them gradually.
    If the game computes the values of choices, expectations are exact sums; otherwise, the followers' agents, which
    must be stochastic, are simulated in rollouts.
``implicit``
    Followers are at an optimum, and the implicit function theorem gives its derivative. Followers who bunch at a kink
    or are at a bound do not respond, and jumps between brackets are not captured.
``unrolled``
    Followers take a few gradient steps from their current actions, and the derivative is taken through these steps. A
    small number of steps understates the response.
``averaged``
    Followers may be indifferent between several best responses, and choose the one that suits the leader best (the
    optimistic solution). Leader and followers move in one loop by averaged levels. Followers who decide otherwise leave
    the leader with less: ``hypergradient/optimistic_value`` is what the method expects, ``hypergradient/value`` what
    the followers' own agents return.

``pathwise``
    The followers' own agent plays, and the derivative is taken through its actions and all steps of the episode. Their
    actions have to be a smooth function of what they observe, as the closed forms of some games are, with one action
    or many in an episode, and they may depend on each other.

All methods ascend in the unit cube. All but ``averaged`` compare points by the leader's true return, and before the
ascent compare the gradient with central finite differences of the objective of the same method at the starting points
(``hypergradient/check_error``).
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
from econsim.planners.hypergradient.averaged_ascent import averaged_ascent
from econsim.planners.hypergradient.bilevel.leader_objective import LeaderObjective
from econsim.planners.hypergradient.gradient_ascent import Ascent, Climb, climb
from econsim.planners.hypergradient.gradient_check import check
from econsim.planners.hypergradient.method_choice import follower_model
from econsim.planners.hypergradient.parameters import Parameters
from econsim.rl.checkpoint_schedule import CheckpointSchedule

__all__ = ["Hypergradient", "Parameters"]

REFERENCES = (
    "@article{thoma2024contextual, title={Contextual Bilevel Reinforcement Learning for Incentive Alignment}, "
    "author={Thoma, Vinzenz and Pasztor, Barna and Krause, Andreas and Ramponi, Giorgia and Hu, Yifan}, "
    "journal={arXiv:2406.01575}, year={2024}}",
    "@inproceedings{liu2023averaged, title={Averaged Method of Multipliers for Bi-Level Optimization without "
    "Lower-Level Strong Convexity}, author={Liu, Risheng and Liu, Yaohua and Yao, Wei and Zeng, Shangzhi and Zhang, "
    "Jin}, booktitle={Proceedings of the 40th International Conference on Machine Learning}, year={2023}}",
)
LOOK_EVERY = 10
CHECKED = 5  # starting points


class Hypergradient(FittedAction):
    """Announces the best action found by gradient ascent."""

    kind = "hypergradient"

    def __init__(self, parameters: Parameters) -> None:
        super().__init__()
        self.parameters = parameters

    def fit(self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        """Check the gradient, run gradient ascent from all starting points, and keep the best point.

        Continues from the recorder's newest checkpoint.

        Raises:
            UserError: the role's action is not real-valued and bounded, or the game does not support the method.
            RunError: the gradient differs from finite differences.
        """
        objective, budget = LeaderObjective(game, role, agents, seed), self.parameters
        starts = _starts(objective, budget.starts)
        if budget.method == "averaged":
            points = averaged_ascent(objective, budget, starts, recorder)
            values = objective.value(points)
        else:
            points, values = self._climbed(objective, starts, recorder)
        best = values.argmax()
        recorder.log("hypergradient/value", float(values[best]), step=budget.iterations)
        recorder.log("leader_evaluations", objective.played, step=budget.iterations)
        recorder.progress(budget.iterations + 1, budget.iterations + 1, "hypergradient")
        action = objective.actions(points[best : best + 1])[0].reshape(objective.box.shape)
        self.load_state_dict({"rates": action, "value": values[best : best + 1]})

    def _climbed(self, objective: LeaderObjective, starts: Tensor, recorder: Recorder) -> tuple[Tensor, Tensor]:
        """Return the best points ``[S, D]`` of gradient ascents from all starting points, and their values ``[S]``."""
        budget = self.parameters
        model = follower_model(objective, budget, starts[:CHECKED])
        steps = Climb(budget.first_step, budget.finest_step, budget.iterations, min(LOOK_EVERY, budget.iterations))
        schedule, checkpoint = CheckpointSchedule(), recorder.restore()
        if checkpoint is None:
            check(model, starts[:CHECKED], recorder)
            ascent = Ascent.begin(objective.value, starts, steps.first_step)
        else:
            ascent, objective.played = _continued(*checkpoint, starts)

        def report(ascent: Ascent) -> None:
            if ascent.done % steps.look_every == 0:
                recorder.log("hypergradient/value", float(ascent.best_value.max()), step=ascent.done - 1)
            recorder.progress(ascent.done, budget.iterations + 1, "hypergradient")
            if schedule.is_due(ascent.done):
                recorder.checkpoint(ascent.done, _stored(ascent, objective.played))

        return climb(model.gradient, objective.value, ascent, steps, report)


def _starts(objective: LeaderObjective, count: int) -> Tensor:
    """Return the starting points ``[S, D]``: the middle, the status quo if the game defines one, and random points."""
    key, box = random.keys(objective.seed, 1, objective.game.device), objective.box
    starts = random.uniform(key, 0, "hypergradient/starts", (count, box.size), torch.float64)[0]
    starts[0] = 0.5
    if count > 1 and isinstance(objective.game, StatusQuo):
        status_quo = objective.game.status_quo(objective.leader).to(starts).reshape(-1)
        starts[1] = (status_quo - box.low) / (box.high - box.low)
    return starts


def _stored(ascent: Ascent, played: int) -> dict[str, Any]:
    """Return a checkpoint of an ascent, with the number of copies played for it."""
    return {"played": played, **{name: value for name, value in vars(ascent).items() if name != "done"}}


def _continued(done: int, stored: Mapping[str, Any], starts: Tensor) -> tuple[Ascent, int]:
    """Return what :func:`_stored` was given, on the device of the starting points."""
    tensors = {name: value.to(starts.device) for name, value in stored.items() if name != "played"}
    return Ascent(done, **tensors), stored["played"]
