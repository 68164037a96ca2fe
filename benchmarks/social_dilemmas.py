"""Schelling diagrams of commons harvest and clean-up for scripted policies, and fines in the commons.

The diagrams are those on the pages of both games. A greedy harvester spares every kind of pick whose fine is at least
the reward of 1, so that the planner of ``commons_planner`` has eight different policies: all of them are played in the
same 1,000 episodes, and the best one is the headline of that scenario.

Run with ``python benchmarks/social_dilemmas.py``; it takes a CPU minute and writes ``results/social_dilemmas.json``.
"""

from __future__ import annotations

import json
import time
from itertools import product
from pathlib import Path
from typing import Any

import torch

import econsim
from econsim import random
from econsim.analysis.schelling import schelling_diagram
from econsim.analysis.statistics import mean_interval
from econsim.play import HeldAction, play
from econsim.scenario.loading import with_overrides

RESULT = Path(__file__).parent / "results" / "social_dilemmas.json"
POLICIES = {"commons_harvest": ("sustainable_harvester", "harvester"), "clean_up": ("cleaner", "harvester")}
EPISODES = 64
FINED_EPISODES = 1000
FINE = -1.5


def diagram_of(scenario: str, cooperator: str, defector: str) -> dict[str, Any]:
    """Return the points, the conditions and the verdict of a scenario's diagram, with the CPU-seconds that it took."""
    start, loaded = time.process_time(), econsim.load(scenario)
    game, _ = loaded.build(dtype=torch.float64)
    agents = [with_overrides(loaded, {"agents.player": name}).build()[1] for name in (cooperator, defector)]
    diagram = schelling_diagram(game, agents[0], agents[1], random.keys(loaded.seed, EPISODES))
    conditions = {
        name: {"difference": each.difference.mean, "holds": each.holds} for name, each in diagram.conditions.items()
    }
    answer = {"rows": diagram.rows(), "conditions": conditions, "is_dilemma": diagram.is_dilemma}
    return {**answer, "cpu_seconds": round(time.process_time() - start, 1)}


def fines_of(scenario: str) -> list[dict[str, Any]]:
    """Return the apples picked under every set of fined picks, with their 95 % intervals."""
    loaded = econsim.load(scenario)
    game, agents = loaded.build()
    keys, payments = random.keys(loaded.seed, FINED_EPISODES), game.roles["planner"].action_labels
    rows = []
    for fined in product([False, True], repeat=len(payments)):
        announced = {"planner": HeldAction(torch.tensor(fined) * FINE)}
        picked = game.accounts(play(game, agents | announced, keys).state)["apples"].sum(-1)
        mean = mean_interval(picked.tolist())
        names = [name for name, is_fined in zip(payments, fined, strict=True) if is_fined]
        rows.append({"fined": names, "apples": mean.mean, "low": mean.low, "high": mean.high})
    return rows


def main() -> None:
    """Compute both diagrams and the fines, and store them."""
    torch.set_num_threads(1)
    results: dict[str, Any] = {name: diagram_of(name, *policies) for name, policies in POLICIES.items()}
    results["commons_planner"] = fines_of("commons_planner")
    RESULT.write_text(json.dumps({"version": econsim.__version__, "episodes": EPISODES, **results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
