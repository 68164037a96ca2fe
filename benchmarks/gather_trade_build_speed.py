"""Speed of Gather-Trade-Build, Foundation and EconoJax on one core: random legal play with observations and masks.

All systems play in turn on the same core for several rounds, and ratios of medians are reported. Each measures its own
CPU-seconds, including the sampling of actions and resets, with a checksum over all outputs; compilation is left out.
econsim and EconoJax play with their fastest number of environment copies, econsim also with 128, as PPO does; there is
one entry for each way in which econsim computes steps (``PLAYS``): its tensors and, with numba, its kernels, each with
actions drawn in the same way. EconoJax has no map and no views. Targets: 400 times
the speed of Foundation, and 15 times that of EconoJax. Run: ``python benchmarks/gather_trade_build_speed.py``; the
first run creates the environments of the other systems.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Any

import torch
from _peer_speeds import econojax, foundation
from _record import record
from torch import Tensor

from econsim import random
from econsim.acceleration import accelerate, keep_memory
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.game import leaves
from econsim.kernels import numba_version

SEED = 0
LEARNING = 128  # environment copies with which PPO learns
COPIES = {4: (LEARNING, 256, 512, 1024, 4096), 10: (LEARNING, 256, 512, 2048), 100: (16, 32, 64, LEARNING, 256)}
ECONOJAX_COPIES = (64, 256, 1024)
COMPARED = (4, 10)  # numbers of workers with which the other systems are measured
GROWTH = {4: (64, 512, 4096), 10: (64, 512, 4096), 30: (64, 512, 4096), 100: (16, 256, 4096)}


def legal(mask: Tensor, key: Tensor, time: Tensor, stream: str) -> Tensor:
    """Return uniform legal options ``[B, n]`` for masks ``[B, n, A]``: the ``k``-th legal option for a random ``k``."""
    rank = mask.cumsum(-1, dtype=torch.int16)
    draw = random.uniform(key, time, stream, tuple(mask.shape[1:2]))
    return (rank <= (draw * rank[..., -1]).to(torch.int16)[..., None]).sum(-1)


def checksum(outputs: Sequence[Tensor]) -> Tensor:
    """Return a sum over all outputs; pixels are added eight at a time, since each would first be converted."""
    pixels = [
        part.flatten()[: part.numel() // 8 * 8].view(torch.int64) for part in outputs if part.dtype == torch.uint8
    ]
    numbers = [part.sum() for part in outputs if part.is_floating_point()]
    return torch.stack([*numbers, *(part.sum() % 1000 for part in pixels)]).sum()


class Play:
    """Random legal play in ``copies`` environment copies, whose episodes start and end together."""

    def __init__(
        self,
        workers: int,
        copies: int,
        compiled: bool = False,
        device: str = "cpu",
        horizon: int = 1000,
        kernels: bool = False,
    ) -> None:
        game = GatherTradeBuild(Parameters(workers=workers, horizon=horizon)).to(device=device)
        self.game = game.on_kernels() if kernels else game
        self.legal, self.add_up = play_kernels() if kernels else (legal, checksum)
        self.episode = 0
        self.keys = random.keys(SEED, copies, device)
        self.state, self.time, self.checksum = self.game.reset(self.keys), 0, 0.0
        self.advance = accelerate(self.one_step, (self.state,), "compile") if compiled else self.one_step

    def run(self, steps: int) -> float:
        """Return the CPU-seconds of ``steps`` steps of every environment copy."""
        start = time.process_time()
        with torch.no_grad():
            for _ in range(steps):
                self.state, total = self.advance(self.state)
                self.time, self.checksum = self.time + 1, self.checksum + float(total)
                if self.time >= self.game.horizon:
                    self.time, self.episode = 0, self.episode + 1
                    self.state = self.game.reset(random.fold(self.keys, self.episode))
        return time.process_time() - start

    def bytes_a_copy(self) -> dict[str, int]:
        """Return the memory of the state and the observations of one environment copy, in bytes."""
        copies = self.keys.shape[0]
        observations = self.game.observe(self.state)

        def size(tensors: Any) -> int:
            return sum(leaf.numel() * leaf.element_size() for leaf in leaves(tensors).values()) // copies

        return {"state": size(self.state), "observations": sum(size(entry) for entry in observations.values())}

    def one_step(self, state: Any) -> tuple[Any, Tensor | float]:
        """Return the state after a random legal step of every environment copy, and a sum over all outputs."""
        observations, world = self.game.observe(state), state.world
        worker, planner = observations["worker"], observations["planner"]
        assert worker.action_mask is not None
        assert planner.action_mask is not None
        heads = planner.action_mask.view(-1, 7, 22)
        rates = self.legal(heads, world.key, world.time, "play/planner")[:, None]
        actions = {"worker": self.legal(worker.action_mask, world.key, world.time, "play"), "planner": rates}
        transition = self.game.step(state, actions)
        assert worker.view is not None
        outputs = (worker.features, worker.view, planner.features, *transition.rewards.values())
        return transition.state, self.add_up(outputs)


def play_kernels() -> tuple[Callable[..., Tensor], Callable[..., float]]:
    """Return the draws and the sum as kernels, which numba compiles."""
    from _random_play import checksum, legal

    return legal, checksum


PLAYS: dict[str, Callable[[int, int], Play]] = {"tensors": Play}
"""The ways in which econsim computes steps: for each, play by workers and copies."""
if numba_version() is not None:
    PLAYS["kernels"] = partial(Play, kernels=True)


def side_by_side(workers: int, rounds: int, seconds: float, alone: bool) -> dict[str, Any]:
    """Return the speeds of all systems, measured in turn, and how many times as fast econsim's fastest is.

    ``alone``: econsim's alone.
    """
    best: dict[str, int] = {}
    systems: dict[str, Callable[[], float]] = {}
    plays: dict[str, Play] = {}
    for backend, make in PLAYS.items():
        best[backend] = fastest_batch(make, workers, seconds / 4)
        for copies in dict.fromkeys((best[backend], LEARNING)):
            name = f"econsim {backend} {copies}"
            plays[name] = make(workers, copies)
            systems[name] = partial(_rate, plays[name], seconds)
    if workers in COMPARED and not alone:
        systems["foundation"] = partial(foundation, workers, seconds, SEED)
        for settings in ("published", "own"):
            best[settings] = max(
                ECONOJAX_COPIES, key=lambda copies: econojax(workers, copies, seconds / 4, SEED, settings)
            )
            systems[f"econojax {settings}"] = partial(econojax, workers, best[settings], seconds, SEED, settings)
    rates: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(rounds):
        for name, system in systems.items():
            rates[name].append(system())
    return summary(workers, best, rates) | {"checksums": {name: play.checksum for name, play in plays.items()}}


def fastest_batch(make: Callable[..., Play], workers: int, seconds: float) -> int:
    """Return the number of copies with the highest median speed, of three rounds in which all play in turn."""
    plays = {copies: make(workers, copies) for copies in COPIES[workers]}
    rates: dict[int, list[float]] = {copies: [] for copies in plays}
    for _ in range(3):
        for copies, play in plays.items():
            rates[copies].append(_rate(play, seconds))
    return max(rates, key=lambda copies: median(rates[copies]))


def summary(workers: int, best: dict[str, int], rates: dict[str, list[float]]) -> dict[str, Any]:
    """Return the table of speeds in the order of ``PLAYS`` and peers, with the ratios of medians.

    Args:
        workers: number of workers.
        best: fastest number of environment copies by backend of econsim and settings of EconoJax.
        rates: environment steps per CPU-second of each round, by system.
    """
    middle = {name: median(several) for name, several in rates.items()}
    played = [name for name in PLAYS if name in best]
    backend = max(played, key=lambda name: middle[f"econsim {name} {best[name]}"])
    fastest = middle[f"econsim {backend} {best[backend]}"]
    learning = middle[f"econsim {backend} {LEARNING}"]
    row: dict[str, Any] = {
        "backend": backend,
        "copies": best[backend],
        "econsim": _spread(rates[f"econsim {backend} {best[backend]}"]),
        "systems": {name: _spread(several) for name, several in rates.items()},
        "copies_of_econojax": {name: copies for name, copies in best.items() if name not in PLAYS},
        "worker_steps_per_cpu_second": round(fastest * workers),
        "bytes_a_copy": Play(workers, 2).bytes_a_copy(),
    }
    if "foundation" in middle:
        row["foundation"] = _spread(rates["foundation"])
        row["ratio"] = round(fastest / middle["foundation"], 1)
        row["ratio_with_128_copies"] = round(learning / middle["foundation"], 1)
        row["over_econojax"] = {
            name: round(fastest / middle[f"econojax {name}"], 1) for name in row["copies_of_econojax"]
        }
    return row


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
    parser.add_argument(
        "--alone", action="store_true", help="econsim alone, without the cost growth; a result of another name"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_memory()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if "kernels" not in PLAYS:
        print("kernels: left out, because numba is not installed (pip install 'econsim[fast]')")
    given = options.rounds, options.seconds, options.alone
    result: dict[str, Any] = {f"workers_{n}": side_by_side(n, *given) for n in COPIES}
    if options.compiled:
        result["compiled_4"] = _spread([_rate(Play(4, 1024, compiled=True), options.seconds)])
    if not options.alone:
        result["growth"] = growth(options.seconds / 4)
    record("gather_trade_build_speed_alone" if options.alone else "gather_trade_build_speed", result, SEED)


if __name__ == "__main__":
    main()
