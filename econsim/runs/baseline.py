"""Baseline of a run: the policy with which the scenario's own policy is compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from econsim.game import Game, StatusQuo
from econsim.parameters import Chosen
from econsim.runs.scoring import Score
from econsim.scenario.plan import Plan, Policy

__all__ = ["baseline_of", "is_in_force", "is_law"]

_ROUNDING = 1e-5  # of a tax rate in float32


def baseline_of(plan: Plan, scores: Sequence[Score]) -> str | None:
    """Return the label of the baseline; ``None`` for a run with a single policy.

    It is the status quo where the run has it: the policy whose rates are those that the game declares to be in force,
    or else the policy of a planner that announces current law. Without one it is the floor of the evaluation, or the
    first policy.
    """
    own = plan.last.label
    others = [policy for policy in plan.policies if policy.label != own]
    for matches in (_in_force(plan, scores), _current_law(plan, others)):
        for policy in others:
            if policy.label in matches:
                return policy.label
    floor = plan.scenario.evaluation.floor if plan.scenario.evaluation is not None else None
    labels = [policy.label for policy in others]
    return floor if floor in labels else next(iter(labels), None)


def is_in_force(game: Game[Any], leader: str | None, rates: ArrayLike) -> bool:
    """Return whether ``rates`` ``[K]`` are those in the game before its leader acts."""
    if leader is None or not isinstance(game, StatusQuo):
        return False
    in_force = game.status_quo(leader).cpu().numpy()
    return np.shape(rates) == in_force.shape and np.allclose(rates, in_force, rtol=0.0, atol=_ROUNDING)


def is_law(planner: Chosen | None) -> bool:
    """Return whether a planner announces current law."""
    return planner is not None and getattr(planner.kind.implementation, "is_current_law", False)


def _in_force(plan: Plan, scores: Sequence[Score]) -> set[str]:
    """Return the policies that leave the rates as they are in the game before its leader acts."""
    return {score.policy for score in scores if is_in_force(plan.game, plan.leader, score.brackets.get("rates", []))}


def _current_law(plan: Plan, policies: Sequence[Policy]) -> set[str]:
    return {policy.label for policy in policies if is_law(policy.agents.get(plan.leader or ""))}
