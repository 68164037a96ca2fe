"""Exact beside learned: what policies are worth to households, and what a best response would add, in consumption.

Each match of a run is played once for the whole population, without sampling, and valued for ever
(:mod:`econsim.households.exploitability`). Matches that ask a language model are left out: the population has one
household for each state, and asking them all would be another run.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any

import torch

from econsim.households.exploitability import Exploitability, exploitability
from econsim.households.protocols import SolvesHouseholds
from econsim.households.welfare import Value, consumption_equivalent
from econsim.llm.protocols import UsesLlm
from econsim.runs.evaluation import evaluation_key
from econsim.runs.scoring import Fitted, matches
from econsim.runs.workers import workers_of
from econsim.scenario.plan import Plan

__all__ = ["household_gaps", "household_lines"]


def household_gaps(plan: Plan, fitted: Fitted) -> dict[str, Any]:
    """Return the gains of every policy and response, means over seeds; empty for some games.

    Those are games that do not solve households at given prices; policies that ask a language model have none.

    Returns:
        ``reference``: the floor of the evaluation, or the first policy; ``rows``: by policy and response, ``welfare``,
        the share by which consumption under the reference would have to rise, under the first response, for the same
        welfare; ``mean`` and ``largest``, the gains of single households from their best response to the prices.
    """
    game = plan.game.to(dtype=torch.float64)
    if not isinstance(game, SolvesHouseholds) or game.has_shocks or game.has_ages:
        return {}
    household, key = game.household_problem, evaluation_key(plan.scenario.seed, 1).to(plan.game.device)
    values: dict[tuple[str, str], list[tuple[Value, Exploitability]]] = {}
    for match in matches(plan, fitted):
        if any(isinstance(agent, UsesLlm) for agent in match.agents.values()):
            continue
        with torch.no_grad():
            path = game.household_path(match.agents, key)
        found = exploitability(household, path)
        values.setdefault((match.policy, match.response), []).append((found.own.mean(path.mass), found))
    evaluation = plan.scenario.evaluation
    reference = (evaluation and evaluation.floor) or plan.policies[0].label
    if (reference, plan.responses[0].label) not in values:
        return {}
    base = values[reference, plan.responses[0].label][0][0]
    rows: dict[str, dict[str, dict[str, float]]] = {}
    for (policy, response), of_seeds in values.items():
        welfare = [float(consumption_equivalent(household, base, value)) for value, _ in of_seeds]
        gains = {name: fmean(getattr(found, name) for _, found in of_seeds) for name in ("mean", "largest")}
        rows.setdefault(policy, {})[response] = {"welfare": fmean(welfare), **gains}
    return {"reference": reference, "rows": rows}


def household_lines(summary: Mapping[str, Any]) -> list[str]:
    """Return the gains as lines of text."""
    gaps = summary.get("households")
    if not gaps:
        return []
    lines = [
        f"in consumption equivalents: welfare relative to {gaps['reference']}, and what a best response to the prices"
        " would add for a household (mean, largest)"
    ]
    for policy, of_policy in gaps["rows"].items():
        for response, row in of_policy.items():
            under = f" ({workers_of(summary, response).short})" if len(summary["responses"]) > 1 else ""
            lines.append(f"  {policy}{under}: {row['welfare']:+.2%}; {row['mean']:.2%}, {row['largest']:.2%}")
    return lines
