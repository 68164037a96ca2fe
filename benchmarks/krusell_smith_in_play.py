"""Exact households of the scenario krusell_smith in play: the law of motion of capital beside the published one.

Run: ``python benchmarks/krusell_smith_in_play.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from _record import record

import econsim
from econsim import random
from econsim.agents.exact_household import ExactHousehold, Parameters
from econsim.play import HeldAction, play
from econsim.scenario import load

COPIES, PERIODS, SEED = 8, 1000, 1
PUBLISHED = {"bad": (0.085, 0.965), "good": (0.095, 0.962), "explained": 0.999998}


def played() -> dict[str, Any]:
    """Return the coefficients of a regression on capital in play, by times, and its fit."""
    economy = load("krusell_smith").economy.parameters.model_copy(update={"periods": PERIODS})
    game = econsim.make("bewley", **economy.model_dump()).to(dtype=torch.float64)
    states: list[Any] = []
    agents = {"household": ExactHousehold(Parameters()), "government": HeldAction(torch.zeros(6))}
    play(game, agents, random.keys(SEED, COPIES), lambda state, over: states.append((state.capital, state.times)))
    log = np.log(torch.stack([capital for capital, _ in states]).numpy())
    times = torch.stack([each for _, each in states]).numpy()[:-1]
    result: dict[str, Any] = {"copies": COPIES, "periods": PERIODS, "published": PUBLISHED}
    explained = []
    for state, name in enumerate(("bad", "good")):
        before, after = log[:-1][times == state], log[1:][times == state]
        slope, constant = np.polyfit(before, after, 1)
        result[name] = [float(constant), float(slope)]
        explained.append(float(1 - (after - constant - slope * before).var() / after.var()))
    return result | {"explained": explained, "mean_capital": float(np.exp(log).mean())}


if __name__ == "__main__":
    record("krusell_smith_in_play", played(), SEED)
