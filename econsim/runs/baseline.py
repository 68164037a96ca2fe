"""Baseline of a run: the policy with which the scenario's own policy is compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from econsim.game import StatusQuo
from econsim.runs.scoring import Score
from econsim.scenario.plan import Plan, Policy

__all__ = ["baseline_of"]

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


def _in_force(plan: Plan, scores: Sequence[Score]) -> set[str]:
    """Return the policies that leave the rates as they are in the game before its leader acts."""
    if plan.leader is None or not isinstance(plan.game, StatusQuo):
        return set()
    rates = plan.game.status_quo(plan.leader).cpu().numpy()
    return {
        score.policy
        for score in scores
        if np.shape(score.brackets.get("rates", [])) == rates.shape
        and np.allclose(score.brackets["rates"], rates, rtol=0.0, atol=_ROUNDING)
    }


def _current_law(plan: Plan, policies: Sequence[Policy]) -> set[str]:
    leaders = {policy.label: policy.agents.get(plan.leader or "") for policy in policies}
    return {
        label
        for label, chosen in leaders.items()
        if chosen is not None and getattr(chosen.kind.implementation, "is_current_law", False)
    }
