"""Speed of the money exchange on one CPU core: kernels, tensors and Mesa in turn, 100,000 and a million people.

One environment copy, ``exchange: unit`` without a tax. A step of the kernels includes all outputs: the new state, its
summary and the rewards of all people. Mesa runs the model of its tutorial, in which people act one after another, with
a list of agents that is made once, since choosing from ``model.agents`` costs a pass over all of them; it plays for a
second, which is too short for its stationary distribution where people are many. Sequential
activation is measured on kernels as well; its order is a sort of all people. Targets: 220 and 130 million agent-steps
per CPU-second. Run: ``python benchmarks/money_exchange_speed.py``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from _peers import MESA, run
from _record import record

import econsim
from econsim import random
from econsim.acceleration import keep_memory
from econsim.economies.money_exchange import MoneyExchange
from econsim.kernels import require_numba

SIZES = (100_000, 1_000_000)
VARIANTS: dict[str, tuple[bool, dict[str, Any], float]] = {  # on kernels, settings, agent-steps of one measurement
    "kernels": (True, {}, 4e7),
    "kernels, sequential": (True, {"activation": "sequential"}, 4e6),
    "tensors": (False, {}, 4e6),
}


def rate(people: int, on_kernels: bool, settings: dict[str, Any], amount: float) -> Callable[[], tuple[float, float]]:
    """Return a function that plays and returns agent-steps per CPU-second and the share of people without money."""
    game = econsim.make("money_exchange", people=people, **settings)
    assert isinstance(game, MoneyExchange)
    game = game.on_kernels() if on_kernels else game
    actions = {"person": torch.zeros((1, people), dtype=torch.int64)}
    state = game.reset(random.keys(0, 1))
    for _ in range(20):  # compiles the kernels, and comes close to the stationary distribution
        state = game.step(state, actions).state
    steps = max(2, round(amount / people))

    def play() -> tuple[float, float]:
        after, began = state, time.process_time()
        for _ in range(steps):
            after = game.step(after, actions).state
        speed = steps * people / (time.process_time() - began)
        return speed, float(game.accounts(after)["share_without_money"])

    return play


def mesa(people: int) -> dict[str, float]:
    """Return the result of Mesa in an environment of its own: agent-steps per CPU-second, share without money."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        run(MESA, "_mesa_money.py", str(people), str(path))
        found: dict[str, float] = json.loads(path.read_text())
        return found


def main() -> None:
    """Measure on one thread, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    require_numba()
    torch.set_num_threads(1)
    keep_memory()
    result: dict[str, Any] = {}
    for people in SIZES:
        plays = {name: rate(people, *variant) for name, variant in VARIANTS.items()}
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in plays}
        for number in range(given.rounds):
            for name, play in plays.items():
                found[name].append(play())
            if number == given.rounds // 2:
                peer = mesa(people)
        speeds = {name: round(median(speed for speed, _ in values)) for name, values in found.items()}
        best = {name: round(max(speed for speed, _ in values)) for name, values in found.items()}
        share = {name: round(values[-1][1], 4) for name, values in found.items()}
        result[f"{people}"] = {
            "agent_steps_per_cpu_second": speeds | {"mesa": round(peer["rate"])},
            "fastest_round": best,
            "share_without_money": share | {"mesa": peer["share_without_money"]},
            "mesa": peer["version"],
        }
    record("money_exchange_speed", result, seed=0)


if __name__ == "__main__":
    main()
