"""Precision of paired comparisons under common random numbers, for reforms of the shipped one-step scenario.

The benchmark compares the standard errors of paired differences with those of two independent samples. Every episode
has a new population of 100 people. The reference reform is a lower elasticity under federal taxes; the other reforms
show how the gain in precision depends on the reform. Target: standard errors five times smaller.
Run: ``python benchmarks/paired_errors.py``.
"""

from __future__ import annotations

from typing import Any

import torch
from _record import record

from econsim import random
from econsim.agents import best_response
from econsim.analysis.counterfactual import Pair, paired_difference, play_pair
from econsim.game import Agent
from econsim.planners import flat, free_market, us_federal
from econsim.scenario import load

SEED, EPISODES = 3, 1000
METRICS = ("welfare", "mean_utility", "mean_income", "revenue", "consumption_gini")
FEDERAL = us_federal.UsFederal(us_federal.Parameters())
FREE = free_market.FreeMarket(free_market.Parameters())
FLAT = flat.Flat(flat.Parameters(rate=0.3))
CHANGES = {"economy.redraw_population": True, "economy.population.sampling": "random", "economy.hours_step": None}


def times_smaller(pair: Pair) -> dict[str, Any]:
    """Return for each metric the ratio of the unpaired to the paired standard error."""
    found = {
        name: paired_difference(pair.baseline.measured(name), pair.reform.measured(name)).times_smaller
        for name in METRICS
        if name in pair.baseline.metrics
    }
    return {name: None if value is None else round(value, 1) for name, value in found.items()}


def main() -> None:
    """Play each reform with the same populations and shocks as its baseline, and record the ratios."""
    game = load("one_step", CHANGES).build("cpu")[0].to(dtype=torch.float64)
    with_deduction = load("one_step", {**CHANGES, "economy.standard_deduction": 14_600}).build("cpu")[0]
    key = random.fold(random.keys(SEED, EPISODES), "pairs")
    workers: dict[str, Agent] = {"worker": best_response.BestResponse(best_response.Parameters())}
    federal, free = {**workers, "planner": FEDERAL}, {**workers, "planner": FREE}
    pairs = {
        "elasticity 0.4 to 0.3 under federal taxes": play_pair(game, federal, key, elasticity=0.3),
        "a standard deduction of 14,600": play_pair(
            game, federal, key, reform_game=with_deduction.to(dtype=torch.float64)
        ),
        "federal taxes to flat 30 %": play_pair(game, federal, key, {"planner": FLAT}),
        "no taxes to flat 30 %": play_pair(game, free, key, {"planner": FLAT}),
    }
    result = {name: times_smaller(pair) for name, pair in pairs.items()}
    checksum = sum(float(pair.reform.measured("welfare").sum()) for pair in pairs.values())
    record("paired_errors", {"times_smaller": result, "episodes": EPISODES, "checksum": checksum}, seed=SEED)


if __name__ == "__main__":
    main()
