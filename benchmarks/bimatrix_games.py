"""Speed of the solvers of two-player games on one core, with QuantEcon, nashpy and HiGHS in the same run.

All systems solve the same games in turn, for several rounds, and medians of CPU-seconds are reported. Every equilibrium
that econsim finds is checked by the gain from the best option, which the solvers do not use. Targets: all equilibria of
random games of 8 by 8 options in 5 ms and of 10 by 10 in 80 ms; von Stengel's game of 6 by 6 with exactly 75 equilibria
in 0.1 s; one equilibrium of 20 by 20 in 10 ms; a zero-sum game of 1,000 by 1,000 up to a gap of 1e-4 in 0.1 s; a
thousand zero-sum games of 10 by 10 as one batch to a median gap of 1e-4 in 1 s; the linear program of the correlated
equilibrium of 20 by 20 in 0.04 s.

Run: ``python benchmarks/bimatrix_games.py``. The first run creates an environment for the peers.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import _peers
import numpy as np
import torch
from _record import record

import econsim
from econsim.scenario.loading import solver_choice
from econsim.solvers.correlated import incentives, optimum
from econsim.solvers.lemke_howson import one_equilibrium
from econsim.solvers.regret_matching import equilibria
from econsim.solvers.vertex_enumeration import all_equilibria
from econsim.solvers.zero_sum import maximin

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "solvers"))
from bimatrix_games import STENGEL, gain

PEER = _peers.Peer("game_theory", ("quantecon==0.11.4", "nashpy==0.0.43"))
SEED, ROUNDS, GAMES, GAP = 0, 3, 5, 1e-4
CORRELATED = (20, 40, 60)  # options of each player
Tables = list[np.ndarray[Any, Any]]


def random_games(size: int) -> Tables:
    """Return games of ``size`` by ``size`` with payoffs from a uniform distribution."""
    return list(np.random.default_rng(SEED + size).random((GAMES, 2, size, size)))


def own(tables: Tables, method: Callable[[Any], list[Any]]) -> dict[str, Any]:
    """Return the CPU-seconds a game, the numbers of equilibria, and the largest gain in any of them."""
    method(tables[0][:, :2, :2])
    start = time.process_time()
    found = [method(table) for table in tables]
    seconds = (time.process_time() - start) / len(tables)
    gains = [
        gain(table, *mixes) / np.abs(table).max() for table, each in zip(tables, found, strict=True) for mixes in each
    ]
    return {"seconds": seconds, "counts": [len(each) for each in found], "largest_gain": max(gains)}


def peers(work: list[tuple[str, Tables]]) -> list[dict[str, Any]]:
    """Return what the peers measured, in the order of ``work``."""
    with tempfile.TemporaryDirectory() as folder:
        job, output = Path(folder, "job.json"), Path(folder, "output.json")
        listed = [(method, [table.tolist() for table in tables]) for method, tables in work]
        job.write_text(json.dumps({"work": listed, "output": str(output)}))
        _peers.run(PEER, "_bimatrix_peers.py", str(job))
        return list(json.loads(output.read_text()))


def enumeration() -> dict[str, Any]:
    """Return medians over rounds for all methods that enumerate equilibria or find one of them."""
    games = {"8x8": random_games(8), "10x10": random_games(10), "von Stengel 6x6": [STENGEL], "20x20": random_games(20)}
    whole, single = (lambda table: all_equilibria(table).mixes), (lambda table: [one_equilibrium(table)])
    work = [
        ("quantecon vertex enumeration", "8x8"),
        ("quantecon support enumeration", "8x8"),
        ("quantecon vertex enumeration", "10x10"),
        ("quantecon vertex enumeration", "von Stengel 6x6"),
        ("nashpy vertex enumeration", "von Stengel 6x6"),
        ("nashpy support enumeration", "von Stengel 6x6"),
        ("quantecon lemke-howson", "20x20"),
    ]
    rows: dict[str, list[dict[str, Any]]] = {}
    for _ in range(ROUNDS):
        for name, tables in games.items():
            row = own(tables, single if name == "20x20" else whole)
            rows.setdefault(f"{name}: econsim", []).append(row)
        for (method, name), row in zip(work, peers([(method, games[name]) for method, name in work]), strict=True):
            rows.setdefault(f"{name}: {method}", []).append(row)
    return {name: {**of[0], "seconds": round(median(row["seconds"] for row in of), 6)} for name, of in rows.items()}


def zero_sum() -> dict[str, Any]:
    """Return CPU-seconds and gaps of large and of many zero-sum games; the linear program is solved once."""
    generator = np.random.default_rng(SEED)
    large, many = generator.random((1, 1000, 1000)), generator.random((1000, 10, 10))
    result: dict[str, Any] = {}
    for name, payoffs, iterations in (("1000x1000", large, 100_000), ("1000 games of 10x10", many, 200)):
        seconds = []
        equilibria(torch.from_numpy(payoffs), GAP, 1)  # compilation is not counted
        for _ in range(ROUNDS):
            start = time.process_time()
            found = equilibria(torch.from_numpy(payoffs), GAP, iterations)
            seconds.append(time.process_time() - start)
        gaps = {"median_gap": float(found.gaps.median()), "largest_gap": float(found.gaps.max())}
        result[name] = {"seconds": round(median(seconds), 4), "iterations": found.iterations, **gaps}
    start = time.process_time()
    _, value = maximin(large[0])
    result["1000x1000: HiGHS, one player"] = {"seconds": round(time.process_time() - start, 2), "value": value}
    return result


def correlated() -> dict[str, Any]:
    """Return CPU-seconds of the linear program of the best correlated equilibrium, and of the whole solution."""
    result: dict[str, Any] = {}
    for size, concept in product(CORRELATED, ("ce", "cce")):
        table = np.random.default_rng(SEED).random((2, size, size))
        game = econsim.make("normal_form", payoffs={"row": table[0].tolist(), "column": table[1].tolist()})
        solver = solver_choice("correlated", [f"concept={concept}"]).build()
        constraints, program, whole = incentives(table, concept), [], []
        for _ in range(ROUNDS):
            start = time.process_time()
            optimum(table.sum(0).ravel(), constraints, None)
            program.append(time.process_time() - start)
            start = time.process_time()
            gap = solver.solve(game, {}).certificate.upper
            whole.append(time.process_time() - start)
        seconds = {"program": round(median(program), 4), "with prices and certificate": round(median(whole), 4)}
        result[f"{size}x{size} {concept}"] = {"seconds": seconds, "largest_gain": gap}
    return result


def main() -> None:
    """Measure and record everything."""
    torch.set_num_threads(1)
    results = {"enumeration": enumeration(), "zero_sum": zero_sum(), "correlated": correlated()}
    record("bimatrix_games", results, SEED)


if __name__ == "__main__":
    main()
