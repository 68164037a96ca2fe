"""Households who learn in Aiyagari's economy, beside exact ones: the cell with persistence 0.6 and risk aversion 3.

Trains one policy for all households of the scenario aiyagari by mean-field learning, without a government and without
imitation, one seed a call, and scores it in the whole population:

- at the prices of the exact stationary equilibrium: what a household loses against its best policy, in consumption
  equivalents, and mean assets in the stationary distribution that the learned policy has at these prices;
- with prices that clear: the interest rate after ``PERIODS`` periods in which all households play the learned policy.

Run: ``python benchmarks/aiyagari_learned.py 42`` for one seed; without arguments for all, which writes the result.
"""

from __future__ import annotations

import sys
import time
from typing import Any, cast

import numpy as np
import torch
from _audits import Audits
from _record import record

from econsim import random
from econsim.economies.bewley import Bewley
from econsim.game import Agent
from econsim.households.distributions import stationary_distribution
from econsim.households.exploitability import exploitability
from econsim.households.policies import Policy
from econsim.households.welfare import consumption_equivalent, stationary_value
from econsim.play import HeldAction
from econsim.scenario import load

SEEDS = 42, 43, 44
PERIODS = 300
CHANGES = [
    "economy.households=140",
    "economy.sampling=stratified",
    "economy.periods=50",
    "economy.grid_points=200",
    "agents.household={kind: ppo, hidden: [32, 32]}",
    "training={kind: mean_field, warm_up: 0, iterations: 1600, copies: 8, exploration_share: 0, audit_every: 200}",
    "training.follower={window: 25}",
    "headline=none",
]


def trained(seed: int) -> tuple[Bewley, Agent, float]:
    """Return the game, the learned households and the CPU-seconds of their training."""
    scenario = load("aiyagari", CHANGES)
    game, agents = scenario.build()
    assert scenario.training is not None
    begin = time.process_time()
    scenario.training.build().fit(game, agents, seed, Audits())
    return cast(Bewley, game), agents["household"], time.process_time() - begin


def scored(game: Bewley, household: Agent) -> dict[str, float]:
    """Return how far the learned policy is from the exact one, at exact prices and at those that clear."""
    settings = game.settings.model_copy(update={"households": "distribution", "sampling": "random", "periods": PERIODS})
    whole = cast(Bewley, Bewley(settings).to(dtype=torch.float64))
    solved, problem = whole.equilibrium, whole.household_problem
    agents = {"household": household, "government": HeldAction(whole.status_quo("government"))}
    with torch.no_grad():
        path = whole.household_path(agents, random.keys(0, 1))
    first = Policy(path.consumption[0], path.hours[0], path.assets[0])  # at the prices of the exact equilibrium
    mass, _ = stationary_distribution(problem.chain, problem.grid, first.assets)
    loss = consumption_equivalent(problem, stationary_value(problem, first), stationary_value(problem, solved.policy))
    last = path.budgets[-1]
    return {
        "loss_at_exact_prices": float((solved.distribution * loss).sum()),
        "assets_at_exact_prices": float((mass * np.broadcast_to(problem.grid, mass.shape)).sum() / solved.capital - 1),
        "gain_from_best_response": exploitability(problem, path).mean,
        "interest_rate": last.gross_return - 1,
        "exact_interest_rate": solved.interest_rate,
    }


def main(seeds: list[int]) -> None:
    """Train the seeds, and write the result if these are all."""
    rows: dict[str, Any] = {}
    for seed in seeds:
        game, household, seconds = trained(seed)
        rows[str(seed)] = {"cpu_seconds": seconds, **scored(game, household)}
        print(seed, rows[str(seed)], flush=True)
    if seeds == list(SEEDS):
        record("aiyagari_learned", rows, SEEDS[0])


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or list(SEEDS))
