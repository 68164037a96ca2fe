"""The ascent by averaged levels from all starting points of the gradient planner."""

from __future__ import annotations

from torch import Tensor

from econsim.learning import Recorder
from econsim.planners.hypergradient.bilevel.averaged_levels import AveragedLevels, averaged_step, share_of_leader
from econsim.planners.hypergradient.bilevel.leader_objective import LeaderObjective
from econsim.planners.hypergradient.method_choice import check_followers
from econsim.planners.hypergradient.parameters import Parameters
from econsim.rl.checkpoint_schedule import CheckpointSchedule

__all__ = ["averaged_ascent"]

LOOK_EVERY = 10
LEADER = 0.3  # step length of the leader, relative to the followers'


def averaged_ascent(objective: LeaderObjective, budget: Parameters, starts: Tensor, recorder: Recorder) -> Tensor:
    """Return the leader's action ``[1, D]``, in the unit cube, with the highest return under optimistic responses.

    Continues from the recorder's newest checkpoint, and logs the return under optimistic responses.

    Args:
        objective: the game as functions of actions.
        budget: number of steps, and their length.
        starts: ``[S, D]``, in the unit cube.
        recorder: for metrics, progress and checkpoints.

    Raises:
        UserError: the game does not satisfy the requirements of the method.
    """
    checkpoint, schedule = recorder.restore(), CheckpointSchedule()
    if checkpoint is None:
        check_followers(objective, starts)
        state = AveragedLevels.begin(starts, objective.answers(starts))
    else:
        done, stored = checkpoint
        objective.played = stored.pop("played")
        state = AveragedLevels(done, **{name: value.to(starts.device) for name, value in stored.items()})
    while state.done < budget.iterations:
        share, rate = share_of_leader(state.done / budget.iterations), budget.averaged_rate
        state = averaged_step(objective.upper, objective.lower, state, share, rate, LEADER * rate, low=0.0, high=1.0)
        if state.done % LOOK_EVERY == 0:
            best = objective.upper(state.points, state.responses).max()
            recorder.log("hypergradient/optimistic_value", float(best), step=state.done - 1)
        recorder.progress(state.done, budget.iterations + 1, "hypergradient")
        if schedule.is_due(state.done):
            stored = {name: value for name, value in vars(state).items() if name != "done"}
            recorder.checkpoint(state.done, {"played": objective.played, **stored})
    values = objective.upper(state.points, state.responses)
    recorder.log("hypergradient/optimistic_value", float(values.max()), step=budget.iterations)
    return state.points[values.argmax()][None]
