"""Households of all ages who learn, in the scenario life_cycle_learned: what a best response would add, by age.

One seed a call: ``python benchmarks/life_cycle_learned.py 42`` trains with the budget of the scenario, at most 80
CPU-seconds, and scores the learned households, and exact ones beside them, in the whole population without sampling.
Without arguments it trains seeds 42 and 43, writes the result and draws the page's figure.

Run: ``python benchmarks/life_cycle_learned.py``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import torch
from _audits import Audits
from _record import record

from econsim import random
from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as NoParameters
from econsim.economies.bewley import Bewley
from econsim.game import Agent
from econsim.households.age_profiles import Profiles
from econsim.households.cross_section import SMALL_TRANSFER
from econsim.households.exploitability import HouseholdPath, exploitability
from econsim.play import HeldAction
from econsim.report.household_gaps import draw_profiles
from econsim.scenario import load

SEEDS = 42, 43
IMAGE = Path(__file__).parents[1] / "docs" / "images" / "life_cycle_learned.png"


def scored(game: Bewley, household: Agent) -> tuple[HouseholdPath, dict[str, Any]]:
    """Return the path of the population in which all households play alike, and what a best response would add."""
    agents = {"household": household, "government": HeldAction(game.status_quo("government"))}
    with torch.no_grad():
        path = game.household_path(agents, random.keys(SEEDS[0], 1), SMALL_TRANSFER)
    found = exploitability(game.household_problem, path)
    assert path.last is not None
    held = float((path.last.mass * game.grid.numpy()).sum())
    return path, {"mean": found.mean, "largest": found.largest, "by_type": found.by_type, "assets": held}


def main(seeds: list[int]) -> None:
    """Train the seeds and write the result."""
    rows: dict[str, Any] = {}
    profiles = Profiles()
    for seed in seeds:
        scenario = load("life_cycle_learned")
        game, agents = scenario.build()
        assert scenario.training is not None
        begin = time.process_time()
        scenario.training.build().fit(game, agents, seed, Audits())
        seconds = time.process_time() - begin
        precise = game.to(dtype=torch.float64)
        assert isinstance(precise, Bewley)
        path, row = scored(precise, agents["household"])
        profiles.add(precise.household_problem, path, "free_market", "learned")
        rows[str(seed)] = {"cpu_seconds": seconds, **row}
        print(seed, rows[str(seed)], flush=True)
    path, exact = scored(precise, ExactHousehold(NoParameters()))
    solved = precise.life_cycle_equilibrium({}, 1e-9, lambda done, message: False)
    if seeds == list(SEEDS):
        shown = profiles.beside(precise.household_problem, solved)
        labels = {"exact": shown["stationary"], "learned": shown["rows"]["free_market"]["learned"]}
        draw_profiles(labels, shown["first"]).savefig(IMAGE, dpi=110, facecolor="white")
        record("life_cycle_learned", {"learned": rows, "exact": exact}, SEEDS[0])


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or list(SEEDS))
