"""Check that the training of a scenario is used: an error if it was requested and fits no agent, else a note."""

from __future__ import annotations

from collections.abc import Sequence

from econsim.errors import Problem, ScenarioError
from econsim.scenario.model import Scenario
from econsim.scenario.plan.stages import Stage

__all__ = ["unclaimed_training"]

_WHO_PLAYS = {"agents", "planner", "baselines", "evaluation", "retrain"}
"""Keys that determine which agents a training fits."""


def unclaimed_training(scenario: Scenario, stages: Sequence[Stage]) -> tuple[str, ...]:
    """Return a note if the scenario's training fits no agent and is inherited; nothing if it fits an agent.

    A training is requested by a key of the command, or by the scenario's own file if the command does not change the
    agents.

    Raises:
        ScenarioError: the training fits no agent and is requested.
    """
    training = scenario.training
    if training is None or any(stage.fit.is_training for stage in stages):
        return ()
    name, origin = training.kind.name, scenario.origin
    reason = f"{name} trains no agent of this scenario: all agents need no training or are fitted in another way"
    commanded = [key for key in origin.commanded if key.split(".")[0] == "training"]
    if commanded and not origin.claimed_elsewhere:
        advice = f"{reason}; choose an agent that {name} fits, for example agents.worker=ppo, or remove the key"
        raise ScenarioError([Problem(origin.commanded[key], key, advice) for key in commanded])
    changed = _WHO_PLAYS & {key.split(".")[0] for key in origin.commanded}
    if origin.training_of_file and not changed and not commanded:
        raise ScenarioError([Problem(origin.training_of_file, "training", f"{reason}; set training: none")])
    return (f"training={name} is not used: {reason}.",)
