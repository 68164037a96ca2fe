"""Speed of sweeps: the one-step economy with rule-based workers, packed into batches or with separate runs.

The benchmark measures wall time and CPU-seconds of all processes less those of a sweep of two runs (imports, start of
workers, tables), which gives the cost of an additional run. The tables of both sweeps are compared for equality. It
also measures a DuckDB query of 10,000 runs and the memory of the scheduling process and of its largest worker.

Targets: 1,000 runs in less than 60 s on two cores; less than 0.3 s of CPU overhead per separate run; packed runs at
least 50 times as fast as separate ones; a query in less than 1 s; 10,000 runs in less than 2 GB. Run:
``python benchmarks/sweep_speed.py``.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
from _record import record

from econsim.sweep import Options, Sweep, read_request, start_sweep

WORKERS = 2
RULES: dict[str, Any] = {
    "agents.worker": "elastic_rule",
    "planner": "flat",
    "baselines": [[]],
    "evaluation": "none",
    "training": "none",
    "headline": "none",
}
SQL = """select r."planner.rate" as rate, avg(m.value) as welfare from metrics m join runs r using (run)
         where m.name = 'welfare' group by rate order by rate"""


def cpu_seconds() -> float:
    parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in parts)


def made(folder: Path, rates: int, seeds: int, pack: bool) -> tuple[Sweep, dict[str, float]]:
    """Execute a sweep; return it with its wall time and CPU-seconds."""
    shutil.rmtree(folder, ignore_errors=True)
    request = read_request("one_step", RULES | {"planner.rate": f"lin(0,0.9,{rates})", "seed": f"0:{seeds}"})
    wall, cpu = time.monotonic(), cpu_seconds()
    sweep = start_sweep(request, folder, Options(workers=WORKERS, pack=pack), quiet=True)
    return sweep, {"wall_seconds": time.monotonic() - wall, "cpu_seconds": cpu_seconds() - cpu}


def added(more: dict[str, float], few: dict[str, float], runs: int) -> dict[str, float]:
    """Return the cost of each additional run."""
    return {f"{name}_a_run": (more[name] - few[name]) / runs for name in more}


def query_seconds(sweep: Sweep) -> float:
    sweep.query(SQL)
    begun = time.monotonic()
    rows = sweep.query(SQL)
    assert len(rows) == 100, rows
    return time.monotonic() - begun


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="sweep-"))
    made(folder / "warm", 2, 1, pack=True)
    _, few_packed = made(folder / "few", 2, 1, pack=True)
    packed, many_packed = made(folder / "packed", 50, 20, pack=True)
    _, few_alone = made(folder / "few", 2, 1, pack=False)
    alone, many_alone = made(folder / "alone", 50, 20, pack=False)
    pd.testing.assert_frame_equal(packed.metrics, alone.metrics, check_exact=True)
    pd.testing.assert_frame_equal(packed.accounts, alone.accounts, check_exact=True)
    large, ten_thousand = made(folder / "large", 100, 100, pack=True)
    # The cost of 1,000 packed runs is smaller than the variation of the start-up time; that of 10,000 is larger.
    per_packed, per_alone = added(ten_thousand, few_packed, 9_998), added(many_alone, few_alone, 998)
    unit = 1024 if sys.platform != "darwin" else 1
    record(
        "sweep_speed",
        {
            "runs": 1000,
            "workers": WORKERS,
            "cores": len(os.sched_getaffinity(0)),
            "packed": many_packed | per_packed,
            "unpacked": many_alone | per_alone,
            "packed_over_unpacked_cpu_a_run": per_alone["cpu_seconds_a_run"] / per_packed["cpu_seconds_a_run"],
            "packed_over_unpacked_whole_wall": many_alone["wall_seconds"] / many_packed["wall_seconds"],
            "same_tables": True,
            "ten_thousand_packed": ten_thousand,
            "query_over_ten_thousand_seconds": query_seconds(large),
            "largest_process_gb": {
                "conductor": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9,
                "worker": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 1e9,
            },
            "checksum": float(packed.metrics["value"].sum()),
        },
    )
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
