"""Speed of exact best responses of one million workers under seven tax brackets, on one core.

Target: at least 10 million worker-decisions per CPU-second, under 1 GB. Run: ``python benchmarks/best_response.py``.
"""

from __future__ import annotations

import resource
import time

import torch
from _record import record

from econsim import random
from econsim.economies.one_step.response import best_income
from econsim.mechanisms import us_law

WORKERS, REPEATS, SEED = 1_000_000, 10, 0


def main() -> None:
    """Measure the CPU-seconds of repeated best responses in both precisions, with a checksum over all outputs."""
    torch.set_num_threads(1)
    law = us_law.federal_schedule(2024, "single")
    levels = random.uniform(random.keys(SEED, 1), 0, "skill", (WORKERS,), torch.float64)[0]
    result: dict[str, object] = {}
    for dtype in (torch.float32, torch.float64):
        desired = (60.0 * (50.0 + 2000.0 * levels**3)).to(dtype)
        cap = desired * (100.0 / 60.0)
        thresholds = law.thresholds.to(dtype)
        elasticity = torch.tensor(0.4, dtype=dtype)
        checksum, start = 0.0, time.process_time()
        for repeat in range(REPEATS):
            rates = law.rates.to(dtype) + 0.01 * repeat
            checksum += float(best_income(desired, cap, thresholds, rates, elasticity).double().sum())
        seconds = time.process_time() - start
        name = str(dtype).removeprefix("torch.")
        result[name] = {"decisions_per_cpu_second": round(WORKERS * REPEATS / seconds), "checksum": checksum}
    result["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    result["workers"], result["brackets"], result["threads"] = WORKERS, len(law.rates), 1
    record("best_response", result, SEED)


if __name__ == "__main__":
    main()
