"""Speed and memory of the epidemic on one CPU core: a million and 8.4 million people, kernels and tensors.

One environment copy and a whole epidemic of 120 days in a random network: a million people with degree 10, without
measures and with isolation and testing, and 8.4 million with degree 4; also 60 days of a slower disease, of which fewer
people are infectious in a day. A day of the kernels includes all outputs: the new state, its summary and the rewards of
all people. Each size runs in a process of its own. ``peak_gigabytes`` is the largest memory of the whole process,
libraries and the construction of the network included; ``playing_gigabytes`` is what the process holds while it plays.
Tensors play 100,000 people, without and with measures, in the middle of an epidemic. Targets: 150 million agent-steps
per CPU-second without measures and 80 with them, 8.4 million people in less than 2 GB. AgentTorch was not run: an
earlier measurement on a similar machine is quoted.
Run: ``python benchmarks/epidemic_speed.py``.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from _record import record

import econsim
from econsim import random
from econsim.economies.epidemic import Epidemic
from econsim.kernels import require_numba

MEASURES: dict[str, Any] = {"isolation": {"advice": 0.2}, "testing": {}}
SLOW: dict[str, Any] = {  # infects in the infected stage only; 60 days are its rise
    "reproduction": 2.1,
    "exposed_days": 4,
    "infected_days": 7,
    "exposed_infectiousness": 0.0,
    "infectiousness_mean": 7.5,
    "horizon": 60,
}
VARIANTS: dict[str, tuple[bool, int, int, dict[str, Any]]] = {  # on kernels, people, degree, settings
    "kernels, a million": (True, 1_000_000, 10, {}),
    "kernels, a million, 60 days of a slower disease": (True, 1_000_000, 10, SLOW),
    "kernels, a million, isolation and testing": (True, 1_000_000, 10, MEASURES),
    "kernels, 8.4 million": (True, 8_400_000, 4, {}),
    "tensors, 100,000": (False, 100_000, 10, {}),
    "tensors, 100,000, isolation and testing": (False, 100_000, 10, MEASURES),
}
DAYS, DAYS_OF_TENSORS, TENSORS_FROM = 120, 5, 40
QUOTED = {
    "agenttorch, a million": {"agent_steps_per_cpu_second": 270_000, "peak_gigabytes": 5.6, "mean_degree": 3.64},
}


def held() -> float:
    """Return the memory that this process holds, in gigabytes."""
    line = next(row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1e6


def measure(name: str) -> dict[str, Any]:
    """Return the speed and memory of a variant."""
    torch.set_num_threads(1)
    on_kernels, people, degree, settings = VARIANTS[name]
    network = {"kind": "small_world", "degree": degree, "rewiring": 1.0}
    tensors = econsim.make("epidemic", people=people, network=network, **{"horizon": DAYS} | settings)
    assert isinstance(tensors, Epidemic)
    kernels = tensors.on_kernels()
    start = kernels.reset(random.keys(0, 1))
    state = kernels.step(start, {}).state  # compiles the kernels
    game, days = (kernels, kernels.horizon) if on_kernels else (tensors, DAYS_OF_TENSORS)
    state = start
    for _ in range(0 if on_kernels else TENSORS_FROM):
        state = kernels.step(state, {}).state
    seconds, memory = [], 0.0
    for _ in range(days):
        began = time.process_time()
        state = game.step(state, {}).state
        seconds.append(time.process_time() - began)
        memory = max(memory, held())
    accounts = game.accounts(state)
    return {
        "agent_steps_per_cpu_second": round(people * days / sum(seconds)),
        "slowest_day_milliseconds": round(1e3 * max(seconds), 1),
        "mean_day_milliseconds": round(1e3 * sum(seconds) / days, 1),
        "playing_gigabytes": round(memory, 2),
        "peak_gigabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "attack_rate": round(float(accounts["attack_rate"]), 4),
    }


def main() -> None:
    """Measure each variant in processes of its own on one thread, keep the median round, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--variant", choices=VARIANTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.variant:
        print(json.dumps(measure(given.variant)))
        return
    require_numba()
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in VARIANTS}
    for _ in range(given.rounds):
        for name, found in rounds.items():
            call = [sys.executable, __file__, "--variant", name]
            found.append(json.loads(subprocess.run(call, check=True, capture_output=True, text=True).stdout))
    speed = "agent_steps_per_cpu_second"
    result = {name: sorted(found, key=lambda row: row[speed])[len(found) // 2] for name, found in rounds.items()}
    fastest = {name: max(row[speed] for row in found) for name, found in rounds.items()}
    record("epidemic_speed", {"measured": result, "fastest_round": fastest, "quoted": QUOTED}, seed=0)


if __name__ == "__main__":
    main()
