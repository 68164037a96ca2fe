"""Speed of the solvers of games of several moves on one core, with OpenSpiel's C++ in the same run.

Both systems solve in turn, for several rounds, and medians of CPU-seconds are reported. Compilation is not counted. The
exploitability is computed by exact best responses on the tree, which the solvers do not use. Targets: CFR+ on Leduc
poker to 3e-4 in 0.1 s; 10,000 iterations of CFR+ on Kuhn poker, to 9.7e-6, in less than 0.03 ms each.

OpenSpiel deals Leduc poker by card and econsim by rank: the game is the same, its tree smaller. If OpenSpiel cannot be
installed, its rows say "not measured".

Run: ``python benchmarks/extensive_form_games.py``. The first run creates an environment for the peer.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import _peers
from _record import record

import econsim
from econsim.scenario.loading import solver_choice
from econsim.solvers._counterfactual import Iterations, PlainIterations
from econsim.solvers._counterfactual_kernels import CompiledIterations

PEER = _peers.Peer("open_spiel", ("open_spiel==2.0.2",))
ROUNDS = 3
WORK = {"kuhn": ("kuhn_poker", 10_000), "leduc": ("leduc_poker", 1_000)}
LEDUC_GAP = 3e-4


def iterated(classic: str, iterations: int, kind: type[CompiledIterations] | type[PlainIterations]) -> dict[str, Any]:
    """Return CPU-seconds and exploitability of a number of iterations of CFR+."""
    tree = econsim.make("extensive_form", classic=classic).information_tree()  # type: ignore[attr-defined]
    kind(tree, "plus").run(1, 1)
    process: Iterations = kind(tree, "plus")
    start = time.process_time()
    process.run(1, iterations)
    seconds = time.process_time() - start
    plans = process.averages()
    gap = float((tree.best_values(plans) - tree.values(plans)).mean())
    return {"seconds": seconds, "iterations": iterations, "exploitability": gap}


def solved(kind: str, **parameters: Any) -> dict[str, Any]:
    """Return CPU-seconds of a solver on Leduc poker, with the checks of its gap and the certified strategies."""
    game, solver = econsim.make("extensive_form", classic="leduc"), solver_choice({"kind": kind, **parameters}).build()
    solver.solve(game, {}, 0.0)
    start = time.process_time()
    solution = solver.solve(game, {})
    return {"seconds": time.process_time() - start, **solution.residuals, "certified": solution.certificate.upper}


def peer() -> dict[str, dict[str, Any]] | None:
    """Return what OpenSpiel measured, by game; ``None`` if it cannot be installed."""
    with tempfile.TemporaryDirectory() as folder:
        job, output = Path(folder, "job.json"), Path(folder, "output.json")
        job.write_text(json.dumps({"work": list(WORK.values()), "output": str(output)}))
        try:
            _peers.run(PEER, "_open_spiel_peer.py", str(job))
        except SystemExit:
            return None
        return dict(zip(WORK, json.loads(output.read_text()), strict=True))


def measured_rounds() -> dict[str, Any]:
    """Return medians over rounds for every row."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for _ in range(ROUNDS):
        for classic, (_, iterations) in WORK.items():
            rows.setdefault(f"{classic} CFR+: econsim", []).append(iterated(classic, iterations, CompiledIterations))
            plain = iterated(classic, 1_000, PlainIterations)
            rows.setdefault(f"{classic} CFR+: econsim without numba", []).append(plain)
        rows.setdefault(f"leduc to {LEDUC_GAP:g}", []).append(solved("counterfactual_regret", gap=LEDUC_GAP))
        rows.setdefault("leduc linear program", []).append(solved("sequence_form"))
        for classic, row in (peer() or {}).items():
            rows.setdefault(f"{classic} CFR+: OpenSpiel", []).append(row)
    result: dict[str, Any] = {}
    for name, of in rows.items():
        seconds = median(row["seconds"] for row in of)
        each = {"ms_per_iteration": round(1e3 * seconds / of[0]["iterations"], 5)} if "iterations" in of[0] else {}
        result[name] = {**of[0], "seconds": round(seconds, 5), **each}
    missing = {f"{classic} CFR+: OpenSpiel": "not measured" for classic in WORK}
    return {**missing, **result}


if __name__ == "__main__":
    record("extensive_form_games", measured_rounds())
