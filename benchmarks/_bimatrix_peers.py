"""CPU-seconds of QuantEcon and nashpy on two-player games. Runs in their environment; ``JOB.json`` holds the games.

Compilation is not counted: every method solves a small game first.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import nashpy
import numpy as np
import quantecon.game_theory as gt

SMALL = np.random.default_rng(0).random((2, 3, 3))


def quantecon_game(table):
    return gt.NormalFormGame((gt.Player(table[0]), gt.Player(np.ascontiguousarray(table[1].T))))


METHODS = {
    "quantecon vertex enumeration": lambda table: len(gt.vertex_enumeration(quantecon_game(table))),
    "quantecon support enumeration": lambda table: len(gt.support_enumeration(quantecon_game(table))),
    "quantecon lemke-howson": lambda table: len(gt.lemke_howson(quantecon_game(table))) // 2,
    "nashpy vertex enumeration": lambda table: len(list(nashpy.Game(*table).vertex_enumeration())),
    "nashpy support enumeration": lambda table: len(list(nashpy.Game(*table).support_enumeration())),
}


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    measured = []
    for method, tables in job["work"]:
        METHODS[method](SMALL)
        start = time.process_time()
        counts = [METHODS[method](np.array(table)) for table in tables]
        measured.append({"method": method, "seconds": (time.process_time() - start) / len(tables), "counts": counts})
    Path(job["output"]).write_text(json.dumps(measured))


if __name__ == "__main__":
    main()
