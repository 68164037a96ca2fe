"""Speed of schedule evaluation: 10,000 tax schedules with best responses of 100 workers on the half-hour grid.

Target: under 10 s on two cores. Run: ``python benchmarks/schedules_on_grid.py``.
"""

from __future__ import annotations

import econsim  # isort: skip  before torch, whose threads then rest while they wait

import os
import time

import torch
from _record import record

from econsim import random
from econsim.agents.best_response import BestResponse, Parameters
from econsim.leader_evaluation import values_of

SCHEDULES, SEED = 10_000, 0


def main() -> None:
    """Score random schedules as environment copies of one game in float64, in the same way as the search does."""
    torch.set_num_threads(2)
    game = econsim.make("one_step", hours_step=0.5, population={"kind": "gb2", "sampling": "published"})
    exact = game.to(dtype=torch.float64)
    rates = random.uniform(random.keys(SEED, 1), 0, "rates", (SCHEDULES, 7), torch.float64)[0]
    start, cpu = time.perf_counter(), time.process_time()
    welfare = values_of(exact, {"worker": BestResponse(Parameters())}, "planner", rates, SEED)
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    record(
        "schedules_on_grid",
        {
            "schedules": SCHEDULES,
            "workers": 100,
            "choices": 201,
            "threads": 2,
            "wall_seconds": round(wall, 2),
            "cpu_seconds": round(cpu, 2),
            "best_welfare": float(welfare.max()),
            "checksum": float(welfare.sum()),
            "cores": os.cpu_count(),
        },
        SEED,
    )


if __name__ == "__main__":
    main()
