"""Cost of two threads on a busy machine, by the way in which OpenMP's threads wait for each other.

A grid of tax schedules is scored by two threads while another process keeps every core busy. econsim sets passive
waiting before torch is loaded; the other row is OpenMP's default, in which waiting threads spin. The rows alternate.
Run: ``python benchmarks/thread_waiting.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from statistics import median

from _record import record

ROUNDS = 5
BUSY = "while True: pass"
GRID = """
import json, time
import torch
import econsim
from econsim import random
from econsim.agents.best_response import BestResponse, Parameters
from econsim.leader_evaluation import values_of

torch.set_num_threads(2)
game = econsim.make("one_step", hours_step=0.5, population={"kind": "gb2", "sampling": "published"})
rates = random.uniform(random.keys(0, 1), 0, "rates", (2_000, 7), torch.float64)[0]
wall, cpu = time.perf_counter(), time.process_time()
values_of(game.to(dtype=torch.float64), {"worker": BestResponse(Parameters())}, "planner", rates, 0)
print(json.dumps({"wall_seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}))
"""


def measured(policy: str) -> dict[str, float]:
    """Return the times of one process under a wait policy; an empty one is OpenMP's default."""
    environment = {**os.environ, "OMP_WAIT_POLICY": policy}
    if not policy:
        environment.pop("OMP_WAIT_POLICY")
    # The program imports torch first, so that econsim sets its own policy too late to have an effect.
    command = [sys.executable, "-c", GRID]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    times: dict[str, float] = json.loads(done.stdout)
    return times


def middle(times: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each time."""
    return {name: round(median(one[name] for one in times), 2) for name in times[0]}


def main() -> None:
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(os.cpu_count() or 1)]
    try:
        rounds = [{"passive": measured("PASSIVE"), "default": measured("")} for _ in range(ROUNDS)]
    finally:
        for process in busy:
            process.kill()
    result = {policy: middle([one[policy] for one in rounds]) for policy in ("passive", "default")}
    record("thread_waiting", {**result, "rounds": ROUNDS, "threads": 2, "busy_processes": len(busy)}, 0)


if __name__ == "__main__":
    main()
