"""Speed of Gather-Trade-Build and Foundation on one core: random legal play, including observations, views and masks.

Both systems play in turn on the same core for several rounds, and the ratio of medians is reported. Each measures its
own CPU-seconds, including the sampling of actions and resets, with a checksum over all outputs. Targets: 50 times the
speed of Foundation, and twice that of EconoJax, which has no map and was measured at 22 times Foundation with 256
environment copies. Run: ``python benchmarks/gather_trade_build_speed.py``.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import _peers
import torch
from _foundation_configuration import configuration
from _record import record
from torch import Tensor

from econsim import random
from econsim.acceleration import accelerate, keep_memory
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.game import leaves

SEED = 0
ECONOJAX_OVER_FOUNDATION = 22.0
COPIES = {4: (1024, 2048, 4096), 10: (512, 1024, 2048), 100: (64, 128, 256)}
GROWTH = {4: (64, 512, 4096), 10: (64, 512, 4096), 30: (64, 512, 4096), 100: (16, 256, 4096)}


def legal(mask: Tensor, key: Tensor, time: Tensor, stream: str) -> Tensor:
    """Return uniform legal options ``[B, n]`` for masks ``[B, n, A]``: the ``k``-th legal option for a random ``k``."""
    rank = mask.cumsum(-1, dtype=torch.int16)
    draw = random.uniform(key, time, stream, tuple(mask.shape[1:2]))
    return (rank <= (draw * rank[..., -1]).to(torch.int16)[..., None]).sum(-1)


class Play:
    """Random legal play in ``copies`` environment copies, whose episodes start and end together."""

    def __init__(self, workers: int, copies: int, compiled: bool = False, device: str = "cpu") -> None:
        self.game = GatherTradeBuild(Parameters(workers=workers)).to(device=device)
        self.episode = 0
        self.keys = random.keys(SEED, copies, device)
        self.state, self.checksum = self.game.reset(self.keys), 0.0
        self.advance = accelerate(self.one_step, (self.state,), "compile") if compiled else self.one_step

    def run(self, steps: int) -> float:
        """Return the CPU-seconds of ``steps`` steps of every environment copy."""
        start = time.process_time()
        with torch.no_grad():
            for _ in range(steps):
                self.state, total = self.advance(self.state)
                self.checksum += float(total)
                if int(self.state.world.time[0]) >= self.game.horizon:
                    self.episode += 1
                    self.state = self.game.reset(random.fold(self.keys, self.episode))
        return time.process_time() - start

    def bytes_a_copy(self) -> dict[str, int]:
        """Return the memory of the state and the observations of one environment copy, in bytes."""
        copies = self.keys.shape[0]
        observations = self.game.observe(self.state)

        def size(tensors: Any) -> int:
            return sum(leaf.numel() * leaf.element_size() for leaf in leaves(tensors).values()) // copies

        return {"state": size(self.state), "observations": sum(size(entry) for entry in observations.values())}

    def one_step(self, state: Any) -> tuple[Any, Tensor]:
        """Return the state after a random legal step of every environment copy, and a sum over all outputs."""
        observations, world = self.game.observe(state), state.world
        worker, planner = observations["worker"], observations["planner"]
        assert worker.action_mask is not None
        assert planner.action_mask is not None
        heads = planner.action_mask.view(-1, 7, 22)
        rates = legal(heads, world.key, world.time, "play/planner")[:, None]
        actions = {"worker": legal(worker.action_mask, world.key, world.time, "play"), "planner": rates}
        transition = self.game.step(state, actions)
        assert worker.view is not None
        # Sum eight pixels at a time, since a sum of bytes would first convert each of them to a larger type.
        pixels = worker.view.flatten()[: worker.view.numel() // 8 * 8].view(torch.int64).sum() % 1000
        parts = (worker.features, planner.features, *transition.rewards.values())
        return transition.state, torch.stack([part.sum() for part in parts]).sum() + pixels


def foundation(workers: int, steps: int) -> float:
    """Return Foundation's environment steps per CPU-second."""
    with tempfile.TemporaryDirectory() as folder:
        job, output = Path(folder, "job.json"), Path(folder, "output.json")
        settings = {"configuration": configuration(workers, "random_planner"), "steps": steps, "warm_up": 20}
        job.write_text(json.dumps({**settings, "seed": SEED, "output": str(output)}))
        _peers.run(_peers.FOUNDATION, "_foundation_speed.py", str(job))
        return float(json.loads(output.read_text())["steps_per_cpu_second"])


def side_by_side(workers: int, rounds: int, seconds: float) -> dict[str, Any]:
    """Return the speeds of both systems, measured in turn, with econsim's fastest number of environment copies."""
    best = max(COPIES[workers], key=lambda copies: _rate(Play(workers, copies), seconds / 4))
    play = Play(workers, best)
    own, theirs = [], []
    for _ in range(rounds):
        own.append(_rate(play, seconds))
        if workers <= 10:
            theirs.append(foundation(workers, int(150 * seconds)))
    row: dict[str, Any] = {"copies": best, "econsim": _spread(own), "checksum": play.checksum}
    if theirs:
        row |= {"foundation": _spread(theirs), "ratio": round(median(own) / median(theirs), 1)}
    return row | {"worker_steps_per_cpu_second": round(median(own) * workers), "bytes_a_copy": play.bytes_a_copy()}


def growth(seconds: float) -> dict[str, Any]:
    """Return microseconds per environment step by workers and copies, and the exponents of cost in each."""
    cost = {
        workers: {copies: 1e6 / (_rate(Play(workers, copies), seconds)) for copies in several}
        for workers, several in GROWTH.items()
    }
    largest = {workers: min(row.values()) for workers, row in cost.items()}
    return {
        "microseconds_an_environment_step": {w: {c: round(v, 1) for c, v in row.items()} for w, row in cost.items()},
        "exponent_in_workers": round(math.log(largest[100] / largest[4]) / math.log(100 / 4), 2),
        "exponent_in_copies": {w: round(_exponent(row), 2) for w, row in cost.items()},
    }


def _exponent(row: dict[int, float]) -> float:
    """Return the exponent of the cost of a whole step, from the smallest to the largest number of copies."""
    few, many = min(row), max(row)
    return 1.0 + math.log(row[many] / row[few]) / math.log(many / few)


def _rate(play: Play, seconds: float) -> float:
    """Return environment steps per CPU-second, measured over about ``seconds`` seconds after a warm-up."""
    copies = play.keys.shape[0]
    steps = max(4, int(seconds / max(play.run(3) / 3, 1e-4)))
    return steps * copies / play.run(steps)


def _spread(rates: list[float]) -> dict[str, Any]:
    rounded = [round(rate) for rate in rates]
    return {"env_steps_per_cpu_second": round(median(rates)), "rounds": rounded}


def main() -> None:
    """Measure all speeds and record the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each system (default 3)")
    parser.add_argument("--seconds", type=float, default=8.0, help="approximate CPU-seconds per round (default 8)")
    parser.add_argument(
        "--compiled", action="store_true", help="also measure a compiled step, which takes minutes to compile"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_memory()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    result: dict[str, Any] = {f"workers_{n}": side_by_side(n, options.rounds, options.seconds) for n in COPIES}
    if options.compiled:
        result["compiled_4"] = _spread([_rate(Play(4, 1024, compiled=True), options.seconds)])
    result["growth"] = growth(options.seconds / 4)
    result["econojax"] = {
        "note": "no map; measured earlier at 22 times Foundation, not measured in this run",
        "econsim_over_econojax": round(result["workers_4"]["ratio"] / ECONOJAX_OVER_FOUNDATION, 1),
    }
    record("gather_trade_build_speed", result, SEED)


if __name__ == "__main__":
    main()
