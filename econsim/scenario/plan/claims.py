"""Claims on the scenario's training: one that was asked for and fits nobody is an error, an inherited one a note."""

from __future__ import annotations

from collections.abc import Sequence

from econsim.errors import Problem, ScenarioError
from econsim.scenario.model import Scenario
from econsim.scenario.plan.stages import Stage

__all__ = ["unclaimed_training"]

_WHO_PLAYS = {"agents", "planner", "baselines", "evaluation", "retrain"}
"""Keys that decide whom a training fits."""


def unclaimed_training(scenario: Scenario, stages: Sequence[Stage]) -> tuple[str, ...]:
    """Return a note where the scenario's training fits nobody and was inherited; nothing where it fits somebody.

    A training is asked for by a key of the command, or by the scenario's own file where the command leaves as it is who
    plays.

    Raises:
        ScenarioError: it was asked for.
    """
    training = scenario.training
    if training is None or any(stage.fit.is_training for stage in stages):
        return ()
    name, origin = training.kind.name, scenario.origin
    who = f"nobody in this scenario is trained by {name}: every agent plays as it is or is fitted in another way"
    commanded = [key for key in origin.commanded if key.split(".")[0] == "training"]
    if commanded and not origin.claimed_elsewhere:
        advice = f"{who}; choose an agent that {name} fits, for example agents.worker=ppo, or leave the key out"
        raise ScenarioError([Problem(origin.commanded[key], key, advice) for key in commanded])
    changed = _WHO_PLAYS & {key.split(".")[0] for key in origin.commanded}
    if origin.training_of_file and not changed and not commanded:
        raise ScenarioError([Problem(origin.training_of_file, "training", f"{who}; say training: none")])
    return (f"training={name} is not used: {who}.",)
