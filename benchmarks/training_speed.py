"""Speed of training in Gather-Trade-Build: environment steps per second that PPO plays and learns from.

The rows are random play of the environment alone, a compact feed-forward policy network, the published encoders without
their recurrent layers, and the published recurrent networks, each with four workers and a planner. On a CPU, kernels
play on one thread, and speeds are per CPU-second. A result of its own
is the first phase of ``gather_trade_build_two_level`` on kernels and one thread, interleaved with a plain loop in the
manner of CleanRL (``_plain_loop.py``) that learns the same with the same network, in steps per CPU-second. An iteration
is a rollout and the updates of both roles; the first iterations are a warm-up. For each network, the number of weights
and the multiply-adds per observation are reported. Targets: 15,000 steps per CPU-second with the compact network; on
one H200-class GPU 500,000 without and 200,000 with recurrent layers; 8,000 per CPU-second in the recipe. Run:
``python benchmarks/training_speed.py``; add ``--device cuda`` for a GPU, ``--recipe`` for the recipe alone, or
``--tiny`` for a trial.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from _plain_loop import PlainLoop
from _record import record
from gather_trade_build_speed import Play
from torch import nn

from econsim import random
from econsim.acceleration import keep_memory
from econsim.game import Agent, Game
from econsim.rl.ppo import Ensemble, Session
from econsim.runs.backend import KERNELS, on_backend
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
RECIPE_STEPS = 200
SETTINGS = {"epochs": 1, "minibatches": 4, "gamma": 0.998, "gae_lambda": 0.98, "clip": 0.3}


class Speeds:
    """A recorder that keeps the shares of time that updates take, and ignores all other metrics."""

    def __init__(self) -> None:
        self.update_shares: list[float] = []

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Store the share of an update."""
        if name == "throughput/share_of_update":
            self.update_shares.append(value)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Report nothing."""

    def checkpoint(self, step: int, state: Any) -> None:
        """Store nothing."""

    def restore(self) -> None:
        """Return ``None``, so that training starts from the beginning."""


def cast(name: str, device: str) -> tuple[Game[Any], dict[str, Agent]]:
    """Return the game and its agents."""
    common: dict[str, Any] = {"baselines": [], "headline": None, "training": "ppo"}
    return load("gather_trade_build", {**common, **MINDS[name]}).build(device)


def clock(device: str) -> Callable[[], float]:
    """Return the clock of a device: CPU-seconds, or seconds for a GPU."""
    return time.perf_counter if device == "cuda" else time.process_time


def measure(name: str, device: str, iterations: int, copies: int, steps: int) -> dict[str, Any]:
    """Return the median speed of the iterations after the warm-up, and the sizes of the networks.

    Speeds are per CPU-second on a CPU, and per second on a GPU.
    """
    game, agents = cast(name, device)
    settings = {"iterations": iterations, "copies": copies, "steps": steps, "stagger": False}
    parameters = ppo.Parameters.model_validate({**settings, "follower": SETTINGS, "leader": SETTINGS})
    speeds = Speeds()
    keep_memory()  # as runs do
    played = game if device == "cuda" else on_backend(game, KERNELS).game
    learning = Ensemble([Session(parameters, played, agents, 0, speeds)])
    now, rates = clock(device), []
    for iteration in range(iterations):
        start = now()
        learning.iterate(iteration)
        if device == "cuda":
            torch.cuda.synchronize()
        rates.append(copies * steps / (now() - start))
    warm = max(1, iterations // 3)
    rates = sorted(rates[warm:])
    return {
        "env_steps_per_second": round(median(rates)),
        "slowest_and_fastest": [round(rates[0]), round(rates[-1])],
        "share_of_update": round(median(speeds.update_shares[warm:]), 3),
        "workers": cost(game, "worker", agents["worker"]),
        "planner": cost(game, "planner", agents["planner"]),
    }


def recipe(iterations: int, copies: int, steps: int) -> dict[str, Any]:
    """Return the steps per CPU-second of econsim and of the plain loop, on one thread, in alternating iterations.

    Both learn workers untaxed, on kernels, with the settings of the first phase of ``gather_trade_build_two_level``.
    """
    training = load("gather_trade_build_two_level").training
    assert training is not None
    phase = training.dump()["phases"][0]["training"]
    sizes = {"iterations": iterations, "copies": copies, "steps": steps, "stagger": False}
    parameters = ppo.Parameters.model_validate({**{k: v for k, v in phase.items() if k != "kind"}, **sizes})
    common: dict[str, Any] = {"baselines": [], "headline": None, "training": "ppo", "planner": "free_market"}
    scenario = load("gather_trade_build", {**common, "agents.worker": "gather_trade_build_compact"})
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    keep_memory()
    built = [scenario.build("cpu") for _ in range(2)]
    games = [on_backend(game, KERNELS).game for game, _ in built]
    econsim = Ensemble([Session(parameters, games[0], built[0][1], 0, Speeds())])
    plain = PlainLoop(games[1], built[1][1], parameters.follower, copies, steps)
    rates: dict[str, list[float]] = {"econsim": [], "plain_loop": []}
    for iteration in range(iterations):
        for name, play_and_learn in (
            ("econsim", lambda at=iteration: econsim.iterate(at)),
            ("plain_loop", plain.iterate),
        ):
            start = time.process_time()
            play_and_learn()  # type: ignore[operator]
            rates[name].append(steps * copies / (time.process_time() - start))
    torch.set_num_threads(threads)
    warm = max(1, iterations // 3)
    speeds = {name: round(median(of_name[warm:])) for name, of_name in rates.items()}
    ratios = [ours / theirs for ours, theirs in zip(rates["econsim"][warm:], rates["plain_loop"][warm:], strict=True)]
    return {"env_steps_per_cpu_second": speeds, "times_as_fast": round(median(ratios), 2), "steps": steps}


def cost(game: Game[Any], role: str, agent: Any) -> dict[str, int]:
    """Return the number of weights of a network and its multiply-adds per observation of one player."""
    network = agent.prepare(game, game.roles[role], random.keys(0, 1, game.device))
    operations = [0]

    def count(module: nn.Module, _: Any, output: torch.Tensor) -> None:
        weight = module.weight
        positions = output[0, 0].numel() if isinstance(module, nn.Conv2d) else 1
        operations[0] += int(weight.numel()) * positions  # type: ignore[operator]

    kinds = (nn.Linear, nn.Conv2d)
    handles = [part.register_forward_hook(count) for part in network.modules() if isinstance(part, kinds)]
    seen = network.sees(game.observe(game.reset(random.keys(0, 1, game.device)))[role])
    network(seen, network.first_memory(1, game.roles[role].count, game.device))
    for handle in handles:
        handle.remove()
    towers = [tower for tower in (network.policy_tower, network.value_tower) if tower is not None]
    memory = sum(tower.recurrent.of_memory.numel() for tower in towers if tower.recurrent is not None)
    return {"weights": sum(weight.numel() for weight in network.parameters()), "multiply_adds": operations[0] + memory}


def play_alone(device: str, copies: int, steps: int) -> int:
    """Return the speed of random legal play by four workers and a planner, including observations and masks."""
    play = Play(4, copies, device=device, kernels=device == "cpu")
    now = clock(device)
    state, total = play.one_step(play.state)
    start = now()
    for _ in range(steps):
        state, step_sum = play.one_step(state)
        total = total + step_sum
    print(f"checksum {float(total):g}", file=sys.stderr)
    return round(steps * copies / (now() - start))


def main() -> int:
    """Measure every network and record the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="device for training (default cpu)")
    parser.add_argument("--iterations", type=int, default=12, help="iterations per network (default 12)")
    parser.add_argument("--recipe", action="store_true", help="measure the recipe alone, on the CPU")
    parser.add_argument(
        "--tiny", action="store_true", help="a trial with few environment copies and steps, which writes nothing"
    )
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("training_speed: no CUDA device found; omit --device cuda", file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    copies, steps = (4, 4) if options.tiny else (COPIES[options.device], STEPS[options.device])
    iterations = 2 if options.tiny else options.iterations
    if options.device == "cpu":
        of_recipe = recipe(iterations, copies, 4 if options.tiny else RECIPE_STEPS)
        if options.tiny:
            print(of_recipe)
        else:
            record("training_recipe", of_recipe, seed=0)
        if options.recipe:
            return 0
    result: dict[str, Any] = {
        "copies": copies,
        "steps": steps,
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
