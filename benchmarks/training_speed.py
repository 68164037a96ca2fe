"""Gather-Trade-Build end to end: how many environment steps a second PPO plays and learns from.

Rows: the environment's random play alone, a compact mind without memory, the published towers without their memory, and
the published recurrent mind, each with the published planner beside four workers. An iteration is a rollout and the
updates of both roles; the first ones warm up. For each mind the number of weights and the multiply-adds of one look are
given. Targets: 5,000 steps a second with the compact mind on two CPU cores; on one H200-class GPU 500,000 without and
200,000 with memory. Run: ``python benchmarks/training_speed.py``; with a GPU ``--device cuda``; as a trial ``--tiny``.
"""

from __future__ import annotations

import argparse
import sys
from statistics import median
from typing import Any

import torch
from _record import record
from gather_trade_build_speed import Play
from torch import nn

from econsim import random
from econsim.game import Agent, Game
from econsim.scenario import load
from econsim.training import ppo

MINDS: dict[str, dict[str, Any]] = {
    "compact": {"agents.worker": "gather_trade_build_compact", "planner": "gather_trade_build_compact"},
    "published towers, no memory": {
        "agents.worker": "gather_trade_build_published",
        "planner": "gather_trade_build_published",
        "agents.worker.recurrent": None,
        "planner.recurrent": None,
    },
    "published": {"agents.worker": "gather_trade_build_published", "planner": "gather_trade_build_published"},
}
COPIES = {"cpu": 128, "cuda": 4096}
STEPS = {"cpu": 100, "cuda": 100}
SETTINGS = {"epochs": 1, "minibatches": 4, "gamma": 0.998, "gae_lambda": 0.98, "clip": 0.3}


class Speeds:
    """A recorder that keeps throughput and passes the rest by."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.update_shares: list[float] = []

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Keep speeds."""
        if name == "throughput/env_steps_per_second":
            self.rates.append(value)
        if name == "throughput/share_of_update":
            self.update_shares.append(value)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Say nothing."""

    def checkpoint(self, step: int, state: Any) -> None:
        """Keep nothing."""

    def restore(self) -> None:
        """Begin."""


def cast(name: str, device: str) -> tuple[Game[Any], dict[str, Agent]]:
    """Return the game and its minds."""
    common: dict[str, Any] = {"baselines": [], "headline": None, "training": "ppo"}
    return load("gather_trade_build", {**common, **MINDS[name]}).build(device)


def measure(name: str, device: str, iterations: int, copies: int, steps: int) -> dict[str, Any]:
    """Return the median rate of the iterations after the warm-up, and what the minds cost."""
    game, agents = cast(name, device)
    settings = {"iterations": iterations, "copies": copies, "steps": steps, "stagger": False}
    speeds = Speeds()
    learner = ppo.Ppo(ppo.Parameters.model_validate({**settings, "follower": SETTINGS, "leader": SETTINGS}))
    learner.fit(game, agents, 0, speeds)
    warm = max(1, iterations // 3)
    rates = sorted(speeds.rates[warm:])
    return {
        "env_steps_per_second": round(median(rates)),
        "slowest_and_fastest": [round(rates[0]), round(rates[-1])],
        "share_of_update": round(median(speeds.update_shares[warm:]), 3),
        "workers": cost(game, "worker", agents["worker"]),
        "planner": cost(game, "planner", agents["planner"]),
    }


def cost(game: Game[Any], role: str, agent: Any) -> dict[str, int]:
    """Return the weights of a mind and the multiply-adds of one look of one player."""
    network = agent.prepare(game, game.roles[role], random.keys(0, 1, game.device))
    found = [0]

    def count(module: nn.Module, _: Any, output: torch.Tensor) -> None:
        weight = module.weight
        places = output[0, 0].numel() if isinstance(module, nn.Conv2d) else 1
        found[0] += int(weight.numel()) * places  # type: ignore[operator]

    kinds = (nn.Linear, nn.Conv2d)
    handles = [part.register_forward_hook(count) for part in network.modules() if isinstance(part, kinds)]
    seen = network.sees(game.observe(game.reset(random.keys(0, 1, game.device)))[role])
    network(seen, network.first_memory(1, game.roles[role].count, game.device))
    for handle in handles:
        handle.remove()
    towers = [tower for tower in (network.policy_tower, network.value_tower) if tower is not None]
    memory = sum(tower.recurrent.of_memory.numel() for tower in towers if tower.recurrent is not None)
    return {"weights": sum(weight.numel() for weight in network.parameters()), "multiply_adds": found[0] + memory}


def play_alone(device: str, copies: int, steps: int) -> int:
    """Return the rate of random legal play by four workers and a planner, observations and masks included."""
    import time

    play = Play(4, copies, device=device)
    state, total = play.one_step(play.state)
    start = time.perf_counter()
    for _ in range(steps):
        state, found = play.one_step(state)
        total = total + found
    print(f"checksum {float(total):g}", file=sys.stderr)
    return round(steps * copies / (time.perf_counter() - start))


def main() -> int:
    """Measure every mind, and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="where to train (default cpu)")
    parser.add_argument("--threads", type=int, default=2, help="threads on the CPU (default 2)")
    parser.add_argument("--iterations", type=int, default=12, help="iterations of each mind (default 12)")
    parser.add_argument("--tiny", action="store_true", help="few copies and steps, nothing written: a trial")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("training_speed: no CUDA device here; leave --device cuda away", file=sys.stderr)
        return 2
    torch.set_num_threads(options.threads)
    copies, steps = (4, 4) if options.tiny else (COPIES[options.device], STEPS[options.device])
    iterations = 2 if options.tiny else options.iterations
    result: dict[str, Any] = {
        "copies": copies,
        "steps": steps,
        "threads": options.threads if options.device == "cpu" else None,
        "play_alone": play_alone(options.device, copies, steps),
        **{name: measure(name, options.device, iterations, copies, steps) for name in MINDS},
    }
    if options.tiny:
        print(result)
        return 0
    record("training_speed" if options.device == "cpu" else "training_speed_gpu", result, seed=0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
