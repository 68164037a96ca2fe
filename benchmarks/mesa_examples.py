"""Schelling's segregation and Sugarscape beside the examples of Mesa, in one run: means over seeds, with their errors.

Both play the same rules under draws of their own; tests compare them under the same draws, step by step. In Mesa a
trader who sees no empty cell raises an error; here it stays where it is. Both have the map of the shipped scenario.

Run: ``python benchmarks/mesa_examples.py``, with ``pip install "econsim[mesa]"``; some minutes of one core.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from _record import record

import econsim
from econsim import random
from econsim.games._sugar_land import two_peaks

SEEDS, COPIES = range(1000, 1120), 192
STEPS = {"schelling": 200, "sugarscape": 50}
SIZE = 50  # cells along a side of Sugarscape


def mean(values: Sequence[float]) -> dict[str, float]:
    """Return the mean of runs and its standard error."""
    spread = np.std(values, ddof=1) / len(values) ** 0.5
    return {"mean": round(float(np.mean(values)), 4), "standard_error": round(float(spread), 4), "runs": len(values)}


def gini(wealth: Sequence[float]) -> float:
    """Return the Gini index."""
    ranked, count = np.sort(np.asarray(wealth, float)), len(wealth)
    return float((2 * np.arange(1, count + 1) - count - 1) @ ranked / (count * ranked.sum()))


def schelling_of_mesa(seed: int) -> float:
    """Return the steps until all are happy."""
    from mesa.examples.basic.schelling.model import Schelling

    model, steps = Schelling(seed=seed), 0
    while model.running and steps < STEPS["schelling"]:
        model.step()
        steps += 1
    return steps


def sugarscape_of_mesa(seed: int) -> dict[str, float]:
    """Return what an episode of Mesa's example shows."""
    from mesa.examples.advanced.sugarscape_g1mt import agents, model

    grid = two_peaks(SIZE, SIZE).reshape(SIZE, SIZE).numpy()
    moves, read = agents.Trader.move, np.genfromtxt

    def move(trader: Any) -> None:
        with contextlib.suppress(ValueError):  # no empty cell in sight
            moves(trader)

    agents.Trader.move, np.genfromtxt = move, lambda *_: grid.copy()  # type: ignore[method-assign, assignment]
    try:
        played = model.SugarscapeG1mt(seed=seed)
        for _ in range(STEPS["sugarscape"]):
            played.step()
    finally:
        agents.Trader.move, np.genfromtxt = moves, read  # type: ignore[method-assign]
    seen = played.datacollector.get_model_vars_dataframe()
    return {
        "alive_after_25": float(seen["#Traders"].iloc[24]),
        "alive_after_50": float(seen["#Traders"].iloc[49]),
        "gini_after_50": gini([trader.sugar + trader.spice for trader in played.agents]),
        "trades_of_the_first_step": float(seen["Trade Volume"].iloc[0]),
    }


def of_econsim(name: str) -> list[dict[str, torch.Tensor]]:
    """Return the accounts ``[COPIES]`` after each step."""
    game = econsim.make(name, horizon=STEPS[name])
    state, accounts = game.reset(random.keys(0, COPIES)), []
    for _ in range(STEPS[name]):
        state = game.step(state, {}).state
        accounts.append(game.accounts(state))
    return accounts


def main() -> None:
    """Play all and record means."""
    torch.set_num_threads(1)
    settled = of_econsim("schelling")[-1]["steps_until_happy"].tolist()
    found: dict[str, Any] = {
        "schelling": {
            "econsim": {"steps_until_happy": mean(settled)},
            "mesa": {"steps_until_happy": mean([schelling_of_mesa(seed) for seed in SEEDS])},
        }
    }
    own, runs = of_econsim("sugarscape"), [sugarscape_of_mesa(seed) for seed in SEEDS]
    figures = {
        "alive_after_25": own[24]["traders_alive"],
        "alive_after_50": own[49]["traders_alive"],
        "gini_after_50": own[49]["wealth_gini"],
        "trades_of_the_first_step": own[0]["trades"],
    }
    found["sugarscape"] = {
        "econsim": {name: mean(values.tolist()) for name, values in figures.items()},
        "mesa": {name: mean([run[name] for run in runs]) for name in figures},
    }
    record("mesa_examples", found, seed=SEEDS[0])


if __name__ == "__main__":
    main()
