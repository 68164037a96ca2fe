"""Speed of the Bewley economy on one core beside TaxAI's program: random play of households, with observations.

All play in turn on the same core for several rounds, and medians are reported: steps of all environment copies per
CPU-second, by copies and households, of the economy's tensors and of its kernels, resets included, under random actions
of households that are drawn ahead for one episode; with a checksum over what was produced. TaxAI (jidiai/TaxAI at
commit 04e7cb1) has one copy; rows of its survey without a logarithm of productivity are left out, with which each of
its episodes would end after a year. Targets: 5,000 steps of 1,000 households, 800 of 10,000, and 100,000 of 1,024
copies of 100.

Run: ``python benchmarks/bewley_speed.py [FOLDER]``, the folder with a checkout of TaxAI; without it, econsim alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
from _record import record

from econsim import random
from econsim.economies.bewley import Bewley, Parameters
from econsim.kernels.drawing import write_draws

SEED = 0
SIZES = (1, 1000), (1, 10_000), (1024, 100)
KERNELS, TAXAI = "kernels", "TaxAI"


class Play:
    """Random play of households under the status quo, in copies whose episodes start and end together."""

    def __init__(self, copies: int, households: int, *, by_kernels: bool) -> None:
        game = Bewley(Parameters(households=households))
        self.game = game.on_kernels() if by_kernels else game
        self.keys, self.episode, self.checksum = random.keys(SEED, copies), 0, 0.0
        self.state = self.game.reset(self.keys)
        rates = game.status_quo("government").to(game.dtype)
        government, shape = rates.expand(copies, 1, -1).contiguous(), (households, 2)
        drawn = (random.uniform(self.keys, period, "play", shape, game.dtype) for period in range(game.horizon))
        self.actions = [{"household": 0.05 + 0.5 * each, "government": government} for each in drawn]

    def rate(self, seconds: float) -> float:
        """Return steps of all copies per CPU-second."""
        steps, start = 0, time.process_time()
        while time.process_time() - start < seconds:
            for actions in self.actions:
                self.game.observe(self.state)
                self.state = self.game.step(self.state, actions).state
            steps += self.game.horizon
            self.checksum += float(self.state.last.output.sum())
            self.episode += 1
            self.state = self.game.reset(random.fold(self.keys, self.episode))
        return steps * len(self.keys) / (time.process_time() - start)


def of_taxai(folder: Path, households: int, seconds: float) -> float:
    """Return years of TaxAI's program per CPU-second, with as many households."""
    script = Path(__file__).resolve().with_name("_taxai_speed.py")
    with TemporaryDirectory() as work:
        output = Path(work, "rate.json")
        command = [sys.executable, str(script), str(households), str(seconds), str(output)]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        return float(json.loads(output.read_text()))


@torch.no_grad()
def side_by_side(copies: int, households: int, folder: Path | None, rounds: int, seconds: float) -> dict[str, Any]:
    """Return the speed of each way to play, medians over rounds with the lowest and the highest."""
    ways = {name: Play(copies, households, by_kernels=name == KERNELS) for name in ("tensors", KERNELS)}
    rates: dict[str, list[float]] = {name: [] for name in ways}
    ways[KERNELS].rate(0.0)  # compiles them
    for _ in range(rounds):
        for name, way in ways.items():
            rates[name].append(way.rate(seconds))
        if folder is not None and copies == 1:
            rates.setdefault(TAXAI, []).append(of_taxai(folder, households, seconds))
    found: dict[str, Any] = {
        name: {"steps_per_cpu_second": round(median(each), 1), "range": [round(min(each), 1), round(max(each), 1)]}
        for name, each in rates.items()
    }
    return {**found, "checksum": round(sum(way.checksum for way in ways.values()), 6)}


def main() -> None:
    """Measure all speeds and record them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("taxai", nargs="?", type=Path, help="a checkout of TaxAI")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each (default 5)")
    parser.add_argument("--seconds", type=float, default=3.0, help="CPU-seconds of a round, about (default 3)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    random.draw_with(write_draws)
    folder = None if options.taxai is None else options.taxai.resolve()
    result = {
        f"{copies} x {households}": side_by_side(copies, households, folder, options.rounds, options.seconds)
        for copies, households in SIZES
    }
    record("bewley_speed", result, SEED)


if __name__ == "__main__":
    main()
