"""Speed of exact workers under seven tax brackets, on one core: best responses, and whole one-step episodes.

Best responses of one million workers are measured under a law whose rates rise, and under the same rates in an order
in which some fall, so that brackets have to be compared. Episodes are played with random rates in 640 environment
copies of 100 workers. Targets: 20 million worker-decisions per CPU-second under rising rates, less than 1 GB, and 0.35
microseconds of CPU per worker-episode. Run: ``python benchmarks/best_response.py``.
"""

from __future__ import annotations

import resource
import time

import torch
from _record import record

import econsim
from econsim import random
from econsim.acceleration import keep_memory
from econsim.agents.best_response import BestResponse, Parameters
from econsim.economies.one_step.response import best_income
from econsim.game import Agent
from econsim.mechanisms import us_law
from econsim.play import HeldAction, play

WORKERS, REPEATS, SEED = 1_000_000, 10, 0
COPIES, WORKERS_PER_COPY = 640, 100
LAW = us_law.federal_schedule(2024, "single")
SCHEDULES = {"rising_rates": LAW.rates, "falling_rates": LAW.rates.flip(-1)}


def decisions(dtype: torch.dtype, rates: torch.Tensor) -> dict[str, float]:
    """Return the speed of repeated best responses, with a checksum over all outputs."""
    levels = random.uniform(random.keys(SEED, 1), 0, "skill", (WORKERS,), torch.float64)[0]
    desired = (60.0 * (50.0 + 2000.0 * levels**3)).to(dtype)
    cap = desired * (100.0 / 60.0)
    thresholds, elasticity = LAW.thresholds.to(dtype), torch.tensor(0.4, dtype=dtype)
    checksum, start = 0.0, time.process_time()
    for repeat in range(REPEATS):
        changed = rates.to(dtype) + 0.01 * repeat
        checksum += float(best_income(desired, cap, thresholds, changed, elasticity).double().sum())
    seconds = time.process_time() - start
    return {"decisions_per_cpu_second": round(WORKERS * REPEATS / seconds), "checksum": checksum}


def episodes(dtype: torch.dtype) -> dict[str, float]:
    """Return the CPU time of a worker-episode with exact workers, the shortest of several batches."""
    game, key = econsim.make("one_step", workers=WORKERS_PER_COPY).to(dtype=dtype), random.keys(SEED, COPIES)
    rates = random.uniform(key, 0, "rates", (len(LAW.rates),), torch.float64)
    agents: dict[str, Agent] = {"worker": BestResponse(Parameters()), "planner": HeldAction(rates)}
    best, checksum = float("inf"), 0.0
    for _ in range(REPEATS):
        start = time.process_time()
        checksum += float(play(game, agents, key).returns["planner"].sum())
        best = min(best, time.process_time() - start)
    per_worker = best / (COPIES * WORKERS_PER_COPY)
    return {"cpu_microseconds_per_worker_episode": round(per_worker * 1e6, 3), "checksum": checksum}


def main() -> None:
    """Measure best responses and episodes in both precisions."""
    torch.set_num_threads(1)
    keep_memory()  # as runs do
    result: dict[str, object] = {}
    for dtype in (torch.float32, torch.float64):
        by_schedule = {name: decisions(dtype, rates) for name, rates in SCHEDULES.items()}
        result[str(dtype).removeprefix("torch.")] = {**by_schedule, "episodes": episodes(dtype)}
    result["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    result["workers"], result["brackets"], result["threads"] = WORKERS, len(LAW.rates), 1
    record("best_response", result, SEED)


if __name__ == "__main__":
    main()
