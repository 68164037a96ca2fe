"""Speed of the coin game on one CPU core: random play of 1,024 copies, and training by independent PPO end to end.

Random play steps and observes with actions that are drawn beforehand; the kernels and the tensors of the game play in
turn, in every round. Training plays on kernels and is measured after the first iterations, with two passes over each
batch and a network of 64 and 64, as in ``scenarios/coin_game.yaml``, and with one pass and a single layer of 64.
Targets: 5 million environment steps per CPU-second in play and 120,000 in training. No peer is run: JaxMARL needs JAX,
which is not among the dependencies of this project. Run: ``python benchmarks/coin_game_speed.py``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from _record import record
from training_speed import Speeds

from econsim import random
from econsim.acceleration import keep_memory
from econsim.game import Game
from econsim.kernels import require_numba
from econsim.rl.ppo import Ensemble, Session
from econsim.scenario import load
from econsim.training import ppo

COPIES = 1024
TRAINING: dict[str, dict[str, Any]] = {
    "two_passes": {},
    "one_pass": {"agents.player.hidden": [64], "training.follower.epochs": 1},
}


def rate(game: Game[Any], observes: bool, steps: int) -> Callable[[], float]:
    """Return a function that plays ``steps`` steps and returns environment steps per CPU-second."""
    start = game.reset(random.keys(0, COPIES))
    actions = [{"player": random.integers(start.key, step, "speed", 4, (2,))} for step in range(16)]
    game.observe(game.step(start, actions[0]).state)  # compiles the kernels

    def play() -> float:
        state, began = start, time.process_time()
        for step in range(steps):
            state = game.step(state, actions[step % 16]).state
            if observes:
                game.observe(state)
        return steps * COPIES / (time.process_time() - began)

    return play


def random_play(rounds: int) -> dict[str, Any]:
    """Return the median speeds of kernels and tensors in alternating rounds."""
    tensors, _ = load("coin_game").build("cpu")
    kernels = tensors.on_kernels()  # type: ignore[attr-defined]
    plays = {
        "kernels": rate(kernels, True, 1000),
        "kernels, steps alone": rate(kernels, False, 1000),
        "tensors": rate(tensors, True, 100),
    }
    found: dict[str, list[float]] = {name: [] for name in plays}
    for _ in range(rounds):
        for name, play in plays.items():
            found[name].append(play())
    ratios = [one / other for one, other in zip(found["kernels"], found["tensors"], strict=True)]
    speeds = {name: round(median(values)) for name, values in found.items()}
    return {"env_steps_per_cpu_second": speeds, "times_as_fast": round(median(ratios), 1)}


def training(name: str, iterations: int) -> int:
    """Return the median environment steps per CPU-second that PPO plays and learns from, on kernels."""
    scenario = load("coin_game", TRAINING[name])
    assert scenario.training is not None
    keys = {key: value for key, value in scenario.training.dump().items() if key != "kind"}
    settings = ppo.Parameters.model_validate({**keys, "iterations": iterations})
    game, agents = scenario.build("cpu")
    learner = Ensemble([Session(settings, game.on_kernels(), agents, 0, Speeds())])  # type: ignore[attr-defined]
    rates = []
    for iteration in range(iterations):
        began = time.process_time()
        learner.iterate(iteration)
        rates.append(settings.copies * (settings.steps or game.horizon) / (time.process_time() - began))
    return round(median(rates[max(1, iterations // 3) :]))


def main() -> None:
    """Measure on one thread, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=15)
    given = parser.parse_args()
    require_numba()
    torch.set_num_threads(1)
    keep_memory()
    trained = {name: training(name, given.iterations) for name in TRAINING}
    result = {"copies": COPIES, "random_play": random_play(given.rounds), "training": trained}
    record("coin_game_speed", result, seed=0)


if __name__ == "__main__":
    main()
