"""Exact beside learned: what policies are worth to households, what a best response would add, and their statistics.

Each match of a run is played once for the whole population, without sampling, and valued for ever
(:mod:`econsim.households.exploitability`). The statistics are those of the last period; for marginal propensities to
consume the policy is evaluated once more where each household has a small transfer more
(:mod:`econsim.households.cross_section`). Matches that ask a language model are left out: the population has one
household for each state, and asking them all would be another run.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any

import torch

from econsim.households.age_profiles import Profiles, ages_of
from econsim.households.cross_section import SMALL_TRANSFER, CrossSection, cross_section_statistics
from econsim.households.exploitability import Exploitability, exploitability
from econsim.households.generation_tables import life_section
from econsim.households.problem import Household
from econsim.households.protocols import SolvesHouseholds, SolvesLifeCycles
from econsim.households.solution import stationary_section
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
        welfare; ``mean`` and ``largest``, the gains of single households from their best response to the prices;
        with a life cycle ``by_age``, the mean gains by group of ages; ``statistics``: by policy and response, the
        statistics of households in the last period, by name; ``stationary``: those of the stationary equilibrium
        before a planner acts; and with a life cycle ``profiles``, means by age in the last period.
    """
    game = plan.game.to(dtype=torch.float64)
    if not isinstance(game, SolvesHouseholds) or not game.has_household_paths:
        return {}
    household, key = game.household_problem, evaluation_key(plan.scenario.seed, 1).to(plan.game.device)
    values: dict[tuple[str, str], list[tuple[Value, Exploitability]]] = {}
    sections: dict[str, dict[str, list[dict[str, float]]]] = {}
    profiles = Profiles()
    for match in matches(plan, fitted):
        if any(isinstance(agent, UsesLlm) for agent in match.agents.values()):
            continue
        with torch.no_grad():
            path = game.household_path(match.agents, key, SMALL_TRANSFER)
        found = exploitability(household, path)
        values.setdefault((match.policy, match.response), []).append((found.own.mean(path.mass), found))
        assert path.last is not None
        sections.setdefault(match.policy, {}).setdefault(match.response, []).append(_named(household, path.last))
        profiles.add(household, path, match.policy, match.response)
    evaluation = plan.scenario.evaluation
    reference = (evaluation and evaluation.floor) or plan.policies[0].label
    if (reference, plan.responses[0].label) not in values:
        return {}
    base = values[reference, plan.responses[0].label][0][0]
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for (policy, response), of_seeds in values.items():
        welfare = [float(consumption_equivalent(household, base, value, found.periods)) for value, found in of_seeds]
        gains = {name: fmean(getattr(found, name) for _, found in of_seeds) for name in ("mean", "largest")}
        ages = _means([ages_of(found.by_type) for _, found in of_seeds])
        of_ages = {"by_age": ages} if ages else {}
        rows.setdefault(policy, {})[response] = {"welfare": fmean(welfare), **gains, **of_ages}
    statistics = {
        policy: {response: _means(of_seeds) for response, of_seeds in of_policy.items()}
        for policy, of_policy in sections.items()
    }
    result = {"reference": reference, "rows": rows, "statistics": statistics}
    if isinstance(game, SolvesLifeCycles) and game.has_ages:
        solved = game.life_cycle_equilibrium({}, _TOLERANCE, _never)
        before = life_section(household, solved)
        result["profiles"] = profiles.beside(household, solved)
    else:
        before = stationary_section(household, game.stationary_equilibrium(_TOLERANCE, _never))
    return result | {"stationary": _named(household, before)}


def _never(done: int, message: str) -> bool:
    return False


def _named(household: Household, section: CrossSection) -> dict[str, float]:
    """Return statistics by name, with the group that makes the name unique."""
    found = cross_section_statistics(household, section)
    return {f"{group}: {name}": value for (group, name), value in found.items()}


def _means(of_seeds: list[dict[str, float]]) -> dict[str, float]:
    return {name: fmean(each[name] for each in of_seeds) for name in of_seeds[0]}


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
            ages = "".join(f"; {name} {gain:.2%}" for name, gain in row.get("by_age", {}).items())
            lines.append(f"  {policy}{under}: {row['welfare']:+.2%}; {row['mean']:.2%}, {row['largest']:.2%}{ages}")
    return [*lines, *_statistic_lines(summary, gaps)]


def _statistic_lines(summary: Mapping[str, Any], gaps: Mapping[str, Any]) -> list[str]:
    if "statistics" not in gaps:  # of an earlier version
        return []
    names = ", ".join(_IN_A_LINE)
    lines = [f"households in the last period ({names}); stationary equilibrium: {_line(gaps['stationary'])}"]
    for policy, of_policy in gaps["statistics"].items():
        for response, found in of_policy.items():
            under = f" ({workers_of(summary, response).short})" if len(summary["responses"]) > 1 else ""
            lines.append(f"  {policy}{under}: {_line(found)}")
    return lines


def _line(found: Mapping[str, float]) -> str:
    return ", ".join(f"{found[name]:.3f}" for name in _IN_A_LINE.values())


_TOLERANCE = 1e-9
_IN_A_LINE = {
    "mean marginal propensity to consume": "marginal propensity to consume: mean",
    "hand to mouth": "wealth: hand to mouth: at most half a month's income",
    "Gini of wealth": "wealth: Gini",
    "share of the top 10 %": "wealth: share of the top 10 %",
}
