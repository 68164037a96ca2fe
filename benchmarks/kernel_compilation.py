"""CPU-seconds that the compilation of each game's kernels takes, with none of their machine code kept.

Each scenario is compiled in a process of its own, first in float32 and then in float64, as by ``econsim warm``; imports
are not counted. Target: 15 seconds for Gather-Trade-Build in float32. Run: ``python benchmarks/kernel_compilation.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

from _record import record

SCENARIOS = ("gather_trade_build_two_level", "coin_game", "epidemic", "money_exchange", "legacy_taxai", "bewley")


def seconds_of(scenario: str) -> dict[str, float]:
    """Return the CPU-seconds of each precision in a new process with an empty folder for machine code."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, __file__, "--one", scenario]
        printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    seconds: dict[str, float] = json.loads(printed)
    return seconds


def compilation(scenario: str) -> dict[str, float]:
    """Return the CPU-seconds of each precision in this process."""
    import numba  # noqa: F401

    from econsim.runs.backend import KERNELS, on_backend
    from econsim.runs.compilation import PRECISIONS, compile_kernels
    from econsim.scenario import load

    game = on_backend(load(scenario).build_game(), KERNELS).game
    seconds: dict[str, float] = {}
    for precision in PRECISIONS:
        begun = time.process_time()
        compile_kernels(game, (precision,))
        seconds[str(precision).removeprefix("torch.")] = round(time.process_time() - begun, 1)
    return seconds


def main() -> None:
    """Measure all scenarios and record the results, or print the seconds of one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", help="compile this scenario in this process, and print the seconds")
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(compilation(options.one)))
        return
    record("kernel_compilation", {"cpu_seconds": {name: seconds_of(name) for name in SCENARIOS}})


if __name__ == "__main__":
    main()
