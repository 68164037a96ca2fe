"""Fault tests of sweeps: the parent process, a worker or a Ray node is killed (SIGKILL) at random moments.

After each resume, the tables must equal those of an undisturbed sweep byte for byte. Run:
``python benchmarks/sweep_faults.py [--moments 10] [--drills parent worker node]``.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _record import record

from econsim.sweep import Options, read_request, resume_sweep, start_sweep
from econsim.sweep.launchers.local import Local

ROOT = Path(__file__).resolve().parents[1]
TABLES = ("runs.parquet", "metrics.parquet", "accounts.parquet")
AXES: dict[str, Any] = {
    "economy.population": [{"kind": "lognormal"}],
    "economy.workers": [40, 48],
    "agents.worker": "elastic_rule",
    "planner": "flat",
    "planner.rate": "lin(0,0.9,10)",
    "baselines": [[]],
    "evaluation": "none",
    "training": "none",
    "headline": "none",
    "seed": "0:3",
}
RUNS = 60
START = """
import sys
from pathlib import Path
from econsim.sweep import Options, read_request, start_sweep
axes, options = eval(sys.argv[2]), eval(sys.argv[3])
start_sweep(read_request("one_step", axes), Path(sys.argv[1]), Options(**options), quiet=True)
"""


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in TABLES}


def done(folder: Path) -> int:
    return sum(1 for _ in (folder / "runs").glob("*/summary.json"))


def begun(folder: Path, options: dict[str, Any]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", START, str(folder), repr(AXES), repr(options)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def until(condition: Callable[[], bool], seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"the condition did not hold within {seconds:g} seconds")
        time.sleep(0.002)


def kill_parent(folder: Path, draw: random.Random) -> int:
    """Kill the parent process after a random number of runs, and resume the sweep; return that number."""
    process = begun(folder, {"workers": 1, "pack": False})
    at = draw.randint(0, RUNS - 10)
    until(lambda: done(folder) >= at and (folder / "index.sqlite").exists())
    time.sleep(draw.random() * 0.03)
    process.send_signal(signal.SIGKILL)
    process.wait()
    resume_sweep(folder, quiet=True)
    return at


def kill_worker(folder: Path, draw: random.Random) -> int:
    """Kill a worker after a random number of runs, while the sweep continues; return that number."""
    at, wait, killed = draw.randint(0, RUNS - 10), Local.wait, list[int]()

    def killing(self: Local, seconds: float) -> Any:
        if not killed and done(folder) >= at and self.processes:
            killed.append(self.processes[0])
            time.sleep(draw.random() * 0.03)
            os.kill(killed[0], signal.SIGKILL)
        return wait(self, min(seconds, 0.005))

    Local.wait = killing  # type: ignore[method-assign,assignment]
    try:
        request = read_request("one_step", AXES)
        start_sweep(request, folder, Options(workers=1, pack=False), quiet=True)
    finally:
        Local.wait = wait  # type: ignore[method-assign]
    return at


def kill_node(folder: Path, draw: random.Random) -> int:
    """Kill all processes of one of two Ray nodes after a random number of runs; return that number."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    try:
        options = {"launcher": "ray", "address": cluster.address, "pack": False, "retries": 3}
        process = begun(folder, options)
        at = draw.randint(0, RUNS - 10)
        until(lambda: done(folder) >= at and (folder / "index.sqlite").exists())
        cluster.remove_node(second, allow_graceful=False)
        process.wait(timeout=300)
        assert process.returncode == 0, f"the sweep ended with {process.returncode}"
    finally:
        cluster.shutdown()
    return at


DRILLS = {"parent": kill_parent, "worker": kill_worker, "node": kill_node}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("--drills", nargs="+", choices=DRILLS, default=list(DRILLS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faults-") as parent:
        whole = Path(parent) / "whole"
        start_sweep(read_request("one_step", AXES), whole, Options(workers=1, pack=False), quiet=True)
        result: dict[str, Any] = {"runs": RUNS}
        for name in options.drills:
            draw, moments = random.Random(7), []
            for moment in range(options.moments):
                folder = Path(parent) / f"{name}-{moment}"
                moments.append(DRILLS[name](folder, draw))
                assert tables(folder) == tables(whole), f"{name}: the tables differ after a kill at {moments[-1]} runs"
                print(f"{name} {moment}: killed at {moments[-1]} of {RUNS} runs, the same tables", flush=True)
            result[name] = {"killed_at_runs": moments, "same_tables": True}
        record("sweep_faults", result, seed=7)


if __name__ == "__main__":
    main()
