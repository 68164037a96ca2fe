"""CPU-seconds of OpenSpiel's CFR+ in C++. Runs in its environment; ``JOB.json`` holds games and iterations."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pyspiel


def measured(name: str, iterations: int) -> dict[str, float]:
    game = pyspiel.load_game(name)
    solver = pyspiel.CFRPlusSolver(game)
    start = time.process_time()
    for _ in range(iterations):
        solver.evaluate_and_update_policy()
    seconds = time.process_time() - start
    gap = pyspiel.exploitability(game, solver.average_policy())
    return {"seconds": seconds, "iterations": iterations, "exploitability": gap}


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    Path(job["output"]).write_text(json.dumps([measured(*work) for work in job["work"]]))


if __name__ == "__main__":
    main()
