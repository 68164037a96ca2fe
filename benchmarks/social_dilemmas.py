"""Schelling diagrams of commons harvest and clean-up for scripted policies, as the pages of both games show them.

Run with ``python benchmarks/social_dilemmas.py``; it takes half a CPU minute and writes
``results/social_dilemmas.json``.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import torch

import econsim
from econsim import random
from econsim.analysis.schelling import schelling_diagram
from econsim.scenario.loading import with_overrides

RESULT = Path(__file__).parent / "results" / "social_dilemmas.json"
POLICIES = {"commons_harvest": ("sustainable_harvester", "harvester"), "clean_up": ("cleaner", "harvester")}
EPISODES = 64


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


def main() -> None:
    """Compute both diagrams and store them."""
    torch.set_num_threads(1)
    results = {name: diagram_of(name, *policies) for name, policies in POLICIES.items()}
    RESULT.write_text(json.dumps({"version": econsim.__version__, "episodes": EPISODES, **results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
