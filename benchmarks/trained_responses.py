"""Trained best responses against exact ones: pairs of PPO policies on Kuhn poker, certified by both.

Each pair is trained for a short time, so that both players can still gain by deviating. Gains by backward induction on
the game tree are exact; gains of trained deviations are lower bounds, with a 95 % interval over episodes that neither
training nor the selection of the deviation used. The result gives both for every player, and in how many cases the
exact gain is within the interval of the trained one.

Run: ``python benchmarks/trained_responses.py``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from _record import record

import econsim
from econsim.runs.certificate import DeviationBudget, certify

SEEDS = (0, 1, 2)
TRAINING = {"kind": "ppo", "iterations": 60, "copies": 128, "follower": {"learning_rate": 3e-3, "entropy_weight": 0.01}}
BUDGET = DeviationBudget(episodes=4000, iterations=60, compare=True)


def gains(seed: int, folder: Path) -> list[dict[str, Any]]:
    """Return both gains of each player of a pair trained under a seed."""
    overrides = {"agents.player_1": "ppo", "agents.player_2": "ppo", "training": TRAINING, "headline": None}
    run = econsim.run("kuhn", out=folder, seed=seed, **overrides)
    by_player: dict[str, dict[str, Any]] = {}
    for finding in certify(run, BUDGET, quiet=True)["findings"]:
        row = by_player.setdefault(finding["role"], {"seed": seed, "player": finding["role"]})
        if finding["method"] == "trained":
            row |= {"trained": finding["difference"], "interval": [finding["low"], finding["high"]]}
        else:
            row |= {"exact": finding["difference"], "method": finding["method"]}
    return [{**row, "within": row["interval"][0] <= row["exact"] <= row["interval"][1]} for row in by_player.values()]


def main() -> None:
    """Certify the pairs of all seeds and record their gains."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for seed in SEEDS for row in gains(seed, Path(folder) / str(seed))]
    within = sum(row["within"] for row in rows)
    record("trained_responses", {"cases": len(rows), "exact_gain_within_interval": within, "gains": rows})


if __name__ == "__main__":
    main()
