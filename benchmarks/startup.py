"""Start-up time: CPU-seconds of ``econsim --help``, of ``econsim list`` and of a short run with its report.

The first two are compared with a bare Python interpreter. Targets: under 0.3 s of CPU each, and under 4 s for the run.
Python keeps the bytecode of modules, as it does for a user, even where ``PYTHONDONTWRITEBYTECODE`` is set: compiling
them again takes 0.6 s of a short run.
Run: ``python benchmarks/startup.py``.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from _record import record

COMMANDS = {
    "bare_interpreter": [sys.executable, "-c", "pass"],
    "help": [sys.executable, "-m", "econsim", "--help"],
    "list": [sys.executable, "-m", "econsim", "list"],
}
SHORT_RUN = [
    *(sys.executable, "-m", "econsim", "run", "one_step", "--quiet"),
    *("training=none", "planner=us_federal", "agents.worker=best_response"),
    *("baselines=[free_market]", "evaluation.ceiling=null"),
]


def cpu_seconds(command: list[str]) -> float:
    """Return the user and system time of one execution of ``command``."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Record the shortest of several executions of each command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, help="executions of each command (default 7)")
    repeats = range(parser.parse_args().repeats)
    best = {name: min(cpu_seconds(command) for _ in repeats) for name, command in COMMANDS.items()}
    with TemporaryDirectory() as folder:
        runs = [[*SHORT_RUN, "--out", str(Path(folder) / str(repeat))] for repeat in repeats]
        best["short_run"] = min(map(cpu_seconds, runs))
    ratios = {f"{name}_to_bare": round(best[name] / best["bare_interpreter"], 1) for name in ("help", "list")}
    record("startup", {**{f"{name}_cpu_seconds": round(value, 3) for name, value in best.items()}, **ratios})


if __name__ == "__main__":
    main()
